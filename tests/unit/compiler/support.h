/* For the tests of compiler/: modules put together section by section, and tables
 * of cases of which each becomes a test of its own. */
#ifndef WALNUT_TESTS_COMPILER_SUPPORT_H
#define WALNUT_TESTS_COMPILER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler.h"
#include "wasm/module.h"

struct bytes {
	const uint8_t *data;
	size_t size;
};

/* BYTES(0x00, 0x01): a constant, in tables and in calls. */
#define BYTES(...)                                                                                 \
	{                                                                                          \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })         \
	}
#define B(...) ((struct bytes)BYTES(__VA_ARGS__))

struct builder {
	uint8_t *data;
	size_t size, capacity;
};

/* An empty buffer, or one with the module header. */
struct builder builder_new(void);
struct builder builder_module(void);
void builder_free(struct builder *builder);
void builder_bytes(struct builder *builder, struct bytes bytes);
void builder_u32(struct builder *builder, uint32_t value);
/* A section with its size. */
void builder_section(struct builder *builder, uint8_t id, struct bytes contents);
/* A code section of one body: `locals` declares them, `code` has its final end. */
void builder_code(struct builder *builder, struct bytes locals, struct bytes code);

#define VALID (-1)

/* What should come of a module. */
struct verdict {
	int kind; /* VALID, or WALNUT_ERROR_* */
	const char *section; /* NULL: any */
	const char *message; /* a part of it; NULL: any */
};

/* Decodes and validates; fails the test unless the verdict is as expected. */
void assert_verdict(struct bytes module, struct verdict expected);

/* Decodes what must decode. */
struct wasm_module *decode_valid(struct bytes module);

#endif
