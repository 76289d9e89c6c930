/* Where the fields of structs lie (abi/gc.h): one after the other behind the header,
 * each at its natural alignment, so that a subtype's fields begin like its
 * supertype's. */
#include "heap.h"

#include "gc.h"

uint32_t heap_storage_size(wasm_valtype type)
{
	switch (type) {
	case WASM_I8:
		return 1;
	case WASM_I16:
		return 2;
	case WASM_I32:
	case WASM_F32:
		return 4;
	case WASM_V128:
		return 16;
	default: /* i64, f64, references */
		return 8;
	}
}

static uint32_t end_of(const struct wasm_structtype *type, uint32_t count, uint32_t *last)
{
	uint32_t end = sizeof(struct walnut_object);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = heap_storage_size(type->fields[i].type);

		*last = (end + size - 1) & ~(size - 1);
		end = *last + size;
	}
	return end;
}

uint32_t heap_field_offset(const struct wasm_structtype *type, uint32_t field)
{
	uint32_t offset = 0;

	end_of(type, field + 1, &offset);
	return offset;
}

uint32_t heap_struct_size(const struct wasm_structtype *type)
{
	uint32_t last = 0;

	return end_of(type, type->field_count, &last);
}
