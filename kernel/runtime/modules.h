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

/* The function whose native code holds this address, and its module. NULL: not known. */
const struct walnut_function_info *module_code_at(uint64_t address, const struct walnut_module **owner);

/* The function whose bytes in the module's file hold the offset. NULL: none. */
const struct walnut_function_info *module_function_of_offset(const struct walnut_module *module, uint32_t offset);

#endif
