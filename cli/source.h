/* The file that the user named: mapped, and told apart by its first bytes. */
#ifndef WALNUT_CLI_SOURCE_H
#define WALNUT_CLI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "scratch.h"

enum source_kind {
	SOURCE_MODULE, /* WebAssembly binary, or something that the compiler will refuse */
	SOURCE_TEXT,   /* .wat */
	SOURCE_ELF,
};

struct source {
	const char *name;      /* as the user gave it, for messages */
	char path[32];	       /* what helpers open: our descriptor */
	enum source_kind kind;
	int fd;		       /* -1: not open */
	const uint8_t *bytes;
	size_t size;
	struct stat opened;    /* the file of that name, when it was opened */
};

/* Opens and maps a regular file. 0, or EXIT_WALNUT_FAILED after a message. */
int source_open(struct source *source, const char *name);

/* A SOURCE_TEXT becomes a SOURCE_MODULE through wat2wasm, in `scratch` (made where
 * needed). Others stay as they are. 0, or an exit status after a message. */
int source_convert(struct source *source, struct scratch *scratch);

/* Whether `name` is still the file that was opened, and nobody has written to it. */
bool source_is_unchanged(const struct source *source);

/* Accepts one that was never opened but is zeroed with fd -1. */
void source_close(struct source *source);

#endif
