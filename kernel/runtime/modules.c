/* The compiled modules; see modules.h. Reads two sections of compiled objects
 * (abi/app_object.h), which the linker has put one behind the other. */
#include "modules.h"

#include "lib/string.h"

extern const struct walnut_module *const __start_walnut_modules[], *const __stop_walnut_modules[];
extern const char __start_walnut_text[], __stop_walnut_text[];

const struct walnut_module *module_find(const char *name)
{
	for (const struct walnut_module *const *at = __start_walnut_modules; at < __stop_walnut_modules; at++) {
		size_t size = strlen((*at)->name);

		if (size == strlen(name) && !memcmp((*at)->name, name, size))
			return *at;
	}
	return NULL;
}

const struct walnut_export *module_export(const struct walnut_module *module, const char *field)
{
	size_t size = strlen(field);

	for (uint64_t i = 0; i < module->export_count; i++) {
		const struct walnut_export *export = &module->exports[i];

		if (export->field_size == size && !memcmp(export->field, field, size))
			return export;
	}
	return NULL;
}

bool module_is_code(uint64_t address)
{
	return address >= (uint64_t)__start_walnut_text && address < (uint64_t)__stop_walnut_text;
}

/* By looking at all of them: this is for reports, and the tables are sorted by
 * function index. */
const struct walnut_function_info *module_code_at(uint64_t address, const struct walnut_module **owner)
{
	const struct walnut_function_info *best = NULL;

	*owner = NULL;
	if (!module_is_code(address))
		return NULL;
	for (const struct walnut_module *const *at = __start_walnut_modules; at < __stop_walnut_modules; at++) {
		for (uint64_t i = 0; i < (*at)->function_count; i++) {
			const struct walnut_function_info *function = &(*at)->functions[i];
			uint64_t code = (uint64_t)function->code;

			if (code && code <= address && (!best || code > (uint64_t)best->code)) {
				best = function;
				*owner = *at;
			}
		}
	}
	return best;
}

const struct walnut_function_info *module_function_of_offset(const struct walnut_module *module, uint32_t offset)
{
	for (uint64_t i = 0; i < module->function_count; i++) {
		const struct walnut_function_info *function = &module->functions[i];

		if (offset >= function->wasm_offset && offset - function->wasm_offset < function->wasm_size)
			return function;
	}
	return NULL;
}
