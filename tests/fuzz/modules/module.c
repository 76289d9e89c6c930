/* From a plan to the bytes of a module. Functions 0 … func_count - 1 are the generated
 * ones, behind them come the exported: t0, t1, … call one of those each, s0, s1, …
 * condense the module's state afterwards. */
#include "body.h"

#include <stdio.h>

enum { EXPORT_FUNC = 0, ROUNDS = 2 };

static void add_section(struct bytes *module, uint8_t number, struct bytes *contents)
{
	bytes_u8(module, number);
	bytes_sized(module, contents);
}

static void add_type_list(struct bytes *to, const struct plan *plan, const char *types)
{
	unsigned count = 0;

	while (types[count])
		count++;
	bytes_unsigned(to, count);
	for (unsigned i = 0; i < count; i++)
		add_value_type(to, plan, types[i]);
}

/* All in one recursive group where there are aggregates: function types may name them. */
static void add_types(const struct plan *plan, struct bytes *module)
{
	bool grouped = plan->features & FEATURE_AGGREGATES;
	struct bytes section = { 0 };

	if (grouped) {
		bytes_unsigned(&section, 1);
		bytes_u8(&section, 0x4e);
		bytes_unsigned(&section, plan->type_count + sizeof(AGGREGATES) - 1);
	} else {
		bytes_unsigned(&section, plan->type_count);
	}
	for (unsigned i = 0; i < plan->type_count; i++) {
		bytes_u8(&section, 0x60);
		add_type_list(&section, plan, plan->types[i].params);
		add_type_list(&section, plan, plan->types[i].results);
	}
	if (grouped)
		add_aggregate_types(&section, plan);
	add_section(module, 1, &section);
}

/* For each generated function ROUNDS exported ones that call it and one for state. */
static unsigned export_count(const struct plan *plan)
{
	return plan->func_count * ROUNDS * 2;
}

static void add_functions(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->func_count + export_count(plan) / 2 + 1);
	for (unsigned i = 0; i < plan->func_count; i++)
		bytes_unsigned(&section, plan->funcs[i]);
	for (unsigned i = 0; i < export_count(plan) / 2 + 1; i++)
		bytes_unsigned(&section, 0);
	add_section(module, 3, &section);
}

static void add_tables(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->table_count);
	for (unsigned i = 0; i < plan->table_count; i++) {
		add_value_type(&section, plan, plan->tables[i].type);
		bytes_u8(&section, plan->tables[i].index == 'I' ? 5 : 1);
		bytes_unsigned(&section, plan->tables[i].min);
		bytes_unsigned(&section, plan->tables[i].max);
	}
	add_section(module, 4, &section);
}

static void add_memories(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->memory_count);
	for (unsigned i = 0; i < plan->memory_count; i++) {
		bytes_u8(&section, plan->memories[i].index == 'I' ? 5 : 1);
		bytes_unsigned(&section, plan->memories[i].min);
		bytes_unsigned(&section, plan->memories[i].max);
	}
	add_section(module, 5, &section);
}

/* A constant, or some, combined. */
static void add_constant(struct body *body, char type)
{
	static const enum wasm_op narrow[] = { WASM_OP_I32_ADD, WASM_OP_I32_SUB, WASM_OP_I32_MUL };
	static const enum wasm_op wide[] = { WASM_OP_I64_ADD, WASM_OP_I64_SUB, WASM_OP_I64_MUL };

	body_constant(body, type);
	if (!(body->plan->features & FEATURE_CONSTANTS) || (type != 'i' && type != 'I'))
		return;
	for (unsigned more = random_below(&body->random, 4); more; more--) {
		unsigned choice = random_below(&body->random, 3);

		body_constant(body, type);
		body_op(body, type == 'i' ? narrow[choice] : wide[choice]);
	}
}

static void add_tags(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };

	if (!plan->tag_count)
		return;
	bytes_unsigned(&section, plan->tag_count);
	for (unsigned i = 0; i < plan->tag_count; i++) {
		bytes_u8(&section, 0);
		bytes_unsigned(&section, plan->tags[i]);
	}
	add_section(module, 13, &section);
}

static void add_globals(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };
	struct body initial = { .plan = plan, .random = random_branch(plan->seed, 1000) };

	bytes_unsigned(&section, plan->global_count);
	for (unsigned i = 0; i < plan->global_count; i++) {
		add_value_type(&section, plan, plan->globals[i].type);
		bytes_u8(&section, plan->globals[i].is_mutable);
		initial.code.size = 0;
		add_constant(&initial, plan->globals[i].type);
		bytes_add(&section, initial.code.data, initial.code.size);
		bytes_u8(&section, WASM_OP_END);
	}
	bytes_free(&initial.code);
	add_section(module, 6, &section);
}

static void add_exports(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };
	unsigned tests = export_count(plan) / 2;
	char name[16];

	bytes_unsigned(&section, 2 * tests);
	for (unsigned i = 0; i < tests; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		bytes_name(&section, name);
		bytes_u8(&section, EXPORT_FUNC);
		bytes_unsigned(&section, plan->func_count + i);
		snprintf(name, sizeof(name), "s%u", i);
		bytes_name(&section, name);
		bytes_u8(&section, EXPORT_FUNC);
		bytes_unsigned(&section, plan->func_count + tests);
	}
	add_section(module, 7, &section);
}

static void add_offset(struct bytes *section, bool is_wide, uint32_t offset)
{
	bytes_u8(section, is_wide ? WASM_OP_I64_CONST : WASM_OP_I32_CONST);
	bytes_signed(section, offset);
	bytes_u8(section, WASM_OP_END);
}

static void add_element(const struct plan *plan, const struct plan_segment *segment,
			struct random *random, struct bytes *section)
{
	char type = segment->mode == SEGMENT_DECLARED ? 'r' : plan->tables[segment->object].type;
	/* Flags: 1 not active, 2 declared or with table index, 4 expressions. */
	static const uint8_t flags[] = { [SEGMENT_ACTIVE] = 6, [SEGMENT_PASSIVE] = 5,
					 [SEGMENT_DECLARED] = 7 };

	bytes_u8(section, flags[segment->mode]);
	if (segment->mode == SEGMENT_ACTIVE) {
		bytes_unsigned(section, segment->object);
		add_offset(section, plan->tables[segment->object].index == 'I', segment->offset);
	}
	add_value_type(section, plan, type);
	bytes_unsigned(section, segment->size);
	for (uint32_t i = 0; i < segment->size; i++) {
		if (segment->mode == SEGMENT_DECLARED || (type == 'r' && !random_once_in(random, 4))) {
			bytes_u8(section, WASM_OP_REF_FUNC);
			bytes_unsigned(section, segment->mode == SEGMENT_DECLARED
							? i : random_below(random, plan->func_count));
		} else {
			bytes_u8(section, WASM_OP_REF_NULL);
			add_heap_type(section, plan, type);
		}
		bytes_u8(section, WASM_OP_END);
	}
}

static void add_elements(const struct plan *plan, struct bytes *module)
{
	struct random random = random_branch(plan->seed, 1001);
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->element_count);
	for (unsigned i = 0; i < plan->element_count; i++)
		add_element(plan, &plan->elements[i], &random, &section);
	add_section(module, 9, &section);
}

static void add_data(const struct plan *plan, struct bytes *module)
{
	struct random random = random_branch(plan->seed, 1002);
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->data_count);
	for (unsigned i = 0; i < plan->data_count; i++) {
		unsigned memory = plan->data[i].object;
		bool active = plan->data[i].mode == SEGMENT_ACTIVE;

		bytes_u8(&section, !active ? 1 : memory ? 2 : 0);
		if (active && memory)
			bytes_unsigned(&section, memory);
		if (active)
			add_offset(&section, plan->memories[memory].index == 'I', plan->data[i].offset);
		bytes_unsigned(&section, plan->data[i].size);
		for (uint32_t at = 0; at < plan->data[i].size; at++)
			bytes_u8(&section, (uint8_t)random_next(&random));
	}
	add_section(module, 11, &section);
}

static void add_data_count(const struct plan *plan, struct bytes *module)
{
	struct bytes section = { 0 };

	bytes_unsigned(&section, plan->data_count);
	add_section(module, 12, &section);
}

/* --- Code -------------------------------------------------------------------------- */

static void finish_body(struct body *body, struct bytes *section)
{
	struct bytes whole = { 0 };

	bytes_unsigned(&whole, body->local_count - body->param_count);
	for (unsigned i = body->param_count; i < body->local_count; i++) {
		bytes_u8(&whole, 1);
		add_value_type(&whole, body->plan, body->locals[i]);
	}
	body_op(body, WASM_OP_END);
	bytes_add(&whole, body->code.data, body->code.size);
	bytes_free(&body->code);
	bytes_sized(section, &whole);
}

static void start_body(struct body *body, const struct plan *plan, const struct plan_type *type,
		       unsigned index, struct skipper *skipper)
{
	*body = (struct body){ .plan = plan, .random = random_branch(plan->seed, index) };
	body->skipper = skipper;
	for (const char *param = type->params; *param; param++)
		body_new_local(body, *param);
	body->param_count = body->local_count;
}

/* One of each type at least, so that there always is one to take. */
static void add_locals(struct body *body)
{
	for (const char *types = "iIfFre"; *types; types++)
		body_new_local(body, *types);
	if (body->plan->features & FEATURE_VECTORS)
		body_new_local(body, 'V');
	if (body->plan->features & FEATURE_EXCEPTIONS)
		body_new_local(body, 'x');
	if (body->plan->features & FEATURE_AGGREGATES)
		for (const char *types = "staby"; *types; types++)
			body_new_local(body, *types);
}

static void add_generated(const struct plan *plan, unsigned index, struct skipper *skipper,
			  struct bytes *section)
{
	const struct plan_type *type = &plan->types[plan->funcs[index]];
	unsigned depth = plan->kind == KIND_NUMBERS ? 9 : 5;
	struct body body;

	start_body(&body, plan, type, index, skipper);
	add_locals(&body);
	body.budget = (int)random_between(&body.random, 40, plan->kind == KIND_NUMBERS ? 1200 : 500);
	body.label_count = 1;
	snprintf(body.labels[0].types, sizeof(body.labels[0].types), "%s", type->results);
	body_burn(&body, FUEL_PER_CALL);
	body_statements(&body, random_between(&body.random, 2, 8), depth);
	if (!body_tail_call(&body, depth))
		body_values(&body, type->results, depth);
	finish_body(&body, section);
}

static void add_code(const struct plan *plan, struct skipper *skipper, struct bytes *module)
{
	struct bytes section = { 0 };
	unsigned tests = export_count(plan) / 2;
	struct body body;

	bytes_unsigned(&section, plan->func_count + tests + 1);
	for (unsigned i = 0; i < plan->func_count; i++)
		add_generated(plan, i, skipper, &section);
	for (unsigned i = 0; i <= tests; i++) {
		start_body(&body, plan, &plan->types[0], 100 + i, skipper);
		if (i < tests)
			observe_function(&body, i % plan->func_count);
		else
			observe_state(&body);
		finish_body(&body, &section);
	}
	add_section(module, 10, &section);
}

void module_make(const struct plan *plan, struct skipper *skipper, struct bytes *module)
{
	bytes_add(module, "\0asm\1\0\0\0", 8);
	add_types(plan, module);
	add_functions(plan, module);
	add_tables(plan, module);
	add_memories(plan, module);
	add_tags(plan, module);
	add_globals(plan, module);
	add_exports(plan, module);
	add_elements(plan, module);
	add_data_count(plan, module);
	add_code(plan, skipper, module);
	add_data(plan, module);
}
