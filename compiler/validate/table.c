/* Typing of table instructions: core spec 3.0, section 3.4.7. */
#include "validate/instr.h"

int check_table(struct body *body, uint32_t index, wasm_valtype *element)
{
	if (check_index(body, "table", index, body->module->table_count))
		return -1;
	*element = body->module->tables[index].type.element;
	return 0;
}

int check_elem(struct body *body, uint32_t index)
{
	return check_index(body, "element segment", index, body->module->elem_count);
}

int check_table_init(struct body *body)
{
	wasm_valtype element, segment;

	if (check_table(body, body->instr.init.object, &element) ||
	    check_elem(body, body->instr.init.segment))
		return -1;
	segment = body->module->elems[body->instr.init.segment].type;
	if (!wasm_is_subtype(body->module, segment, element))
		return body_invalid(body, "type mismatch: a segment of %s for a table of %s",
				    wasm_valtype_name(segment).text, wasm_valtype_name(element).text);
	return 0;
}

static int copy(struct body *body)
{
	const struct wasm_table *tables = body->module->tables;
	uint32_t dst = body->instr.copy.dst, src = body->instr.copy.src;
	wasm_valtype to, from;

	if (check_table(body, dst, &to) || check_table(body, src, &from))
		return -1;
	if (!wasm_is_subtype(body->module, from, to))
		return body_invalid(body, "type mismatch: table.copy from %s to %s",
				    wasm_valtype_name(from).text, wasm_valtype_name(to).text);
	return apply_copy(body, tables[dst].type.limits.address, tables[src].type.limits.address);
}

/* table.get, set, grow, fill: the element type is the table's. */
int check_table_access(struct body *body)
{
	wasm_valtype element, address;

	if (body->instr.op == WASM_OP_TABLE_COPY)
		return copy(body);
	if (check_table(body, body->instr.index, &element))
		return -1;
	address = body->module->tables[body->instr.index].type.limits.address;
	switch (body->instr.op) {
	case WASM_OP_TABLE_GET:
		return pop_type(body, address, NULL) ? -1 : push_type(body, element);
	case WASM_OP_TABLE_SET:
		return pop_type(body, element, NULL) ? -1 : pop_type(body, address, NULL);
	case WASM_OP_TABLE_GROW:
		if (pop_type(body, address, NULL) || pop_type(body, element, NULL))
			return -1;
		return push_type(body, address);
	default: /* table.fill */
		if (pop_type(body, address, NULL) || pop_type(body, element, NULL))
			return -1;
		return pop_type(body, address, NULL);
	}
}
