/* See throwing.h. Bottom-up over the call graph: a function throws if it has an
 * instruction that throws or calls what nobody can name here, or if it calls one that
 * throws. What its handlers catch is not looked at. */
#include "throwing.h"

#include <stdlib.h>
#include <string.h>

#include "wasm/instr.h"

struct call {
	uint32_t caller, callee;
};

struct search {
	const struct wasm_module *wasm;
	struct walnut_error *error;
	bool *throws;
	struct call *calls;
	size_t call_count, call_capacity;
	uint32_t *first; /* by callee: where its calls begin, once they are sorted */
	uint32_t *queue; /* functions found to throw, whose callers are to be visited */
	uint32_t queued;
};

static bool has_reference(const wasm_valtype *types, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (wasm_is_ref(types[i]))
			return true;
	return false;
}

/* Whether functions of other modules, which may throw, can come in: imported, in a table
 * or as a reference. A program is on its own, so what it exports does not count. */
static bool has_foreign_code(const struct wasm_module *wasm, bool program)
{
	for (uint32_t i = 0; i < wasm->import_count; i++) {
		enum wasm_extern_kind kind = wasm->imports[i].kind;

		if (kind == WASM_EXTERN_TABLE || (kind == WASM_EXTERN_FUNC && walnut_known_import(wasm, i) != 1) ||
		    (kind == WASM_EXTERN_GLOBAL && wasm_is_ref(wasm->globals[wasm->imports[i].index].type.type)))
			return true;
	}
	for (uint32_t i = 0; !program && i < wasm->export_count; i++) {
		const struct wasm_export *export = &wasm->exports[i];
		const struct wasm_functype *type;

		if (export->kind == WASM_EXTERN_TABLE ||
		    (export->kind == WASM_EXTERN_GLOBAL &&
		     wasm_is_ref(wasm->globals[export->index].type.type)))
			return true;
		if (export->kind != WASM_EXTERN_FUNC)
			continue;
		type = wasm_func_type(wasm, export->index);
		if (has_reference(type->params, type->param_count))
			return true;
	}
	return false;
}

static int out_of_memory(struct search *search)
{
	return walnut_error_set(search->error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				"out of memory");
}

static void add_thrower(struct search *search, uint32_t func)
{
	if (!search->throws[func])
		search->queue[search->queued++] = func;
	search->throws[func] = true;
}

static int add_call(struct search *search, uint32_t caller, uint32_t callee)
{
	if (search->call_count == search->call_capacity) {
		size_t larger = search->call_capacity ? search->call_capacity * 2 : 1024;
		struct call *calls = reallocarray(search->calls, larger, sizeof(*calls));

		if (!calls)
			return out_of_memory(search);
		search->calls = calls;
		search->call_capacity = larger;
	}
	search->calls[search->call_count++] = (struct call){ caller, callee };
	search->first[callee]++;
	return 0;
}

static int scan(struct search *search, uint32_t func)
{
	struct wasm_code_reader reader = wasm_body_reader(search->wasm, func);
	struct wasm_instr instr;
	uint32_t locals;
	int more;

	if (wasm_read_locals(&reader, &locals, NULL, search->error))
		return -1;
	while ((more = wasm_next_instr(&reader, &instr, search->error)) == 1) {
		switch (instr.op) {
		case WASM_OP_THROW:
		case WASM_OP_THROW_REF:
		case WASM_OP_CALL_INDIRECT:
		case WASM_OP_CALL_REF:
		case WASM_OP_RETURN_CALL_INDIRECT:
		case WASM_OP_RETURN_CALL_REF:
			add_thrower(search, func);
			break;
		case WASM_OP_CALL:
		case WASM_OP_RETURN_CALL:
			if (add_call(search, func, instr.index))
				return -1;
			break;
		default:
			break;
		}
	}
	return more;
}

/* By callee: a counting sort. first[] has the counts, and then where each callee's calls
 * begin; the entry behind the last callee ends them. */
static int sort_calls(struct search *search)
{
	struct call *sorted = malloc((search->call_count + 1) * sizeof(*sorted));
	uint32_t before = 0;

	if (!sorted)
		return out_of_memory(search);
	for (uint32_t i = 0; i <= search->wasm->func_count; i++) {
		before += search->first[i];
		search->first[i] = before;
	}
	for (size_t i = search->call_count; i-- > 0;)
		sorted[--search->first[search->calls[i].callee]] = search->calls[i];
	free(search->calls);
	search->calls = sorted;
	return 0;
}

static void visit_callers(struct search *search)
{
	while (search->queued) {
		uint32_t func = search->queue[--search->queued];

		for (uint32_t i = search->first[func]; i < search->first[func + 1]; i++)
			add_thrower(search, search->calls[i].caller);
	}
}

static int run(struct search *search)
{
	const struct wasm_module *wasm = search->wasm;

	for (uint32_t i = 0; i < wasm->import_count; i++)
		if (wasm->imports[i].kind == WASM_EXTERN_FUNC && walnut_known_import(wasm, i) != 1)
			add_thrower(search, wasm->imports[i].index);
	for (uint32_t i = wasm->imported_func_count; i < wasm->func_count; i++)
		if (scan(search, i))
			return -1;
	if (sort_calls(search))
		return -1;
	visit_callers(search);
	return 0;
}

int find_throwing(struct part_plan *plan, const struct wasm_module *wasm,
		  const struct walnut_compile_options *options, struct walnut_error *error)
{
	size_t count = (size_t)wasm->func_count + 1;
	struct search search = {
		.wasm = wasm,
		.error = error,
		.throws = calloc(count, sizeof(*search.throws)),
	};
	int result = 0;

	plan->may_throw = search.throws;
	if (!search.throws)
		return out_of_memory(&search);
	/* Whoever throws needs a tag, or somebody else's exception. */
	if (!wasm->tag_count && !has_foreign_code(wasm, options->require_start))
		return 0;
	plan->exceptions = true;
	search.first = calloc(count, sizeof(*search.first));
	search.queue = calloc(count, sizeof(*search.queue));
	if (!search.first || !search.queue)
		result = out_of_memory(&search);
	else
		result = run(&search);
	free(search.calls);
	free(search.first);
	free(search.queue);
	return result;
}
