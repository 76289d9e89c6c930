/* Bulk memory and table operations, and the part of them that instantiation
 * shares. All bounds are checked before the first byte moves. */
#include "translate.h"

#include "app_object.h"

static LLVMValueRef widen(struct func_translator *ft, LLVMValueRef value)
{
	return LLVMBuildZExt(ft->builder, value, ft->mt->i64, "");
}

/* Traps unless start + count <= size; the three are i64, the first two below 2^32. */
static void check_range(struct func_translator *ft, LLVMValueRef start, LLVMValueRef count,
			LLVMValueRef size, unsigned code)
{
	LLVMValueRef end = LLVMBuildAdd(ft->builder, start, count, "");

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntUGT, end, size, ""), code);
}

static LLVMValueRef element_address(struct func_translator *ft, LLVMValueRef elements,
				    LLVMValueRef index)
{
	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i64, elements, &index, 1, "");
}

static LLVMValueRef segment_remaining(struct func_translator *ft, const struct segment_entry *segment)
{
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, ft->mt->i64, segment->remaining, "");

	set_tbaa(load, ft->mt->tbaa_global, ft->mt);
	return load;
}

void build_segment_drop(struct func_translator *ft, const struct segment_entry *segment)
{
	LLVMValueRef store = LLVMBuildStore(ft->builder, const_u64(ft->mt, 0), segment->remaining);

	set_tbaa(store, ft->mt->tbaa_global, ft->mt);
}

void build_memory_init(struct func_translator *ft, uint32_t segment_index, LLVMValueRef dst,
		       LLVMValueRef src, LLVMValueRef count)
{
	const struct segment_entry *segment = &ft->mt->datas[segment_index];
	LLVMValueRef from = widen(ft, src), size = widen(ft, count), to, address;

	check_range(ft, from, size, segment_remaining(ft, segment), WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS);
	to = linear_range(ft, dst, size);
	if (!segment->content)
		return;
	address = LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, segment->content, &from, 1, "");
	LLVMBuildMemCpy(ft->builder, to, 1, address, 1, size);
}

void build_table_init(struct func_translator *ft, uint32_t table, uint32_t segment_index,
		      LLVMValueRef dst, LLVMValueRef src, LLVMValueRef count)
{
	const struct segment_entry *segment = &ft->mt->elems[segment_index];
	LLVMValueRef from = widen(ft, src), to = widen(ft, dst), size = widen(ft, count);

	check_range(ft, from, size, segment_remaining(ft, segment), WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	check_range(ft, to, size, load_table_field(ft, table, TABLE_SIZE),
		    WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	if (!segment->content)
		return;
	LLVMBuildMemCpy(ft->builder,
			element_address(ft, load_table_field(ft, table, TABLE_ELEMENTS), to), 8,
			element_address(ft, segment->content, from), 8,
			LLVMBuildShl(ft->builder, size, const_u64(ft->mt, 3), ""));
}

static void memory_copy(struct func_translator *ft)
{
	LLVMValueRef count = pop(ft), src = pop(ft), dst = pop(ft);
	LLVMValueRef size = widen(ft, count);
	LLVMValueRef from = linear_range(ft, src, size);
	LLVMValueRef to = linear_range(ft, dst, size);

	LLVMBuildMemMove(ft->builder, to, 1, from, 1, size);
}

static void memory_fill(struct func_translator *ft)
{
	LLVMValueRef count = pop(ft), value = pop(ft), dst = pop(ft);
	LLVMValueRef size = widen(ft, count);
	LLVMValueRef to = linear_range(ft, dst, size);
	LLVMValueRef byte = LLVMBuildTrunc(ft->builder, value, ft->mt->i8, "");

	LLVMBuildMemSet(ft->builder, to, byte, size, 1);
}

static void table_copy(struct func_translator *ft, uint32_t dst_table, uint32_t src_table)
{
	LLVMValueRef count = pop(ft), src = pop(ft), dst = pop(ft);
	LLVMValueRef from = widen(ft, src), to = widen(ft, dst), size = widen(ft, count);

	check_range(ft, from, size, load_table_field(ft, src_table, TABLE_SIZE),
		    WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	check_range(ft, to, size, load_table_field(ft, dst_table, TABLE_SIZE),
		    WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	LLVMBuildMemMove(ft->builder,
			 element_address(ft, load_table_field(ft, dst_table, TABLE_ELEMENTS), to), 8,
			 element_address(ft, load_table_field(ft, src_table, TABLE_ELEMENTS), from), 8,
			 LLVMBuildShl(ft->builder, size, const_u64(ft->mt, 3), ""));
}

/* for (at = start; at != end; at++) elements[at] = value; */
static void table_fill(struct func_translator *ft, uint32_t table)
{
	LLVMValueRef count = widen(ft, pop(ft)), value = pop(ft), start = widen(ft, pop(ft));
	LLVMValueRef end, elements, at, next, store, done;
	LLVMBasicBlockRef before, head, body, after;

	check_range(ft, start, count, load_table_field(ft, table, TABLE_SIZE),
		    WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
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

bool translate_bulk(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef count, src, dst;

	switch (instr->op) {
	case WASM_OP_MEMORY_INIT:
	case WASM_OP_TABLE_INIT:
		count = pop(ft), src = pop(ft), dst = pop(ft);
		debug_location(ft, ft->offset);
		if (instr->op == WASM_OP_MEMORY_INIT)
			build_memory_init(ft, instr->init.segment, dst, src, count);
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
		memory_copy(ft);
		break;
	case WASM_OP_MEMORY_FILL:
		memory_fill(ft);
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
