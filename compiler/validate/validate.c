/* Validation of a module's declarations: core spec 3.0, sections 3.2 and 3.5. */
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "validate/stacks.h"
#include "validate/validator.h"
#include "wasm/limits.h"
#include "wasm/reader.h"
#include "wasm/subtype.h"

#define INVALID(validator, section, offset, ...)                                                   \
	walnut_error_set((validator)->error, WALNUT_ERROR_INVALID, section, WALNUT_NO_FUNCTION,    \
			 offset, __VA_ARGS__)

static int check_function_types(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	for (uint32_t i = 0; i < module->func_count; i++) {
		const struct wasm_func *func = &module->funcs[i];

		if (func->type >= module->type_count)
			return walnut_error_set(validator->error, WALNUT_ERROR_INVALID,
						func->imported ? "import" : "function", i,
						func->type_offset, "unknown type %u", func->type);
		if (module->types[func->type].kind != WASM_COMP_FUNC)
			return walnut_error_set(validator->error, WALNUT_ERROR_INVALID,
						func->imported ? "import" : "function", i,
						func->type_offset, "type %u is no function type",
						func->type);
	}
	return 0;
}

static int check_limits(const struct validator *validator, const struct wasm_limits *limits,
			const char *section, uint64_t offset)
{
	if (limits->has_max && limits->min > limits->max)
		return INVALID(validator, section, offset,
			       "size minimum must not be greater than maximum");
	return 0;
}

static bool limits_exceed(const struct wasm_limits *limits, uint64_t largest)
{
	return limits->min > largest || (limits->has_max && limits->max > largest);
}

static int check_table(const struct validator *validator, const struct wasm_table *table)
{
	const struct wasm_limits *limits = &table->type.limits;
	const char *section = table->imported ? "import" : "table";

	if (limits->address == WASM_I32 && limits_exceed(limits, WASM_MAX_TABLE_SIZE))
		return INVALID(validator, section, table->offset,
			       "table size must be at most 2^32-1");
	if (check_limits(validator, limits, section, table->offset))
		return -1;
	if (validate_value_type(validator, table->type.element, section, table->offset))
		return -1;
	if (table->has_init)
		return validate_const_expr(validator, &table->init, table->type.element, section);
	if (!table->imported && !wasm_has_default(table->type.element))
		return INVALID(validator, section, table->offset,
			       "type mismatch: a table of %s needs an initial element",
			       wasm_valtype_name(table->type.element).text);
	return 0;
}

static int check_tables(struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	/* Tables stand before globals: initialisers see the imported ones. */
	validator->global_count = module->imported_global_count;
	for (uint32_t i = 0; i < module->table_count; i++) {
		if (check_table(validator, &module->tables[i]))
			return -1;
	}
	return 0;
}

static int check_memory(const struct validator *validator, const struct wasm_memory *memory)
{
	const struct wasm_limits *limits = &memory->type.limits;
	const char *section = memory->imported ? "import" : "memory";

	if (limits->address == WASM_I32 && limits_exceed(limits, WASM_MAX_MEMORY_PAGES))
		return INVALID(validator, section, memory->offset,
			       "memory size must be at most 65536 pages (4 GiB)");
	if (limits_exceed(limits, WASM_MAX_MEMORY64_PAGES))
		return INVALID(validator, section, memory->offset,
			       "memory size must be at most 2^48 pages (2^64 bytes)");
	if (limits->shared && !limits->has_max)
		return INVALID(validator, section, memory->offset,
			       "shared memory must have maximum");
	return check_limits(validator, limits, section, memory->offset);
}

static int check_memories(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	for (uint32_t i = 0; i < module->memory_count; i++) {
		if (check_memory(validator, &module->memories[i]))
			return -1;
	}
	return 0;
}

static int check_tags(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	for (uint32_t i = 0; i < module->tag_count; i++) {
		const struct wasm_tag *tag = &module->tags[i];
		const char *section = tag->imported ? "import" : "tag";

		if (tag->type >= module->type_count)
			return INVALID(validator, section, tag->offset, "unknown type %u", tag->type);
		if (module->types[tag->type].kind != WASM_COMP_FUNC)
			return INVALID(validator, section, tag->offset,
				       "type %u of a tag is not a function type", tag->type);
		if (module->types[tag->type].func.result_count)
			return INVALID(validator, section, tag->offset, "non-empty tag result type");
	}
	return 0;
}

static int check_global_types(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	for (uint32_t i = 0; i < module->global_count; i++) {
		const struct wasm_global *global = &module->globals[i];

		if (validate_value_type(validator, global->type.type,
					global->imported ? "import" : "global", global->offset))
			return -1;
	}
	return 0;
}

static int check_globals(struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	for (uint32_t i = module->imported_global_count; i < module->global_count; i++) {
		const struct wasm_global *global = &module->globals[i];

		validator->global_count = i; /* an initialiser sees those before it */
		if (validate_const_expr(validator, &global->init, global->type.type, "global"))
			return -1;
	}
	validator->global_count = module->global_count;
	return 0;
}

static int compare_exports(const void *a, const void *b)
{
	const struct wasm_bytes *x = &(*(const struct wasm_export *const *)a)->field;
	const struct wasm_bytes *y = &(*(const struct wasm_export *const *)b)->field;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->data, y->data, x->size);
}

static int check_export_names(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;
	const struct wasm_export **sorted;
	int result = 0;

	if (module->export_count < 2)
		return 0;
	sorted = calloc(module->export_count, sizeof(*sorted));
	if (!sorted)
		return walnut_error_set(validator->error, WALNUT_ERROR_SYSTEM, NULL,
					WALNUT_NO_FUNCTION, 0, "out of memory while validating");
	for (uint32_t i = 0; i < module->export_count; i++)
		sorted[i] = &module->exports[i];
	qsort(sorted, module->export_count, sizeof(*sorted), compare_exports);
	for (uint32_t i = 1; i < module->export_count && !result; i++) {
		const struct wasm_export *export = sorted[i];

		if (!compare_exports(&sorted[i - 1], &sorted[i]))
			result = INVALID(validator, "export", export->offset,
					 "duplicate export name \"%.*s\"",
					 export->field.size < 80 ? (int)export->field.size : 80,
					 (const char *)export->field.data);
	}
	free(sorted);
	return result;
}

static int check_exports(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;
	const struct {
		const char *what;
		uint32_t count;
	} spaces[] = {
		[WASM_EXTERN_FUNC] = { "function", module->func_count },
		[WASM_EXTERN_TABLE] = { "table", module->table_count },
		[WASM_EXTERN_MEMORY] = { "memory", module->memory_count },
		[WASM_EXTERN_GLOBAL] = { "global", module->global_count },
		[WASM_EXTERN_TAG] = { "tag", module->tag_count },
	};

	for (uint32_t i = 0; i < module->export_count; i++) {
		const struct wasm_export *export = &module->exports[i];

		if (export->index >= spaces[export->kind].count)
			return INVALID(validator, "export", export->offset, "unknown %s %u",
				       spaces[export->kind].what, export->index);
	}
	return check_export_names(validator);
}

static int check_start(const struct validator *validator)
{
	const struct wasm_module *module = validator->module;
	const struct wasm_functype *type;

	if (!module->has_start)
		return 0;
	if (module->start_func >= module->func_count)
		return INVALID(validator, "start", module->start_offset, "unknown function %u",
			       module->start_func);
	type = wasm_func_type(module, module->start_func);
	if (type->param_count || type->result_count)
		return INVALID(validator, "start", module->start_offset,
			       "start function %u must have no parameters and no results",
			       module->start_func);
	return 0;
}

static int check_element_segment(const struct validator *validator, const struct wasm_elem *elem)
{
	const struct wasm_module *module = validator->module;

	if (validate_value_type(validator, elem->type, "element", elem->offset))
		return -1;
	if (elem->mode == WASM_SEGMENT_ACTIVE) {
		if (elem->table >= module->table_count)
			return INVALID(validator, "element", elem->offset, "unknown table %u",
				       elem->table);
		if (!wasm_is_subtype(module, elem->type, module->tables[elem->table].type.element))
			return INVALID(validator, "element", elem->offset,
				       "type mismatch: a segment of %s for a table of %s",
				       wasm_valtype_name(elem->type).text,
				       wasm_valtype_name(module->tables[elem->table].type.element).text);
		if (validate_const_expr(validator, &elem->offset_expr,
					module->tables[elem->table].type.limits.address, "element"))
			return -1;
	}
	for (uint32_t i = 0; i < elem->count; i++) {
		if (elem->exprs) {
			if (validate_const_expr(validator, &elem->exprs[i], elem->type, "element"))
				return -1;
		} else if (elem->functions[i] >= module->func_count) {
			return INVALID(validator, "element", elem->offset, "unknown function %u",
				       elem->functions[i]);
		}
	}
	return 0;
}

static int check_data_segment(const struct validator *validator, const struct wasm_data *data)
{
	const struct wasm_module *module = validator->module;

	if (data->mode != WASM_SEGMENT_ACTIVE)
		return 0;
	if (data->memory >= module->memory_count)
		return INVALID(validator, "data", data->offset, "unknown memory %u", data->memory);
	return validate_const_expr(validator, &data->offset_expr,
				   module->memories[data->memory].type.limits.address, "data");
}

static int validate(struct validator *validator)
{
	const struct wasm_module *module = validator->module;

	/* Types first: whatever comes later compares them. */
	if (validate_types(validator) || check_function_types(validator) ||
	    check_global_types(validator) || check_tables(validator) || check_memories(validator) ||
	    check_tags(validator) || check_globals(validator) || check_exports(validator) ||
	    check_start(validator))
		return -1;
	for (uint32_t i = 0; i < module->elem_count; i++) {
		if (check_element_segment(validator, &module->elems[i]))
			return -1;
	}
	for (uint32_t i = 0; i < module->data_count; i++) {
		if (check_data_segment(validator, &module->datas[i]))
			return -1;
	}
	return validate_functions(validator);
}

int walnut_validate(const struct wasm_module *module, struct walnut_error *error)
{
	struct body body = { .module = module, .error = error };
	struct validator validator = { .module = module, .error = error, .body = &body };
	int result = validate(&validator);

	free_body(&body);
	return result;
}
