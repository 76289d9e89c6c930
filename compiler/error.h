/* The one error that a compilation ends with: what is wrong and where in the
 * module. Filled in by whoever finds it, printed by the command. */
#ifndef WALNUT_COMPILER_ERROR_H
#define WALNUT_COMPILER_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALNUT_NO_FUNCTION UINT32_MAX

struct walnut_error {
	bool set;
	/* What stage refused: tests and the spec suite tell malformed from invalid. */
	enum {
		WALNUT_ERROR_MALFORMED, /* the binary format is broken */
		WALNUT_ERROR_INVALID,	/* decodes, but does not validate */
		WALNUT_ERROR_UNSUPPORTED, /* a feature or format we do not compile */
		WALNUT_ERROR_IMPORT,	/* nothing provides an import */
		WALNUT_ERROR_LIMIT,	/* an implementation limit */
		WALNUT_ERROR_SYSTEM,	/* I/O, memory, code generation */
	} kind;
	char section[24];   /* "code", "type", … or "" */
	uint32_t function;  /* index, or WALNUT_NO_FUNCTION */
	uint64_t offset;    /* byte in the module; meaningful where section is set */
	char message[200];
};

/* Records the first error; later ones are ignored. Always returns -1, so that
 * `return walnut_error_set(…)` reads well. */
__attribute__((format(printf, 6, 7)))
int walnut_error_set(struct walnut_error *error, int kind, const char *section,
		     uint32_t function, uint64_t offset, const char *format, ...);

/* "code section, function 12, offset 0x1a3: type mismatch: …" Never overflows. */
void walnut_error_format(const struct walnut_error *error, char *buffer, size_t size);

#endif
