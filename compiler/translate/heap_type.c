/* Descriptors of struct and array types, and what all descriptors say about supertypes:
 * abi/gc.h. */
#include "heap.h"

#include <stdlib.h>

#include "gc.h"

LLVMValueRef subtyping_constant(struct module_translator *mt, uint32_t type_index)
{
	const struct wasm_comptype *types = mt->wasm->types;
	uint32_t depth = types[type_index].depth;
	LLVMValueRef fields[] = { const_u64(mt, depth), const_null_ptr(mt) };

	if (depth) {
		LLVMValueRef *ancestors = translator_alloc(mt, depth, sizeof(*ancestors));
		uint32_t ancestor = type_index;

		for (uint32_t i = depth; i-- > 0;) {
			ancestor = types[ancestor].supertype;
			ancestors[i] = types[ancestor].kind == WASM_COMP_FUNC
					       ? type_descriptor(mt, ancestor)
					       : heap_type_descriptor(mt, ancestor);
		}
		fields[1] = const_object(mt, "walnut.ancestors",
					 LLVMConstArray2(mt->ptr, ancestors, depth), false);
		free(ancestors);
	}
	return const_struct(mt, mt->subtyping_struct, fields, 2);
}

/* The offsets of references, as abi/gc.h has them. */
static LLVMValueRef references_constant(struct module_translator *mt, const struct wasm_comptype *type)
{
	uint32_t max = type->kind == WASM_COMP_STRUCT ? type->structure.field_count : 1, count = 0;
	LLVMValueRef *offsets = translator_alloc(mt, (size_t)max + 1, sizeof(*offsets)), object;

	if (type->kind == WASM_COMP_ARRAY) {
		if (wasm_is_ref(type->array.type))
			offsets[count++] = const_u32(mt, 0);
	} else {
		for (uint32_t i = 0; i < type->structure.field_count; i++) {
			if (wasm_is_ref(type->structure.fields[i].type))
				offsets[count++] = const_u32(mt, heap_field_offset(&type->structure, i));
		}
	}
	offsets[count++] = const_u32(mt, WALNUT_NO_REFERENCES);
	object = const_object(mt, "walnut.references", LLVMConstArray2(mt->i32, offsets, count), false);
	free(offsets);
	return object;
}

LLVMValueRef heap_type_descriptor(struct module_translator *mt, uint32_t type_index)
{
	const struct wasm_comptype *type = &mt->wasm->types[type_index];
	struct type_entry *entry = &mt->types[type_index];
	bool is_struct = type->kind == WASM_COMP_STRUCT;

	if (!entry->descriptor) {
		LLVMValueRef fields[] = {
			const_u32(mt, is_struct ? WALNUT_HEAP_STRUCT : WALNUT_HEAP_ARRAY),
			const_u32(mt, is_struct ? heap_struct_size(&type->structure)
						: heap_storage_size(type->array.type)),
			references_constant(mt, type),
			subtyping_constant(mt, type_index),
		};
		char *name = type_symbol(mt, type_index);

		entry->descriptor = shared_constant(mt, name, const_struct(mt, mt->heaptype_struct, fields, 4));
		free(name);
	}
	return entry->descriptor;
}
