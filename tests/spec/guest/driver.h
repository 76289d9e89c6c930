/* What the files of the spec suite's guest driver share. */
#ifndef WALNUT_SPEC_DRIVER_H
#define WALNUT_SPEC_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app_object.h"

/* A name given by the script: bytes that may hold NUL. */
struct name {
	const char *data;
	size_t size;
};

/* The module of the image that was compiled under this name, or NULL. */
const struct walnut_module *find_module(struct name name);
const struct walnut_export *find_export(const struct walnut_module *module, struct name field);

/* spectest.c: the host module that the suite imports from. */
const struct walnut_export *spectest_find(struct name field);
/* Gives table and memory their contents; memory only where a module imports it. */
void spectest_start_tables(void);
void spectest_start_memory(const struct walnut_export *memory, bool based);

/* link.c: whether what `provider` exports may be imported as `import` says. */
bool import_matches(const struct walnut_import *import, const struct walnut_export *provider);

bool names_equal(struct name a, struct name b);
bool strings_equal(const char *a, const char *b);

#endif
