/* Objects of the garbage-collected heap in generated code: their layout, their types'
 * descriptors (abi/gc.h), and what the files of the struct, array and cast instructions
 * share. */
#ifndef WALNUT_COMPILER_TRANSLATE_HEAP_H
#define WALNUT_COMPILER_TRANSLATE_HEAP_H

#include "translate.h"

/* --- heap_layout.c: pure arithmetic ------------------------------------------- */

uint32_t heap_storage_size(wasm_valtype type); /* of a field or element, in bytes */
uint32_t heap_field_offset(const struct wasm_structtype *type, uint32_t field);
uint32_t heap_struct_size(const struct wasm_structtype *type);

/* --- type_symbol.c --------------------------------------------------------------- */

/* The symbol of a type's descriptor, the same for equal types of all modules. malloc'd;
 * leaves through translator_fail() without memory. */
char *type_symbol(struct module_translator *mt, uint32_t type_index);

/* --- heap_type.c ----------------------------------------------------------------- */

/* struct walnut_subtyping of a type, as a constant. */
LLVMValueRef subtyping_constant(struct module_translator *mt, uint32_t type_index);
/* struct walnut_heaptype of a struct or array type. */
LLVMValueRef heap_type_descriptor(struct module_translator *mt, uint32_t type_index);

/* --- heap_access.c ----------------------------------------------------------------- */

/* Calls walnut_gc_new(): `size` is an i64. */
LLVMValueRef heap_allocate(struct func_translator *ft, uint32_t type_index, LLVMValueRef size);
/* A field or element at base + offset (i64); packed ones as an i32, extended. */
LLVMValueRef heap_load(struct func_translator *ft, wasm_valtype storage, LLVMValueRef base,
		       LLVMValueRef offset, bool sign);
void heap_store(struct func_translator *ft, wasm_valtype storage, LLVMValueRef base,
		LLVMValueRef offset, LLVMValueRef value);
/* Traps where the reference is null. */
void trap_if_null(struct func_translator *ft, LLVMValueRef reference);

/* --- cast.c ----------------------------------------------------------------------- */

/* i1: whether a non-null reference has the heap type. */
LLVMValueRef reference_is(struct func_translator *ft, LLVMValueRef reference, uint32_t heap);
/* i1: whether the type whose descriptor `type` points to is a subtype of this one. */
LLVMValueRef is_subtype_at_run_time(struct func_translator *ft, LLVMValueRef type,
				    uint32_t type_index);

bool translate_struct(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_array(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_cast(struct func_translator *ft, const struct wasm_instr *instr);

#endif
