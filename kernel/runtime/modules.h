/* The compiled modules of this image, and what is known about their code. */
#ifndef WALNUT_RUNTIME_MODULES_H
#define WALNUT_RUNTIME_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "app_object.h"

/* The module with this name, NULL: none. */
const struct walnut_module *module_find(const char *name);

/* Its export, NULL: none of that name. */
const struct walnut_export *module_export(const struct walnut_module *module, const char *field);

/* Whether this address is in compiled code of any module. */
bool module_is_code(uint64_t address);

/* The function that this code was compiled from, inlined or not; NULL: not known. */
const struct walnut_function_info *module_function_at(uint64_t address);

/* The function whose native code holds this address; another than the one above where
 * that one was inlined. NULL: not known. */
const struct walnut_function_info *module_code_at(uint64_t address);

/* The byte offset in the module's file that this code came from, 0: not known. */
uint32_t module_offset_at(uint64_t address);

#endif
