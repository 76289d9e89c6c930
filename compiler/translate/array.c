/* Array instructions: core spec 3.0, section 4.6.8. */
#include "heap.h"

#include "app_object.h"
#include "gc.h"

static wasm_valtype element_type(struct func_translator *ft, uint32_t type_index)
{
	return ft->mt->wasm->types[type_index].array.type;
}

/* The byte offset of an element (i64). */
static LLVMValueRef element_offset(struct func_translator *ft, wasm_valtype element, LLVMValueRef index)
{
	LLVMValueRef size = const_u64(ft->mt, heap_storage_size(element));

	return LLVMBuildAdd(ft->builder, LLVMBuildMul(ft->builder, index, size, ""),
			    const_u64(ft->mt, WALNUT_ARRAY_ELEMENTS), "");
}

static LLVMValueRef element_address(struct func_translator *ft, wasm_valtype element,
				    LLVMValueRef array, LLVMValueRef index)
{
	LLVMValueRef offset = element_offset(ft, element, index);

	return LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, array, &offset, 1, "");
}

static LLVMValueRef length_offset(struct func_translator *ft)
{
	return const_u64(ft->mt, offsetof(struct walnut_array, length));
}

/* The length (i32); traps where the array is null. */
static LLVMValueRef checked_length(struct func_translator *ft, LLVMValueRef array)
{
	trap_if_null(ft, array);
	return heap_load(ft, WASM_I32, array, length_offset(ft), false);
}

/* Traps unless `count` elements from `start` on (i64) are all in the array. */
static void check_range(struct func_translator *ft, LLVMValueRef array, LLVMValueRef start,
			LLVMValueRef count)
{
	LLVMValueRef length = widen_index(ft, checked_length(ft, array));
	LLVMValueRef end = LLVMBuildAdd(ft->builder, start, count, "");

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntUGT, end, length, ""),
		WALNUT_TRAP_ARRAY_OUT_OF_BOUNDS);
}

/* A new array of `length` (i32) zero elements. */
static LLVMValueRef new_array(struct func_translator *ft, uint32_t type_index, LLVMValueRef length)
{
	LLVMValueRef size = element_offset(ft, element_type(ft, type_index), widen_index(ft, length));
	LLVMValueRef array = heap_allocate(ft, type_index, size);

	heap_store(ft, WASM_I32, array, length_offset(ft), length);
	return array;
}

/* array[start + i] = value for i below count; all i64. */
static void fill(struct func_translator *ft, wasm_valtype element, LLVMValueRef array,
		 LLVMValueRef start, LLVMValueRef count, LLVMValueRef value)
{
	LLVMBuilderRef b = ft->builder;
	LLVMBasicBlockRef before = LLVMGetInsertBlock(b), head = new_block(ft, "fill");
	LLVMBasicBlockRef body = new_block(ft, ""), after = new_block(ft, "");
	LLVMValueRef end = LLVMBuildAdd(b, start, count, ""), at, next;

	LLVMBuildBr(b, head);
	LLVMPositionBuilderAtEnd(b, head);
	at = LLVMBuildPhi(b, ft->mt->i64, "");
	LLVMBuildCondBr(b, LLVMBuildICmp(b, LLVMIntEQ, at, end, ""), after, body);
	LLVMPositionBuilderAtEnd(b, body);
	heap_store(ft, element, array, element_offset(ft, element, at), value);
	next = LLVMBuildAdd(b, at, const_u64(ft->mt, 1), "");
	LLVMBuildBr(b, head);
	LLVMAddIncoming(at, &start, &before, 1);
	LLVMAddIncoming(at, &next, &body, 1);
	LLVMPositionBuilderAtEnd(b, after);
}

static void array_new(struct func_translator *ft, uint32_t type_index, LLVMValueRef value,
		      LLVMValueRef length)
{
	LLVMValueRef array = new_array(ft, type_index, length);

	/* Null and zero are there already. */
	if (value && !LLVMIsNull(value))
		fill(ft, element_type(ft, type_index), array, const_u64(ft->mt, 0),
		     widen_index(ft, length), value);
	push(ft, array);
}

static void array_new_fixed(struct func_translator *ft, uint32_t type_index, uint32_t count)
{
	wasm_valtype element = element_type(ft, type_index);
	LLVMValueRef array = new_array(ft, type_index, const_u32(ft->mt, count));

	for (uint32_t i = count; i-- > 0;)
		heap_store(ft, element, array, element_offset(ft, element, const_u64(ft->mt, i)), pop(ft));
	push(ft, array);
}

/* Where `count` elements from `start` on begin in a segment, whose content has
 * `content_element` bytes to each of its units; traps where they are not all there. */
static LLVMValueRef segment_range(struct func_translator *ft, const struct segment_entry *segment,
				  bool is_data, wasm_valtype element, LLVMValueRef start,
				  LLVMValueRef count)
{
	LLVMBuilderRef b = ft->builder;
	LLVMValueRef unit = const_u64(ft->mt, is_data ? heap_storage_size(element) : 1);
	LLVMValueRef units = LLVMBuildMul(b, count, unit, "");
	LLVMValueRef end = LLVMBuildAdd(b, start, units, "");
	LLVMValueRef remaining = LLVMBuildLoad2(b, ft->mt->i64, segment->remaining, "");

	set_tbaa(remaining, ft->mt->tbaa_global, ft->mt);
	trap_if(ft, LLVMBuildICmp(b, LLVMIntUGT, end, remaining, ""),
		is_data ? WALNUT_TRAP_MEMORY_OUT_OF_BOUNDS : WALNUT_TRAP_TABLE_OUT_OF_BOUNDS);
	if (!segment->content)
		return NULL;
	return LLVMBuildInBoundsGEP2(b, is_data ? ft->mt->i8 : ft->mt->i64, segment->content, &start, 1, "");
}

/* Copies `count` elements from a segment into the array at index `to`; both i64. */
static void copy_from(struct func_translator *ft, wasm_valtype element, LLVMValueRef array,
		      LLVMValueRef to, LLVMValueRef from, LLVMValueRef count)
{
	LLVMValueRef bytes = LLVMBuildMul(ft->builder, count,
					  const_u64(ft->mt, heap_storage_size(element)), "");

	if (from) /* else there is nothing to copy */
		LLVMBuildMemCpy(ft->builder, element_address(ft, element, array, to), 1, from, 1, bytes);
}

static const struct segment_entry *segment_of(struct func_translator *ft, bool is_data, uint32_t index)
{
	return is_data ? &ft->mt->datas[index] : &ft->mt->elems[index];
}

static void array_new_segment(struct func_translator *ft, const struct wasm_instr *instr, bool is_data)
{
	wasm_valtype element = element_type(ft, instr->array.type);
	LLVMValueRef length = pop(ft), start = widen_index(ft, pop(ft));
	LLVMValueRef count = widen_index(ft, length), from, array;

	from = segment_range(ft, segment_of(ft, is_data, instr->array.arg), is_data, element, start, count);
	array = new_array(ft, instr->array.type, length);
	copy_from(ft, element, array, const_u64(ft->mt, 0), from, count);
	push(ft, array);
}

static void array_init_segment(struct func_translator *ft, const struct wasm_instr *instr, bool is_data)
{
	wasm_valtype element = element_type(ft, instr->array.type);
	LLVMValueRef count = widen_index(ft, pop(ft)), start = widen_index(ft, pop(ft));
	LLVMValueRef to = widen_index(ft, pop(ft)), array = pop(ft), from;

	check_range(ft, array, to, count);
	from = segment_range(ft, segment_of(ft, is_data, instr->array.arg), is_data, element, start, count);
	copy_from(ft, element, array, to, from, count);
}

/* The offset of the element that the operands name; traps where there is none. */
static LLVMValueRef checked_offset(struct func_translator *ft, wasm_valtype element,
				   LLVMValueRef array, LLVMValueRef index)
{
	LLVMValueRef length = checked_length(ft, array);

	trap_if(ft, LLVMBuildICmp(ft->builder, LLVMIntUGE, index, length, ""),
		WALNUT_TRAP_ARRAY_OUT_OF_BOUNDS);
	return element_offset(ft, element, widen_index(ft, index));
}

static void array_get(struct func_translator *ft, const struct wasm_instr *instr)
{
	wasm_valtype element = element_type(ft, instr->index);
	LLVMValueRef index = pop(ft), array = pop(ft);
	LLVMValueRef offset = checked_offset(ft, element, array, index);

	push(ft, heap_load(ft, element, array, offset, instr->op == WASM_OP_ARRAY_GET_S));
}

static void array_set(struct func_translator *ft, const struct wasm_instr *instr)
{
	wasm_valtype element = element_type(ft, instr->index);
	LLVMValueRef value = pop(ft), index = pop(ft), array = pop(ft);

	heap_store(ft, element, array, checked_offset(ft, element, array, index), value);
}

static void array_fill(struct func_translator *ft, uint32_t type_index)
{
	LLVMValueRef count = widen_index(ft, pop(ft)), value = pop(ft);
	LLVMValueRef start = widen_index(ft, pop(ft)), array = pop(ft);

	check_range(ft, array, start, count);
	fill(ft, element_type(ft, type_index), array, start, count, value);
}

static void array_copy(struct func_translator *ft, uint32_t type_index)
{
	wasm_valtype element = element_type(ft, type_index);
	LLVMValueRef count = widen_index(ft, pop(ft)), from = widen_index(ft, pop(ft)), source = pop(ft);
	LLVMValueRef to = widen_index(ft, pop(ft)), target = pop(ft);

	check_range(ft, target, to, count);
	check_range(ft, source, from, count);
	LLVMBuildMemMove(ft->builder, element_address(ft, element, target, to), 1,
			 element_address(ft, element, source, from), 1,
			 LLVMBuildMul(ft->builder, count, const_u64(ft->mt, heap_storage_size(element)), ""));
}

bool translate_array(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef length;

	switch (instr->op) {
	case WASM_OP_ARRAY_NEW:
		length = pop(ft);
		array_new(ft, instr->index, pop(ft), length);
		return true;
	case WASM_OP_ARRAY_NEW_DEFAULT:
		array_new(ft, instr->index, NULL, pop(ft));
		return true;
	case WASM_OP_ARRAY_NEW_FIXED:
		array_new_fixed(ft, instr->array.type, instr->array.arg);
		return true;
	case WASM_OP_ARRAY_NEW_DATA:
	case WASM_OP_ARRAY_NEW_ELEM:
		array_new_segment(ft, instr, instr->op == WASM_OP_ARRAY_NEW_DATA);
		return true;
	case WASM_OP_ARRAY_INIT_DATA:
	case WASM_OP_ARRAY_INIT_ELEM:
		array_init_segment(ft, instr, instr->op == WASM_OP_ARRAY_INIT_DATA);
		return true;
	case WASM_OP_ARRAY_GET:
	case WASM_OP_ARRAY_GET_S:
	case WASM_OP_ARRAY_GET_U:
		array_get(ft, instr);
		return true;
	case WASM_OP_ARRAY_SET:
		array_set(ft, instr);
		return true;
	case WASM_OP_ARRAY_LEN:
		push(ft, checked_length(ft, pop(ft)));
		return true;
	case WASM_OP_ARRAY_FILL:
		array_fill(ft, instr->index);
		return true;
	case WASM_OP_ARRAY_COPY:
		array_copy(ft, instr->copy.dst);
		return true;
	default:
		return false;
	}
}
