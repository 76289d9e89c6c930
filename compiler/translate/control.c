/* Structured control: blocks, loops, conditionals and branches become basic
 * blocks; operands that cross a label become phi nodes of its block. */
#include "translate.h"

#include <stdlib.h>
#include <string.h>

#include "app_object.h"

static uint32_t reserve_phis(struct func_translator *ft, uint32_t count)
{
	uint32_t base = ft->phi_count;

	if (count) {
		ft->phis = translator_grow(ft->mt, ft->phis, base + count - 1, &ft->phi_capacity,
					   sizeof(*ft->phis));
		ft->phi_count += count;
	}
	return base;
}

/* Phi nodes at the head of the label's block, one for each operand of a branch. */
static void create_phis(struct func_translator *ft, struct control_frame *frame,
			const wasm_valtype *types,
			uint32_t count)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);

	frame->phi_base = reserve_phis(ft, count);
	frame->phi_count = count;
	LLVMPositionBuilderAtEnd(ft->builder, frame->target);
	for (uint32_t i = 0; i < count; i++)
		ft->phis[frame->phi_base + i] =
			LLVMBuildPhi(ft->builder, llvm_value_type(ft->mt, types[i]), "");
	LLVMPositionBuilderAtEnd(ft->builder, here);
}

static struct control_frame *push_frame(struct func_translator *ft, struct control_frame frame)
{
	ft->frames = translator_grow(ft->mt, ft->frames, ft->frame_count, &ft->frame_capacity,
				     sizeof(*ft->frames));
	ft->frames[ft->frame_count] = frame;
	return &ft->frames[ft->frame_count++];
}

static struct control_frame *label(struct func_translator *ft, uint32_t depth)
{
	return &ft->frames[ft->frame_count - 1 - depth];
}

/* One edge from the current block to the label, with the top operands. */
static void add_edge(struct func_translator *ft, struct control_frame *frame)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);
	LLVMValueRef *operands = ft->stack + ft->stack_size - frame->phi_count;

	for (uint32_t i = 0; i < frame->phi_count; i++)
		LLVMAddIncoming(ft->phis[frame->phi_base + i], &operands[i], &here, 1);
	frame->branched = true;
}

void jump(struct func_translator *ft, struct control_frame *frame)
{
	add_edge(ft, frame);
	LLVMBuildBr(ft->builder, frame->target);
}

void continue_in(struct func_translator *ft, LLVMBasicBlockRef block)
{
	LLVMBasicBlockRef last = LLVMGetLastBasicBlock(ft->function);

	if (block != last)
		LLVMMoveBasicBlockAfter(block, last);
	LLVMPositionBuilderAtEnd(ft->builder, block);
}

static void create_result_phis(struct func_translator *ft, struct control_frame *frame)
{
	create_phis(ft, frame, frame->results ? frame->results : &frame->single_result,
		    frame->result_count);
}

/* For any other block. */
static void enter_block(struct func_translator *ft, LLVMBasicBlockRef block)
{
	continue_in(ft, block);
	ft->epoch++;
}

void push_function_frame(struct func_translator *ft)
{
	struct control_frame *frame = push_frame(ft, (struct control_frame){
		.kind = FRAME_FUNCTION,
		.target = new_block(ft, "return"),
		.result_count = ft->type->result_count,
		.results = ft->type->results,
	});

	create_result_phis(ft, frame);
}

static struct control_frame *open_block(struct func_translator *ft, enum frame_kind kind,
					const struct wasm_blocktype *block)
{
	struct control_frame frame = { .kind = kind };

	if (block->kind == WASM_BLOCK_TYPE) {
		const struct wasm_functype *type = &ft->mt->wasm->types[block->index].func;

		frame.param_count = type->param_count;
		frame.params = type->params;
		frame.result_count = type->result_count;
		frame.results = type->results;
	} else if (block->kind == WASM_BLOCK_VALUE) {
		frame.result_count = 1;
		frame.single_result = block->value;
	}
	frame.target = new_block(ft, kind == FRAME_LOOP ? "loop" : "");
	frame.stack_base = ft->stack_size - frame.param_count;
	frame.phi_base = ft->phi_count;
	return push_frame(ft, frame);
}

static void open_loop(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct control_frame *frame = open_block(ft, FRAME_LOOP, &instr->block);

	create_phis(ft, frame, frame->params, frame->param_count);
	jump(ft, frame);
	enter_block(ft, frame->target);
	for (uint32_t i = 0; i < frame->phi_count; i++)
		ft->stack[frame->stack_base + i] = ft->phis[frame->phi_base + i];
}

static void open_if(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef condition = as_condition(ft, pop(ft));
	struct control_frame *frame = open_block(ft, FRAME_IF, &instr->block);
	LLVMBasicBlockRef then = new_block(ft, "");

	create_result_phis(ft, frame);
	frame->saved_base = reserve_phis(ft, frame->param_count);
	for (uint32_t i = 0; i < frame->param_count; i++)
		ft->phis[frame->saved_base + i] = ft->stack[frame->stack_base + i];
	frame->else_block = new_block(ft, "");
	LLVMBuildCondBr(ft->builder, condition, then, frame->else_block);
	continue_in(ft, then);
}

void open_try_table(struct func_translator *ft, const struct wasm_instr *instr)
{
	struct control_frame *frame = open_block(ft, FRAME_TRY, &instr->try_table.block);

	create_result_phis(ft, frame);
	frame->catches = instr->try_table.catches;
	frame->catch_count = instr->try_table.count;
}

static void restore_params(struct func_translator *ft, const struct control_frame *frame)
{
	ft->stack_size = frame->stack_base;
	for (uint32_t i = 0; i < frame->param_count; i++)
		push(ft, ft->phis[frame->saved_base + i]);
}

static void translate_else(struct func_translator *ft)
{
	struct control_frame *frame = label(ft, 0);

	if (ft->reachable)
		jump(ft, frame);
	enter_block(ft, frame->else_block);
	restore_params(ft, frame);
	frame->kind = FRAME_ELSE;
	ft->reachable = true;
}

static void return_results(struct func_translator *ft)
{
	uint32_t count = ft->type->result_count;

	ft->stack_size -= count;
	if (ft->results)
		store_results(ft->mt, ft->builder, ft->type, ft->stack + ft->stack_size, ft->results);
	else
		build_return(ft->mt, ft->builder, ft->type, ft->stack + ft->stack_size);
}

static void translate_end(struct func_translator *ft)
{
	struct control_frame *frame = label(ft, 0);

	if (frame->kind != FRAME_LOOP) {
		if (ft->reachable)
			jump(ft, frame);
		if (frame->kind == FRAME_IF) { /* no else: the parameters pass through */
			enter_block(ft, frame->else_block);
			restore_params(ft, frame);
			jump(ft, frame);
		}
		ft->stack_size = frame->stack_base;
		ft->reachable = frame->branched;
		if (frame->branched) {
			enter_block(ft, frame->target);
			for (uint32_t i = 0; i < frame->phi_count; i++)
				push(ft, ft->phis[frame->phi_base + i]);
		} else {
			LLVMDeleteBasicBlock(frame->target);
		}
	} else if (!ft->reachable) {
		ft->stack_size = frame->stack_base;
	}
	ft->phi_count = frame->phi_base;
	if (frame->kind == FRAME_FUNCTION && ft->reachable)
		return_results(ft);
	ft->frame_count--;
}

void branch_if(struct func_translator *ft, LLVMValueRef condition, uint32_t depth)
{
	struct control_frame *frame = label(ft, depth);
	LLVMBasicBlockRef next = new_block(ft, "");

	add_edge(ft, frame);
	LLVMBuildCondBr(ft->builder, condition, frame->target, next);
	continue_in(ft, next);
}

/* Where a br_table goes for a label. A phi wants an operand for each edge: where the label
 * has operands, all edges of one table share a block on the way. */
static LLVMBasicBlockRef table_target(struct func_translator *ft, struct control_frame *frame)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);

	if (!frame->phi_count) {
		frame->branched = true;
		return frame->target;
	}
	if (frame->edge_from != here) {
		frame->edge = new_block(ft, "");
		frame->edge_from = here;
		LLVMPositionBuilderAtEnd(ft->builder, frame->edge);
		jump(ft, frame);
		LLVMPositionBuilderAtEnd(ft->builder, here);
	}
	return frame->edge;
}

static void translate_br_table(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef index = pop(ft), branch;
	const uint8_t *at = instr->br_table.targets;
	struct control_frame *fallback;

	for (uint32_t i = 0; i < instr->br_table.count; i++)
		wasm_br_table_next(&at);
	fallback = label(ft, wasm_br_table_next(&at));
	branch = LLVMBuildSwitch(ft->builder, index, table_target(ft, fallback), instr->br_table.count);
	at = instr->br_table.targets;
	for (uint32_t i = 0; i < instr->br_table.count; i++) {
		struct control_frame *frame = label(ft, wasm_br_table_next(&at));

		if (frame != fallback)
			LLVMAddCase(branch, const_u32(ft->mt, i), table_target(ft, frame));
	}
	ft->reachable = false;
}

bool translate_control(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_NOP:
		return true;
	case WASM_OP_UNREACHABLE:
		trap_always(ft, WALNUT_TRAP_UNREACHABLE);
		ft->reachable = false;
		return true;
	case WASM_OP_BLOCK: {
		struct control_frame *frame = open_block(ft, FRAME_BLOCK, &instr->block);

		create_result_phis(ft, frame);
		return true;
	}
	case WASM_OP_LOOP:
		open_loop(ft, instr);
		return true;
	case WASM_OP_IF:
		open_if(ft, instr);
		return true;
	case WASM_OP_ELSE:
		translate_else(ft);
		return true;
	case WASM_OP_END:
		translate_end(ft);
		return true;
	case WASM_OP_BR:
		jump(ft, label(ft, instr->index));
		ft->reachable = false;
		return true;
	case WASM_OP_BR_IF:
		branch_if(ft, as_condition(ft, pop(ft)), instr->index);
		return true;
	case WASM_OP_BR_TABLE:
		translate_br_table(ft, instr);
		return true;
	case WASM_OP_RETURN:
		jump(ft, label(ft, ft->frame_count - 1));
		ft->reachable = false;
		return true;
	default:
		return false;
	}
}
