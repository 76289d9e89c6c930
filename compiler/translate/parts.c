/* Where to cut, who is referred to across a cut, and what is copied for inlining. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "throwing.h"
#include "wasm/instr.h"
#include "wasm/limits.h"

/* Up to here one part is quick enough, and sees all of the module at once. */
#define SINGLE_PART_BYTES 131072
/* Each part costs some milliseconds for itself, and 200 bytes of memory for each byte. */
#define PART_COUNT_AIM 64
#define PART_BYTES_MIN 65536
#define PART_BYTES_MAX 524288
/* What LLVM inlines as a rule is smaller than this. */
#define COPY_BYTES_MAX 160

/* LLVM's optimiser and register allocator take time that grows with the square of a
 * function's size, or of its depth. What nobody writes by hand is compiled as at -O0. */
#define OPTIMISED_BYTES_MAX (1u << 20)
#define OPTIMISED_DEPTH_MAX 1000u /* blocks but `block` in each other */
/* Operands that br_tables carry, counted for each of their edges: the optimiser takes apart
 * what table_target() puts together. */
#define OPTIMISED_EDGES_MAX (1u << 20)

struct planner {
	const struct wasm_module *wasm;
	struct part_plan *plan;
	struct walnut_error *error;
	uint32_t *part_of;	/* by function */
	uint32_t *copied_into;	/* by function: the last part that took a copy, plus one */
	bool optimising;
	uint64_t aim;
	uint32_t capacity; /* of plan->parts */
};

static int out_of_memory(struct planner *planner)
{
	return walnut_error_set(planner->error, WALNUT_ERROR_SYSTEM, "", WALNUT_NO_FUNCTION, 0,
				"out of memory");
}

static struct part *add_part(struct planner *planner, uint32_t first)
{
	struct part_plan *plan = planner->plan;

	if (plan->count == planner->capacity) {
		uint32_t larger = planner->capacity ? planner->capacity * 2 : 16;
		struct part *parts = reallocarray(plan->parts, larger, sizeof(*parts));

		if (!parts)
			return NULL;
		plan->parts = parts;
		planner->capacity = larger;
	}
	plan->parts[plan->count] = (struct part){ .first = first, .end = first };
	return &plan->parts[plan->count++];
}

/* A label around an instruction. */
struct open_block {
	bool counts;	   /* among the nested */
	uint16_t operands; /* of a branch to it */
};

static struct open_block open_block(const struct wasm_module *wasm, const struct wasm_instr *instr)
{
	const struct wasm_blocktype *type =
		instr->op == WASM_OP_TRY_TABLE ? &instr->try_table.block : &instr->block;
	struct open_block block = { instr->op == WASM_OP_IF || instr->op == WASM_OP_LOOP, 0 };

	if (type->kind == WASM_BLOCK_TYPE) {
		const struct wasm_functype *func = &wasm->types[type->index].func;

		block.operands = (uint16_t)(instr->op == WASM_OP_LOOP ? func->param_count
								      : func->result_count);
	} else if (type->kind == WASM_BLOCK_VALUE) {
		block.operands = instr->op != WASM_OP_LOOP;
	}
	return block;
}

/* All labels of a br_table have as many operands. */
static uint64_t table_operands(const struct wasm_instr *instr, const struct open_block *blocks,
			       uint32_t open)
{
	const uint8_t *at = instr->br_table.targets;
	uint32_t target = wasm_br_table_next(&at);

	return target < open ? (uint64_t)blocks[open - 1 - target].operands * instr->br_table.count : 0;
}

/* Whether conditionals and loops are nested deeper, or br_tables carry more, than anybody
 * writes. */
static bool is_unwieldy(const struct wasm_module *wasm, uint32_t func)
{
	struct wasm_code_reader reader = wasm_body_reader(wasm, func);
	struct open_block blocks[WASM_MAX_NESTING + 2];
	struct walnut_error ignored = { 0 };
	uint32_t locals, open = 1, depth = 0;
	uint64_t edges = 0;
	struct wasm_instr instr;

	/* Each level takes three bytes: its instruction, its type, its end; each edge one. */
	if (wasm->funcs[func].body.size < OPTIMISED_EDGES_MAX / WASM_MAX_RESULTS ||
	    wasm_read_locals(&reader, &locals, NULL, &ignored))
		return false;
	blocks[0] = (struct open_block){ false, (uint16_t)wasm_func_type(wasm, func)->result_count };
	while (depth <= OPTIMISED_DEPTH_MAX && edges <= OPTIMISED_EDGES_MAX &&
	       wasm_next_instr(&reader, &instr, &ignored) == 1) {
		if (instr.op == WASM_OP_IF || instr.op == WASM_OP_LOOP || instr.op == WASM_OP_BLOCK ||
		    instr.op == WASM_OP_TRY_TABLE) {
			if (open > WASM_MAX_NESTING)
				break;
			blocks[open] = open_block(wasm, &instr);
			depth += blocks[open++].counts;
		} else if (instr.op == WASM_OP_END && open) {
			depth -= blocks[--open].counts;
		} else if (instr.op == WASM_OP_BR_TABLE) {
			edges += table_operands(&instr, blocks, open);
		}
	}
	return depth > OPTIMISED_DEPTH_MAX || edges > OPTIMISED_EDGES_MAX;
}

static bool is_plain(const struct planner *planner, uint32_t func)
{
	return planner->optimising && (planner->wasm->funcs[func].body.size > OPTIMISED_BYTES_MAX ||
				     is_unwieldy(planner->wasm, func));
}

/* Neighbours in a module come from one source file as a rule, and call each other. A
 * function much larger than a part is a part of its own, and so is a plain one. */
static int cut(struct planner *planner)
{
	const struct wasm_module *wasm = planner->wasm;
	struct part *part = add_part(planner, wasm->imported_func_count);

	for (uint32_t i = wasm->imported_func_count; part && i < wasm->func_count; i++) {
		uint64_t size = wasm->funcs[i].body.size;
		bool plain = is_plain(planner, i);

		if (part->size && (plain || part->plain ||
				   (part->size + size > planner->aim &&
				    (part->size > planner->aim / 2 || size > planner->aim))))
			part = add_part(planner, i);
		if (!part)
			break;
		part->plain = plain;
		part->end = i + 1;
		part->size += size;
		planner->part_of[i] = planner->plan->count - 1;
	}
	if (part && (planner->plan->count > 1 || part->plain))
		part = add_part(planner, wasm->func_count);
	if (!part)
		return out_of_memory(planner);
	part->root = true;
	return 0;
}

static int copy(struct planner *planner, struct part *part, uint32_t index, uint32_t func)
{
	if (part->copy_count == part->copy_capacity) {
		uint32_t larger = part->copy_capacity ? part->copy_capacity * 2 : 64;
		uint32_t *copies = reallocarray(part->copies, larger, sizeof(*copies));

		if (!copies)
			return out_of_memory(planner);
		part->copies = copies;
		part->copy_capacity = larger;
	}
	part->copies[part->copy_count++] = func;
	planner->copied_into[func] = index + 1;
	return 0;
}

/* What the body of `func` refers to, as seen from part `index`. */
static int scan(struct planner *planner, uint32_t index, uint32_t func)
{
	struct wasm_code_reader reader = wasm_body_reader(planner->wasm, func);
	struct part *part = &planner->plan->parts[index];
	struct wasm_instr instr;
	uint32_t locals;
	int more;

	if (wasm_read_locals(&reader, &locals, NULL, planner->error))
		return -1;
	while ((more = wasm_next_instr(&reader, &instr, planner->error)) == 1) {
		uint32_t callee = instr.index;

		if (wasm_op_info(instr.op)->immediate != WASM_IMM_FUNC ||
		    callee < planner->wasm->imported_func_count ||
		    planner->part_of[callee] == index)
			continue;
		planner->plan->shared[callee] = true;
		if (planner->optimising && instr.op == WASM_OP_CALL &&
		    planner->wasm->funcs[callee].body.size <= COPY_BYTES_MAX &&
		    planner->copied_into[callee] != index + 1 && copy(planner, part, index, callee))
			return -1;
	}
	return more;
}

/* Copies call others in their turn, which are copied as well. */
static int scan_part(struct planner *planner, uint32_t index)
{
	struct part *part = &planner->plan->parts[index];

	for (uint32_t i = part->first; i < part->end; i++)
		if (scan(planner, index, i))
			return -1;
	for (uint32_t i = 0; i < part->copy_count; i++)
		if (scan(planner, index, part->copies[i]))
			return -1;
	return 0;
}

/* References from outside of code. The root part makes them, but for those of constant
 * globals, which any part may. */
static void share_referenced(struct planner *planner)
{
	const struct wasm_module *wasm = planner->wasm;

	for (uint32_t i = wasm->imported_func_count; i < wasm->func_count; i++)
		if (wasm->funcs[i].referenced)
			planner->plan->shared[i] = true;
	if (wasm->has_start)
		planner->plan->shared[wasm->start_func] = true;
}

static int divide(struct planner *planner)
{
	if (cut(planner))
		return -1;
	if (planner->plan->count == 1)
		return 0;
	share_referenced(planner);
	for (uint32_t i = 0; i + 1 < planner->plan->count; i++)
		if (scan_part(planner, i))
			return -1;
	return 0;
}

/* Bytes of code that a part should have. */
static uint64_t part_bytes(const struct wasm_module *wasm, const struct walnut_compile_options *options)
{
	uint64_t aim = wasm->code_size / PART_COUNT_AIM;

	if (options->emit_llvm) /* one text */
		return UINT64_MAX;
	if (options->part_bytes)
		return options->part_bytes;
	if (wasm->code_size <= SINGLE_PART_BYTES)
		return UINT64_MAX;
	if (aim < PART_BYTES_MIN)
		return PART_BYTES_MIN;
	return aim < PART_BYTES_MAX ? aim : PART_BYTES_MAX;
}

int parts_plan(struct part_plan *plan, const struct wasm_module *wasm,
	       const struct walnut_compile_options *options, struct walnut_error *error)
{
	size_t count = (size_t)wasm->func_count + 1;
	struct planner planner = {
		.wasm = wasm,
		.plan = plan,
		.error = error,
		.part_of = calloc(count, sizeof(*planner.part_of)),
		.copied_into = calloc(count, sizeof(*planner.copied_into)),
		.optimising = options->opt_level > 0 && !options->emit_llvm,
		.aim = part_bytes(wasm, options),
	};
	int result;

	memset(plan, 0, sizeof(*plan));
	plan->shared = calloc(count, sizeof(*plan->shared));
	plan->emitted = calloc(count, sizeof(*plan->emitted));
	if (!planner.part_of || !planner.copied_into || !plan->shared || !plan->emitted)
		result = out_of_memory(&planner);
	else if (usage_find(&plan->usage, wasm, error) || find_throwing(plan, wasm, options, error))
		result = -1;
	else
		result = divide(&planner);
	free(planner.part_of);
	free(planner.copied_into);
	return result;
}

void parts_release(struct part_plan *plan)
{
	for (uint32_t i = 0; i < plan->count; i++)
		free(plan->parts[i].copies);
	free(plan->parts);
	free(plan->shared);
	free(plan->emitted);
	usage_release(&plan->usage);
	free(plan->may_throw);
}

uint64_t parts_in_flight(const struct part_plan *plan)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < plan->count; i++)
		total += plan->parts[i].size;
	return total / 4;
}
