/* Function bodies: core spec 2.0, section 3.3, by the algorithm of section A.3. */
#include <stdlib.h>

#include "validate/instr.h"
#include "validate/validator.h"
#include "wasm/limits.h"

static int body_malformed(struct body *body, uint64_t offset, const char *message)
{
	return wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_MALFORMED, offset, "%s",
				message);
}

/* --- indices ---------------------------------------------------------------- */

static int check_index(struct body *body, const char *what, uint32_t index, uint32_t count)
{
	return index < count ? 0 : body_invalid(body, "unknown %s %u", what, index);
}

static int check_memory(struct body *body, uint32_t index)
{
	return check_index(body, "memory", index, body->module->memory_count);
}

static int check_table(struct body *body, uint32_t index, wasm_valtype *element)
{
	if (check_index(body, "table", index, body->module->table_count))
		return -1;
	*element = body->module->tables[index].type.element;
	return 0;
}

static int check_data(struct body *body, uint32_t index)
{
	if (!body->module->has_data_count)
		return body_malformed(body, body->instr.offset, "data count section required");
	return check_index(body, "data segment", index, body->module->data_count);
}

static int check_label(struct body *body, uint32_t depth, struct type_list *types)
{
	if (check_index(body, "label", depth, body->frame_count))
		return -1;
	*types = label_types(&body->frames[body->frame_count - 1 - depth]);
	return 0;
}

/* --- control ---------------------------------------------------------------- */

static int enter_block(struct body *body, enum wasm_op op, const struct wasm_blocktype *block)
{
	struct type_list params = { 0 }, results = { 0 };

	if (block->kind == WASM_BLOCK_VALUE) {
		results = (struct type_list){ NULL, 1, block->value };
	} else if (block->kind == WASM_BLOCK_TYPE) {
		const struct wasm_functype *type;

		if (check_index(body, "type", block->index, body->module->type_count))
			return -1;
		type = &body->module->types[block->index].func;
		params = params_of(type);
		results = results_of(type);
	}
	if (op == WASM_OP_IF && pop_type(body, WASM_I32, NULL))
		return -1;
	if (pop_types(body, params))
		return -1;
	return push_frame(body, op, params, results);
}

static int enter_else(struct body *body)
{
	struct frame frame;

	if (top_frame(body)->op != WASM_OP_IF)
		return body_malformed(body, body->instr.offset, "else without if");
	if (pop_frame(body, &frame))
		return -1;
	return push_frame(body, WASM_OP_ELSE, frame.params, frame.results);
}

static bool same_types(struct type_list a, struct type_list b)
{
	if (a.count != b.count)
		return false;
	for (uint32_t i = 0; i < a.count; i++) {
		if (type_at(a, i) != type_at(b, i))
			return false;
	}
	return true;
}

static int leave_block(struct body *body)
{
	struct frame frame;

	if (pop_frame(body, &frame))
		return -1;
	/* A missing else passes the parameters on. */
	if (frame.op == WASM_OP_IF && !same_types(frame.params, frame.results))
		return body_invalid(body, "type mismatch: an if without else must yield what "
					  "it takes");
	if (!body->frame_count) /* the function's own */
		return 0;
	return push_types(body, frame.results);
}

static int branch(struct body *body)
{
	struct type_list types;

	if (check_label(body, body->instr.index, &types) || pop_types(body, types))
		return -1;
	set_unreachable(body);
	return 0;
}

static int branch_if(struct body *body)
{
	struct type_list types;

	if (check_label(body, body->instr.index, &types) || pop_type(body, WASM_I32, NULL) ||
	    pop_types(body, types))
		return -1;
	return push_types(body, types);
}

static int branch_table(struct body *body)
{
	const uint8_t *at = body->instr.br_table.targets;
	struct type_list types, first = { 0 };

	if (pop_type(body, WASM_I32, NULL))
		return -1;
	/* The default label is the last; all have as many types as the first. */
	for (uint32_t i = 0; i <= body->instr.br_table.count; i++) {
		if (check_label(body, wasm_br_table_next(&at), &types))
			return -1;
		if (i == 0)
			first = types;
		else if (types.count != first.count)
			return body_invalid(body, "type mismatch: br_table labels take %u and %u "
						  "values", first.count, types.count);
		else if (types.types && types.types == first.types)
			continue; /* as most tables' are: checked already */
		if (check_types(body, types))
			return -1;
	}
	set_unreachable(body);
	return 0;
}

static int leave_function(struct body *body)
{
	if (pop_types(body, body->frames[0].results))
		return -1;
	set_unreachable(body);
	return 0;
}

static int apply_type(struct body *body, uint32_t index)
{
	const struct wasm_functype *type = &body->module->types[index].func;

	if (pop_types(body, params_of(type)))
		return -1;
	return push_types(body, results_of(type));
}

static int call(struct body *body)
{
	if (check_index(body, "function", body->instr.index, body->module->func_count))
		return -1;
	return apply_type(body, body->module->funcs[body->instr.index].type);
}

static int call_indirect(struct body *body)
{
	wasm_valtype element;

	if (check_table(body, body->instr.call_indirect.table, &element))
		return -1;
	if (element != WASM_FUNCREF)
		return body_invalid(body, "type mismatch: call_indirect through a table of %s",
				    wasm_valtype_name(element).text);
	if (check_index(body, "type", body->instr.call_indirect.type, body->module->type_count) ||
	    pop_type(body, WASM_I32, NULL))
		return -1;
	return apply_type(body, body->instr.call_indirect.type);
}

/* --- values ----------------------------------------------------------------- */

static bool is_reference(wasm_valtype type)
{
	return wasm_is_ref(type);
}

static int select_untyped(struct body *body)
{
	wasm_valtype a, b;

	if (pop_type(body, WASM_I32, NULL) || pop_type(body, TYPE_UNKNOWN, &b) ||
	    pop_type(body, TYPE_UNKNOWN, &a))
		return -1;
	if (is_reference(a) || is_reference(b))
		return body_invalid(body, "type mismatch: select of references must name its type");
	if (a != b && a != TYPE_UNKNOWN && b != TYPE_UNKNOWN)
		return body_invalid(body, "type mismatch: select between %s and %s",
				    wasm_valtype_name(a).text, wasm_valtype_name(b).text);
	return push_type(body, a == TYPE_UNKNOWN ? b : a);
}

static int select_typed(struct body *body)
{
	wasm_valtype type;

	if (body->instr.select.count != 1)
		return body_invalid(body, "invalid result arity: select names %u types, not one",
				    body->instr.select.count);
	type = body->instr.select.first;
	if (pop_type(body, WASM_I32, NULL) || pop_type(body, type, NULL) ||
	    pop_type(body, type, NULL))
		return -1;
	return push_type(body, type);
}

/* memory.copy and table.copy: the size has the narrower address type of the two. */
static int apply_copy(struct body *body, wasm_valtype dst, wasm_valtype src)
{
	wasm_valtype size = dst == WASM_I64 && src == WASM_I64 ? WASM_I64 : WASM_I32;

	if (pop_type(body, size, NULL) || pop_type(body, src, NULL))
		return -1;
	return pop_type(body, dst, NULL);
}

static int copy_memory(struct body *body)
{
	const struct wasm_memory *memories = body->module->memories;
	uint32_t dst = body->instr.copy.dst, src = body->instr.copy.src;

	if (check_memory(body, dst) || check_memory(body, src))
		return -1;
	return apply_copy(body, memories[dst].type.limits.address,
			  memories[src].type.limits.address);
}

static int access_local(struct body *body)
{
	wasm_valtype type;

	if (check_index(body, "local", body->instr.index, body->local_count))
		return -1;
	type = body->locals[body->instr.index];
	if (body->instr.op != WASM_OP_LOCAL_GET && pop_type(body, type, NULL))
		return -1;
	return body->instr.op == WASM_OP_LOCAL_SET ? 0 : push_type(body, type);
}

static int access_global(struct body *body)
{
	const struct wasm_globaltype *global;

	if (check_index(body, "global", body->instr.index, body->module->global_count))
		return -1;
	global = &body->module->globals[body->instr.index].type;
	if (body->instr.op == WASM_OP_GLOBAL_GET)
		return push_type(body, global->type);
	if (!global->mutable_)
		return body_invalid(body, "global %u is immutable", body->instr.index);
	return pop_type(body, global->type, NULL);
}

static int reference(struct body *body)
{
	wasm_valtype type;

	switch (body->instr.op) {
	case WASM_OP_REF_NULL:
		return push_type(body, WASM_REF_NULL(body->instr.heap_type));
	case WASM_OP_REF_IS_NULL:
		if (pop_type(body, TYPE_UNKNOWN, &type))
			return -1;
		if (type != TYPE_UNKNOWN && !is_reference(type))
			return body_invalid(body, "type mismatch: ref.is_null of %s",
					    wasm_valtype_name(type).text);
		return push_type(body, WASM_I32);
	default: /* ref.func */
		if (check_index(body, "function", body->instr.index, body->module->func_count))
			return -1;
		if (!body->module->funcs[body->instr.index].referenced)
			return body_invalid(body, "undeclared function reference %u",
					    body->instr.index);
		return push_type(body, WASM_FUNCREF);
	}
}

/* table.get, set, grow, fill: the element type is the table's. */
static int access_table(struct body *body)
{
	wasm_valtype element;

	if (check_table(body, body->instr.index, &element))
		return -1;
	switch (body->instr.op) {
	case WASM_OP_TABLE_GET:
		return pop_type(body, WASM_I32, NULL) ? -1 : push_type(body, element);
	case WASM_OP_TABLE_SET:
		return pop_type(body, element, NULL) ? -1 : pop_type(body, WASM_I32, NULL);
	case WASM_OP_TABLE_GROW:
		if (pop_type(body, WASM_I32, NULL) || pop_type(body, element, NULL))
			return -1;
		return push_type(body, WASM_I32);
	default: /* table.fill */
		if (pop_type(body, WASM_I32, NULL) || pop_type(body, element, NULL))
			return -1;
		return pop_type(body, WASM_I32, NULL);
	}
}

static int check_table_init(struct body *body)
{
	const struct wasm_module *module = body->module;
	wasm_valtype element;

	if (check_table(body, body->instr.init.object, &element) ||
	    check_index(body, "element segment", body->instr.init.segment, module->elem_count))
		return -1;
	if (module->elems[body->instr.init.segment].type != element)
		return body_invalid(body, "type mismatch: a segment of %s for a table of %s",
				    wasm_valtype_name(module->elems[body->instr.init.segment].type).text,
				    wasm_valtype_name(element).text);
	return 0;
}

static int copy_table(struct body *body)
{
	wasm_valtype dst, src;

	if (check_table(body, body->instr.copy.dst, &dst) ||
	    check_table(body, body->instr.copy.src, &src))
		return -1;
	if (dst != src)
		return body_invalid(body, "type mismatch: table.copy from %s to %s",
				    wasm_valtype_name(src).text, wasm_valtype_name(dst).text);
	return apply_copy(body, body->module->tables[body->instr.copy.dst].type.limits.address,
			  body->module->tables[body->instr.copy.src].type.limits.address);
}

static int check_memarg(struct body *body)
{
	const struct wasm_memarg *memarg = &body->instr.memarg;

	if (check_memory(body, memarg->memory))
		return -1;
	if (memarg->offset > UINT32_MAX &&
	    body->module->memories[memarg->memory].type.limits.address == WASM_I32)
		return body_invalid(body, "offset out of range");
	if (wasm_op_is_atomic(body->instr.op)) {
		if (memarg->align != wasm_op_access_log2(body->instr.op))
			return body_invalid(body, "atomic alignment must be natural: %s",
					    wasm_op_name(body->instr.op));
		return 0;
	}
	if (memarg->align > wasm_op_access_log2(body->instr.op))
		return body_invalid(body, "alignment must not be larger than natural: %s",
				    wasm_op_name(body->instr.op));
	return 0;
}

/* --- the instruction -------------------------------------------------------- */

/* What the immediates of an instruction with a signature refer to. */
static int check_immediate(struct body *body, enum wasm_immediate immediate)
{
	wasm_valtype element;

	switch (immediate) {
	case WASM_IMM_MEMARG_8:
	case WASM_IMM_MEMARG_16:
	case WASM_IMM_MEMARG_32:
	case WASM_IMM_MEMARG_64:
	case WASM_IMM_MEMARG_128:
	case WASM_IMM_MEMARG_LANE_8:
	case WASM_IMM_MEMARG_LANE_16:
	case WASM_IMM_MEMARG_LANE_32:
	case WASM_IMM_MEMARG_LANE_64:
		return check_memarg(body);
	case WASM_IMM_MEMORY:
		return check_memory(body, body->instr.index);
	case WASM_IMM_MEMORY_INIT:
		return check_memory(body, body->instr.init.object)
			       ? -1
			       : check_data(body, body->instr.init.segment);
	case WASM_IMM_TABLE_INIT:
		return check_table_init(body);
	case WASM_IMM_TABLE:
		return check_table(body, body->instr.index, &element);
	case WASM_IMM_DATA:
		return check_data(body, body->instr.index);
	case WASM_IMM_ELEM:
		return check_index(body, "element segment", body->instr.index,
				   body->module->elem_count);
	default:
		return 0;
	}
}

/* Of addresses and sizes in the memory or table that the instruction names. */
static wasm_valtype address_type(const struct body *body)
{
	const struct wasm_module *module = body->module;

	switch (wasm_op_info(body->instr.op)->immediate) {
	case WASM_IMM_MEMORY:
		return module->memories[body->instr.index].type.limits.address;
	case WASM_IMM_MEMORY_INIT:
		return module->memories[body->instr.init.object].type.limits.address;
	case WASM_IMM_TABLE:
		return module->tables[body->instr.index].type.limits.address;
	case WASM_IMM_TABLE_INIT:
		return module->tables[body->instr.init.object].type.limits.address;
	default:
		return module->memories[body->instr.memarg.memory].type.limits.address;
	}
}

static wasm_valtype letter_type(const struct body *body, char letter)
{
	return letter == 'a' ? address_type(body) : wasm_signature_type(letter);
}

/* "ii:i": takes parameters from the last to the first, then pushes results. */
static int apply_signature(struct body *body, const char *signature)
{
	const char *colon = signature;

	while (*colon != ':')
		colon++;
	for (const char *param = colon; param > signature; param--) {
		if (pop_type(body, letter_type(body, param[-1]), NULL))
			return -1;
	}
	for (const char *result = colon + 1; *result; result++) {
		if (push_type(body, letter_type(body, *result)))
			return -1;
	}
	return 0;
}

int check_instr(struct body *body)
{
	const struct wasm_op_info *info = wasm_op_info(body->instr.op);

	if (info->signature[0])
		return check_immediate(body, info->immediate)
			       ? -1
			       : apply_signature(body, info->signature);
	switch (body->instr.op) {
	case WASM_OP_UNREACHABLE:
		set_unreachable(body);
		return 0;
	case WASM_OP_BLOCK:
	case WASM_OP_LOOP:
	case WASM_OP_IF:
		return enter_block(body, body->instr.op, &body->instr.block);
	case WASM_OP_TRY_TABLE:
		/* Clauses branch from outside of the block. */
		return check_catches(body) ? -1
					   : enter_block(body, WASM_OP_TRY_TABLE,
							 &body->instr.try_table.block);
	case WASM_OP_THROW:
	case WASM_OP_THROW_REF:
		return check_throw(body);
	case WASM_OP_ELSE:
		return enter_else(body);
	case WASM_OP_END:
		return leave_block(body);
	case WASM_OP_BR:
		return branch(body);
	case WASM_OP_BR_IF:
		return branch_if(body);
	case WASM_OP_BR_TABLE:
		return branch_table(body);
	case WASM_OP_RETURN:
		return leave_function(body);
	case WASM_OP_CALL:
		return call(body);
	case WASM_OP_CALL_INDIRECT:
		return call_indirect(body);
	case WASM_OP_DROP:
		return pop_type(body, TYPE_UNKNOWN, NULL);
	case WASM_OP_SELECT:
		return select_untyped(body);
	case WASM_OP_SELECT_T:
		return select_typed(body);
	case WASM_OP_LOCAL_GET:
	case WASM_OP_LOCAL_SET:
	case WASM_OP_LOCAL_TEE:
		return access_local(body);
	case WASM_OP_GLOBAL_GET:
	case WASM_OP_GLOBAL_SET:
		return access_global(body);
	case WASM_OP_REF_NULL:
	case WASM_OP_REF_IS_NULL:
	case WASM_OP_REF_FUNC:
		return reference(body);
	case WASM_OP_TABLE_GET:
	case WASM_OP_TABLE_SET:
	case WASM_OP_TABLE_GROW:
	case WASM_OP_TABLE_FILL:
		return access_table(body);
	case WASM_OP_MEMORY_COPY:
		return copy_memory(body);
	case WASM_OP_TABLE_COPY:
		return copy_table(body);
	default:
		/* A row of opcodes.def without a signature and without a case here. */
		return wasm_reader_fail(&body->reader, body->error, WALNUT_ERROR_UNSUPPORTED,
					body->instr.offset, "%s is not supported",
					wasm_op_name(body->instr.op));
	}
}

static int check_body(struct body *body, uint32_t index)
{
	const struct wasm_func *func = &body->module->funcs[index];
	const struct wasm_functype *type = &body->module->types[func->type].func;

	body->reader = wasm_body_reader(body->module, index);
	body->instr.offset = func->offset;
	for (uint32_t i = 0; i < type->param_count; i++)
		body->locals[i] = type->params[i];
	if (wasm_read_locals(&body->reader, &body->local_count, body->locals + type->param_count,
			     body->error))
		return -1;
	body->local_count += type->param_count;
	if (begin_body(body, results_of(type)))
		return -1;
	while (body->frame_count) {
		int got = wasm_next_instr(&body->reader, &body->instr, body->error);

		if (got < 0)
			return -1;
		if (got == 0)
			return body_malformed(body, wasm_reader_offset(&body->reader),
					      "unexpected end of function: end expected");
		if (check_instr(body))
			return -1;
	}
	if (body->reader.at != body->reader.end)
		return body_malformed(body, wasm_reader_offset(&body->reader),
				      "instructions behind the end of the function");
	return 0;
}

int validate_functions(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;
	struct body *body = validator->body;

	body->locals = calloc(WASM_MAX_PARAMS + WASM_MAX_LOCALS, sizeof(*body->locals));
	if (!body->locals)
		return walnut_error_set(validator->error, WALNUT_ERROR_SYSTEM, NULL,
					WALNUT_NO_FUNCTION, 0, "out of memory while validating");
	for (uint32_t i = module->imported_func_count; i < module->func_count; i++) {
		if (check_body(body, i))
			return -1;
	}
	return 0;
}
