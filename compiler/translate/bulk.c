/* Bulk memory and table operations, and the part of them that instantiation
 * shares. All bounds are checked before the first byte moves. */
#include "translate.h"

#include "app_object.h"

/* Traps unless `count` elements from `start` on are all in the table; both are i64. */
static void check_table_range(struct func_translator *ft, uint32_t table, LLVMValueRef start,
			      LLVMValueRef count)
{
	const struct wasm_limits *limits = &ft->mt->wasm->tables[table].type.limits;
	LLVMValueRef size = load_table_field(ft, table, TABLE_SIZE);

	trap_if(ft, past_end(ft, limits, start, count, size), WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
}

/* The same for a segment, whose indices have 32 bits always. */
static void check_segment_range(struct func_translator *ft, const struct segment_entry *segment,
				LLVMValueRef start, LLVMValueRef count, unsigned code)
{
	static const struct wasm_limits limits = { .address = WASM_I32 };
	LLVMValueRef remaining = LLVMBuildLoad2(ft->builder, ft->mt->i64, segment->remaining, "");

	set_tbaa(remaining, ft->mt->tbaa_global, ft->mt);
	trap_if(ft, past_end(ft, &limits, start, count, remaining), code);
}

static LLVMValueRef element_address(struct func_translator *ft, LLVMValueRef elements,
				    LLVMValueRef index)
{
	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i64, elements, &index, 1, "");
}

void build_segment_drop(struct func_translator *ft, const struct segment_entry *segment)
{
	LLVMValueRef store = LLVMBuildStore(ft->builder, const_u64(ft->mt, 0), segment->remaining);

	set_tbaa(store, ft->mt->tbaa_global, ft->mt);
}

void build_memory_init(struct func_translator *ft, uint32_t memory, uint32_t segment_index,
		       LLVMValueRef dst, LLVMValueRef src, LLVMValueRef count)
{
	const struct segment_entry *segment = &ft->mt->datas[segment_index];
	LLVMValueRef from = widen_index(ft, src), size = widen_index(ft, count), to, address;

	check_segment_range(ft, segment, from, size, WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	to = linear_range(ft, memory, dst, size);
	if (!segment->content)
		return;
	address = LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, segment->content, &from, 1, "");
	LLVMBuildMemCpy(ft->builder, to, 1, address, 1, size);
}

void build_table_init(struct func_translator *ft, uint32_t table, uint32_t segment_index,
		      LLVMValueRef dst, LLVMValueRef src, LLVMValueRef count)
{
	const struct segment_entry *segment = &ft->mt->elems[segment_index];
	LLVMValueRef from = widen_index(ft, src), to = widen_index(ft, dst);
	LLVMValueRef size = widen_index(ft, count);

	check_segment_range(ft, segment, from, size, WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	check_table_range(ft, table, to, size);
	if (!segment->content)
		return;
	LLVMBuildMemCpy(ft->builder,
			element_address(ft, load_table_field(ft, table, TABLE_ELEMENTS), to), 8,
			element_address(ft, segment->content, from), 8,
			LLVMBuildShl(ft->builder, size, const_u64(ft->mt, 3), ""));
}

/* The count has the narrower of the two memories' address types. */
static void memory_copy(struct func_translator *ft, uint32_t dst_memory, uint32_t src_memory)
{
	LLVMValueRef size = widen_index(ft, pop(ft)), src = pop(ft), dst = pop(ft);
	LLVMValueRef from = linear_range(ft, src_memory, src, size);
	LLVMValueRef to = linear_range(ft, dst_memory, dst, size);

	LLVMBuildMemMove(ft->builder, to, 1, from, 1, size);
}

static void memory_fill(struct func_translator *ft, uint32_t memory)
{
	LLVMValueRef size = widen_index(ft, pop(ft)), value = pop(ft), dst = pop(ft);
	LLVMValueRef to = linear_range(ft, memory, dst, size);
	LLVMValueRef byte = LLVMBuildTrunc(ft->builder, value, ft->mt->i8, "");

	LLVMBuildMemSet(ft->builder, to, byte, size, 1);
}

static void table_copy(struct func_translator *ft, uint32_t dst_table, uint32_t src_table)
{
	LLVMValueRef size = widen_index(ft, pop(ft)), from = widen_index(ft, pop(ft));
	LLVMValueRef to = widen_index(ft, pop(ft));

	check_table_range(ft, src_table, from, size);
	check_table_range(ft, dst_table, to, size);
	LLVMBuildMemMove(ft->builder,
			 element_address(ft, load_table_field(ft, dst_table, TABLE_ELEMENTS), to), 8,
			 element_address(ft, load_table_field(ft, src_table, TABLE_ELEMENTS), from), 8,
			 LLVMBuildShl(ft->builder, size, const_u64(ft->mt, 3), ""));
}

/* for (at = start; at != end; at++) elements[at] = value; */
void build_table_fill(struct func_translator *ft, uint32_t table, LLVMValueRef start,
		      LLVMValueRef value, LLVMValueRef count)
{
	LLVMValueRef end, elements, at, next, store, done;
	LLVMBasicBlockRef before, head, body, after;

	check_table_range(ft, table, start, count);
	end = LLVMBuildAdd(ft->builder, start, count, "");
	elements = load_table_field(ft, table, TABLE_ELEMENTS);
	before = LLVMGetInsertBlock(ft->builder);
	head = new_block(ft, "");
	body = new_block(ft, "");
	after = new_block(ft, "");
	LLVMBuildBr(ft->builder, head);
	LLVMPositionBuilderAtEnd(ft->builder, head);
	at = LLVMBuildPhi(ft->builder, ft->mt->i64, "");
	done = LLVMBuildICmp(ft->builder, LLVMIntEQ, at, end, "");
	LLVMBuildCondBr(ft->builder, done, after, body);
	LLVMPositionBuilderAtEnd(ft->builder, body);
	store = LLVMBuildStore(ft->builder, value, element_address(ft, elements, at));
	set_tbaa(store, ft->mt->tbaa_host, ft->mt);
	next = LLVMBuildAdd(ft->builder, at, const_u64(ft->mt, 1), "");
	LLVMBuildBr(ft->builder, head);
	LLVMAddIncoming(at, &start, &before, 1);
	LLVMAddIncoming(at, &next, &body, 1);
	LLVMPositionBuilderAtEnd(ft->builder, after);
}

static void table_fill(struct func_translator *ft, uint32_t table)
{
	LLVMValueRef count = widen_index(ft, pop(ft)), value = pop(ft);

	build_table_fill(ft, table, widen_index(ft, pop(ft)), value, count);
}

bool translate_bulk(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef count, src, dst;

	switch (instr->op) {
	case WASM_OP_MEMORY_INIT:
	case WASM_OP_TABLE_INIT:
		count = pop(ft), src = pop(ft), dst = pop(ft);
		debug_location(ft, ft->offset);
		if (instr->op == WASM_OP_MEMORY_INIT)
			build_memory_init(ft, instr->init.object, instr->init.segment, dst, src, count);
		else
			build_table_init(ft, instr->init.object, instr->init.segment, dst, src, count);
		break;
	case WASM_OP_DATA_DROP:
		build_segment_drop(ft, &ft->mt->datas[instr->index]);
		break;
	case WASM_OP_ELEM_DROP:
		build_segment_drop(ft, &ft->mt->elems[instr->index]);
		break;
	case WASM_OP_MEMORY_COPY:
		memory_copy(ft, instr->copy.dst, instr->copy.src);
		break;
	case WASM_OP_MEMORY_FILL:
		memory_fill(ft, instr->index);
		break;
	case WASM_OP_TABLE_COPY:
		table_copy(ft, instr->copy.dst, instr->copy.src);
		break;
	case WASM_OP_TABLE_FILL:
		table_fill(ft, instr->index);
		break;
	default:
		return false;
	}
	debug_location(ft, 0);
	return true;
}
