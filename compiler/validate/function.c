/* Function bodies: core spec 3.0, section 3.5.3, by the algorithm of section A.3. */
#include <stdlib.h>

#include "validate/instr.h"
#include "validate/validator.h"
#include "wasm/limits.h"

/* Parameters have values, and so have locals whose type has a default one. */
static int begin_locals(struct body *body, const struct wasm_functype *type)
{
	for (uint32_t i = 0; i < type->param_count; i++) {
		body->locals[i] = type->params[i];
		body->local_ready[i] = true;
	}
	if (wasm_read_locals(&body->reader, &body->local_count, body->locals + type->param_count,
			     body->error))
		return -1;
	body->local_count += type->param_count;
	for (uint32_t i = type->param_count; i < body->local_count; i++) {
		if (check_value_type(body, body->locals[i]))
			return -1;
		body->local_ready[i] = wasm_has_default(body->locals[i]);
	}
	return 0;
}

static int check_body(struct body *body, uint32_t index)
{
	const struct wasm_func *func = &body->module->funcs[index];
	const struct wasm_functype *type = &body->module->types[func->type].func;

	body->reader = wasm_body_reader(body->module, index);
	body->instr.offset = func->offset;
	if (begin_locals(body, type) || begin_body(body, results_of(type)))
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
	body->local_ready = calloc(WASM_MAX_PARAMS + WASM_MAX_LOCALS, sizeof(*body->local_ready));
	if (!body->locals || !body->local_ready)
		return walnut_error_set(validator->error, WALNUT_ERROR_SYSTEM, NULL,
					WALNUT_NO_FUNCTION, 0, "out of memory while validating");
	for (uint32_t i = module->imported_func_count; i < module->func_count; i++) {
		if (check_body(body, i))
			return -1;
	}
	return 0;
}
