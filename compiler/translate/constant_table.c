/* Tables that are constants: neither imported nor exported, never written, filled by
 * segments known now. Instead of references they hold pairs of code and a number for the
 * function's type, so that call_indirect takes one comparison with a constant for both
 * its tests and one load for the code; LLVM sees the elements, too. */
#include "translate.h"

#include <stdlib.h>

#include "app_object.h"

#define NULL_TYPE 0 /* of null elements: no function's number */

/* Elements beyond those that segments fill: a table is not worth a bigger object. */
#define EMPTY_ELEMENTS_MAX 65536

/* The function that a constant reference names, CONSTANT_NULL, or CONSTANT_NONE: it is
 * known at run time only. */
static uint32_t constant_function(struct module_translator *mt, const struct wasm_expr *expr)
{
	struct wasm_code_reader reader = wasm_expr_reader(expr, "constant");
	struct wasm_instr instr;

	if (wasm_next_instr(&reader, &instr, mt->error) != 1)
		return CONSTANT_NONE;
	return instr.op == WASM_OP_REF_FUNC ? instr.index
	       : instr.op == WASM_OP_REF_NULL ? CONSTANT_NULL : CONSTANT_NONE;
}

uint32_t constant_element(struct module_translator *mt, const struct wasm_elem *elem, uint32_t index)
{
	return elem->functions ? elem->functions[index] : constant_function(mt, &elem->exprs[index]);
}

uint32_t constant_table_init(struct module_translator *mt, const struct wasm_table *table)
{
	return table->has_init ? constant_function(mt, &table->init) : CONSTANT_NULL;
}

/* Whether instantiation can apply the segment without fail, as far as it is known now. */
static bool applies(struct module_translator *mt, const struct wasm_elem *elem)
{
	const struct wasm_limits *limits = &mt->wasm->tables[elem->table].type.limits;
	LLVMValueRef offset = const_expr_value(mt, &elem->offset_expr);
	uint64_t start;

	if (!offset || !LLVMIsAConstantInt(offset))
		return false;
	start = LLVMConstIntGetZExtValue(offset);
	if (start > limits->min || elem->count > limits->min - start)
		return false;
	for (uint32_t i = 0; i < elem->count; i++)
		if (constant_element(mt, elem, i) == CONSTANT_NONE)
			return false;
	return true;
}

/* Calls of a supertype take elements of its subtypes: more than one comparison. */
static bool has_subtypes(const struct wasm_module *wasm)
{
	for (uint32_t i = 0; i < wasm->type_count; i++)
		if (wasm->types[i].depth)
			return true;
	return false;
}

static void choose_tables(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;
	bool exact = !has_subtypes(wasm);

	for (uint32_t i = 0; i < wasm->table_count; i++) {
		const struct wasm_table *table = &wasm->tables[i];

		mt->constant_tables[i].constant = exact && !table->imported &&
						  !mt->plan->usage.accessed_tables[i] &&
						  is_func_ref(wasm, table->type.element) &&
						  constant_table_init(mt, table) != CONSTANT_NONE;
	}
	for (uint32_t i = 0; i < wasm->export_count; i++)
		if (wasm->exports[i].kind == WASM_EXTERN_TABLE)
			mt->constant_tables[wasm->exports[i].index].constant = false;
}

void find_constant_tables(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;
	uint64_t filled = 0;

	choose_tables(mt);
	for (uint32_t i = 0; i < wasm->elem_count; i++) {
		const struct wasm_elem *elem = &wasm->elems[i];

		filled += elem->count;
		if (elem->mode == WASM_SEGMENT_ACTIVE && !applies(mt, elem))
			mt->constant_tables[elem->table].constant = false;
	}
	for (uint32_t i = 0; i < wasm->table_count; i++)
		if (wasm->tables[i].type.limits.min > filled + EMPTY_ELEMENTS_MAX)
			mt->constant_tables[i].constant = false;
}

/* The number for a type: equal ones have the same. */
static uint32_t type_number(const struct module_translator *mt, uint32_t type_index)
{
	return mt->wasm->types[type_index].canonical + 1;
}

static LLVMTypeRef entry_type(struct module_translator *mt)
{
	LLVMTypeRef fields[] = { mt->ptr, mt->i32, mt->i32 };

	return LLVMStructTypeInContext(mt->context, fields, 3, false);
}

static LLVMValueRef entry_value(struct module_translator *mt, uint32_t function)
{
	bool null = function == CONSTANT_NULL;
	LLVMValueRef fields[] = {
		null ? const_null_ptr(mt) : func_code(mt, function),
		const_u32(mt, null ? NULL_TYPE : type_number(mt, mt->wasm->funcs[function].type)),
		const_u32(mt, 0),
	};

	return const_struct(mt, NULL, fields, 3);
}

static void fill(struct module_translator *mt, uint32_t table, LLVMValueRef *entries)
{
	const struct wasm_module *wasm = mt->wasm;
	LLVMValueRef initial = entry_value(mt, constant_table_init(mt, &wasm->tables[table]));

	for (uint64_t i = 0; i < wasm->tables[table].type.limits.min; i++)
		entries[i] = initial;
	for (uint32_t i = 0; i < wasm->elem_count; i++) {
		const struct wasm_elem *elem = &wasm->elems[i];
		LLVMValueRef *at;

		if (elem->mode != WASM_SEGMENT_ACTIVE || elem->table != table)
			continue;
		at = entries + LLVMConstIntGetZExtValue(const_expr_value(mt, &elem->offset_expr));
		for (uint32_t k = 0; k < elem->count; k++)
			at[k] = entry_value(mt, constant_element(mt, elem, k));
	}
}

static LLVMValueRef initial_value(struct module_translator *mt, uint32_t table, uint64_t size)
{
	LLVMValueRef *entries = translator_alloc(mt, size, sizeof(*entries)), value;

	fill(mt, table, entries);
	value = LLVMConstArray2(entry_type(mt), entries, size);
	free(entries);
	return value;
}

void define_constant_tables(struct module_translator *mt)
{
	for (uint32_t i = 0; i < mt->wasm->table_count; i++) {
		uint64_t size = mt->wasm->tables[i].type.limits.min;
		LLVMValueRef entries;

		if (!mt->constant_tables[i].constant)
			continue;
		entries = entity_object(mt, "calls", i, LLVMArrayType2(entry_type(mt), size), false);
		LLVMSetAlignment(entries, 16);
		if (mt->part->root)
			LLVMSetInitializer(entries, initial_value(mt, i, size));
		mt->constant_tables[i].entries = entries;
	}
}

bool segment_is_in_constant_table(const struct module_translator *mt, const struct wasm_elem *elem)
{
	return elem->mode == WASM_SEGMENT_ACTIVE && mt->constant_tables[elem->table].constant;
}

static LLVMValueRef load_field(struct func_translator *ft, LLVMValueRef entry, unsigned field,
			       LLVMTypeRef type)
{
	LLVMValueRef address = LLVMBuildStructGEP2(ft->builder, entry_type(ft->mt), entry, field, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, type, address, "");

	set_invariant(load, ft->mt);
	return load;
}

/* Which trap it is, out of the way of those that are none. */
static void check_type(struct func_translator *ft, LLVMValueRef found, uint32_t wanted)
{
	LLVMBuilderRef b = ft->builder;
	LLVMBasicBlockRef differs = new_block(ft, "differs"), right = new_block(ft, "");
	LLVMValueRef equal = LLVMBuildICmp(b, LLVMIntEQ, found, const_u32(ft->mt, wanted), "");
	LLVMValueRef null;

	LLVMBuildCondBr(b, equal, right, differs);
	LLVMPositionBuilderAtEnd(b, differs);
	null = LLVMBuildICmp(b, LLVMIntEQ, found, const_u32(ft->mt, NULL_TYPE), "");
	trap_if(ft, null, WALNUT_TRAP_UNINITIALIZED_ELEMENT);
	trap_always(ft, WALNUT_TRAP_INDIRECT_CALL_TYPE);
	LLVMPositionBuilderAtEnd(b, right);
}

LLVMValueRef constant_table_code(struct func_translator *ft, uint32_t table, LLVMValueRef index,
				 uint32_t type_index)
{
	struct module_translator *mt = ft->mt;
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef size = const_u64(mt, mt->wasm->tables[table].type.limits.min), entry;

	index = widen_index(ft, index);
	trap_if(ft, LLVMBuildICmp(b, LLVMIntUGE, index, size, ""), WALNUT_TRAP_UNDEFINED_ELEMENT);
	entry = LLVMBuildInBoundsGEP2(b, entry_type(mt), mt->constant_tables[table].entries, &index, 1, "");
	check_type(ft, load_field(ft, entry, 1, mt->i32), type_number(mt, type_index));
	return load_field(ft, entry, 0, mt->ptr);
}
