/* The compiled modules; see modules.h. Reads the three sections of compiled objects
 * (abi/app_object.h), which the linker has put one behind the other. */
#include "modules.h"

#include "lib/string.h"

extern const struct walnut_module *const __start_walnut_modules[], *const __stop_walnut_modules[];
extern const char __start_walnut_text[], __stop_walnut_text[];
extern const char __start_walnut_map[], __stop_walnut_map[];

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

static uint32_t offset_in(const struct walnut_map *map, uint64_t text_offset)
{
	uint32_t low = 0, high = map->row_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (map->rows[middle].text_offset <= text_offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? map->rows[low - 1].wasm_offset : 0;
}

uint32_t module_offset_at(uint64_t address)
{
	const char *at = __start_walnut_map;

	while ((size_t)(__stop_walnut_map - at) >= sizeof(struct walnut_map)) {
		const struct walnut_map *map = (const struct walnut_map *)at;
		uint64_t size;

		/* The linker pads between objects. */
		if (map->magic != WALNUT_MAP_MAGIC) {
			at += sizeof(uint64_t);
			continue;
		}
		size = sizeof(*map) + (uint64_t)map->row_count * sizeof(map->rows[0]);
		if (size > (uint64_t)(__stop_walnut_map - at))
			break;
		if (address >= map->text_base && address - map->text_base < map->text_size)
			return offset_in(map, address - map->text_base);
		at += (size + 7) & ~UINT64_C(7);
	}
	return 0;
}

/* Whose bytes in the module's file hold the offset. */
static const struct walnut_function_info *function_of_offset(const struct walnut_module *module, uint32_t offset)
{
	for (uint64_t i = 0; i < module->function_count; i++) {
		const struct walnut_function_info *function = &module->functions[i];

		if (offset >= function->wasm_offset && offset - function->wasm_offset < function->wasm_size)
			return function;
	}
	return NULL;
}

/* By looking at all of them: this is for reports, and the tables are sorted by
 * function index. */
static const struct walnut_function_info *code_at(uint64_t address, const struct walnut_module **owner)
{
	const struct walnut_function_info *best = NULL;

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

const struct walnut_function_info *module_code_at(uint64_t address)
{
	const struct walnut_module *owner;

	return code_at(address, &owner);
}

const struct walnut_function_info *module_function_at(uint64_t address)
{
	const struct walnut_module *owner;
	const struct walnut_function_info *code = code_at(address, &owner), *inlined = NULL;
	uint32_t offset = module_offset_at(address);

	if (code && offset)
		inlined = function_of_offset(owner, offset);
	return inlined ? inlined : code;
}
