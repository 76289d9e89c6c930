/* What a module does with its tables, found by reading all of its code once: tables that
 * it neither changes nor shows to anybody can be compiled to constants. */
#include "translate.h"

#include <stdlib.h>

#include "app_object.h"

/* Elements beyond those that segments fill: a table is not worth a bigger object. */
#define EMPTY_ELEMENTS_MAX 65536

static void note_instr(struct module_translator *mt, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_TABLE_GET:
	case WASM_OP_TABLE_SET:
	case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_FILL:
		mt->constant_tables[instr->index].constant = false;
		break;
	case WASM_OP_TABLE_INIT:
		mt->constant_tables[instr->init.object].constant = false;
		break;
	case WASM_OP_TABLE_COPY:
		mt->constant_tables[instr->copy.dst].constant = false;
		mt->constant_tables[instr->copy.src].constant = false;
		break;
	default:
		break;
	}
}

static void read_function(struct module_translator *mt, uint32_t index)
{
	struct wasm_code_reader reader = wasm_body_reader(mt->wasm, index);
	struct wasm_instr instr;
	uint32_t locals;

	if (wasm_read_locals(&reader, &locals, NULL, mt->error))
		return;
	while (wasm_next_instr(&reader, &instr, mt->error) == 1)
		note_instr(mt, &instr);
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

static void exclude_shared_tables(struct module_translator *mt)
{
	const struct wasm_module *wasm = mt->wasm;
	bool exact = !has_subtypes(wasm);

	for (uint32_t i = 0; i < wasm->table_count; i++) {
		const struct wasm_table *table = &wasm->tables[i];

		mt->constant_tables[i].constant = exact && !table->imported && is_func_ref(wasm, table->type.element) &&
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

	exclude_shared_tables(mt);
	for (uint32_t i = 0; i < wasm->elem_count; i++) {
		const struct wasm_elem *elem = &wasm->elems[i];

		filled += elem->count;
		if (elem->mode == WASM_SEGMENT_ACTIVE && !applies(mt, elem))
			mt->constant_tables[elem->table].constant = false;
	}
	for (uint32_t i = 0; i < wasm->table_count; i++)
		if (wasm->tables[i].type.limits.min > filled + EMPTY_ELEMENTS_MAX)
			mt->constant_tables[i].constant = false;
	for (uint32_t i = wasm->imported_func_count; i < wasm->func_count; i++)
		read_function(mt, i);
}
