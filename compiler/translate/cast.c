/* Tests and casts of references, i31 and conversions: core spec 3.0, section 4.6.6. A
 * reference's word tells what it is (abi/gc.h), an object its type. */
#include "heap.h"

#include "app_object.h"
#include "gc.h"

/* --- types at run time -------------------------------------------------------- */

static LLVMValueRef descriptor_of(struct module_translator *mt, uint32_t type_index)
{
	return mt->wasm->types[type_index].kind == WASM_COMP_FUNC ? type_descriptor(mt, type_index)
								  : heap_type_descriptor(mt, type_index);
}

static LLVMValueRef load_invariant(struct func_translator *ft, LLVMTypeRef type, LLVMValueRef base,
				   uint64_t offset)
{
	LLVMValueRef index = const_u64(ft->mt, offset);
	LLVMValueRef address = LLVMBuildInBoundsGEP2(ft->builder, ft->mt->i8, base, &index, 1, "");
	LLVMValueRef load = LLVMBuildLoad2(ft->builder, type, address, "");

	set_tbaa(load, ft->mt->tbaa_host, ft->mt);
	return load;
}

/* Two values from two ways into a new block: `early` from `from`, `late` from here. */
static LLVMValueRef join(struct func_translator *ft, LLVMBasicBlockRef block, LLVMValueRef early,
			 LLVMBasicBlockRef from, LLVMValueRef late)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder);
	LLVMValueRef phi;

	LLVMBuildBr(ft->builder, block);
	LLVMPositionBuilderAtEnd(ft->builder, block);
	phi = LLVMBuildPhi(ft->builder, LLVMTypeOf(early), "");
	LLVMAddIncoming(phi, &early, &from, 1);
	LLVMAddIncoming(phi, &late, &here, 1);
	return phi;
}

/* Goes on in a new block where `condition` holds, else to *otherwise, which is new as
 * well. Returns the block that it left. */
static LLVMBasicBlockRef only_if(struct func_translator *ft, LLVMValueRef condition,
				 LLVMBasicBlockRef *otherwise)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(ft->builder), then = new_block(ft, "");

	*otherwise = new_block(ft, "");
	LLVMBuildCondBr(ft->builder, condition, then, *otherwise);
	LLVMPositionBuilderAtEnd(ft->builder, then);
	return here;
}

static LLVMValueRef constant_bool(struct func_translator *ft, bool value)
{
	return LLVMConstInt(ft->mt->i1, value, false);
}

static LLVMValueRef is_listed_ancestor(struct func_translator *ft, LLVMValueRef type,
				       uint32_t type_index)
{
	LLVMBuilderRef b = ft->builder;
	uint64_t subtyping = offsetof(struct walnut_heaptype, subtyping);
	LLVMValueRef wanted = const_u64(ft->mt, ft->mt->wasm->types[type_index].depth);
	LLVMValueRef depth = load_invariant(ft, ft->mt->i64, type, subtyping), ancestors, ancestor, equal;
	LLVMBasicBlockRef done, from;

	from = only_if(ft, LLVMBuildICmp(b, LLVMIntUGT, depth, wanted, ""), &done);
	ancestors = load_invariant(ft, ft->mt->ptr, type,
				   subtyping + offsetof(struct walnut_subtyping, ancestors));
	ancestor = load_invariant(ft, ft->mt->ptr, ancestors,
				  8 * (uint64_t)ft->mt->wasm->types[type_index].depth);
	equal = LLVMBuildICmp(b, LLVMIntEQ, ancestor, descriptor_of(ft->mt, type_index), "");
	return join(ft, done, constant_bool(ft, false), from, equal);
}

LLVMValueRef is_subtype_at_run_time(struct func_translator *ft, LLVMValueRef type, uint32_t type_index)
{
	LLVMValueRef equal = LLVMBuildICmp(ft->builder, LLVMIntEQ, type,
					   descriptor_of(ft->mt, type_index), "");
	LLVMBasicBlockRef done, from;

	if (ft->mt->wasm->types[type_index].final)
		return equal;
	from = only_if(ft, LLVMBuildNot(ft->builder, equal, ""), &done);
	return join(ft, done, constant_bool(ft, true), from, is_listed_ancestor(ft, type, type_index));
}

/* --- references ------------------------------------------------------------------ */

static LLVMValueRef word_of(struct func_translator *ft, LLVMValueRef reference)
{
	return LLVMBuildPtrToInt(ft->builder, reference, ft->mt->i64, "");
}

/* i1: the word's low two bits, masked, are `bits`. */
static LLVMValueRef has_tag(struct func_translator *ft, LLVMValueRef reference, uint64_t mask,
			    uint64_t bits)
{
	LLVMValueRef tag = LLVMBuildAnd(ft->builder, word_of(ft, reference), const_u64(ft->mt, mask), "");

	return LLVMBuildICmp(ft->builder, LLVMIntEQ, tag, const_u64(ft->mt, bits), "");
}

static LLVMValueRef is_object_of_kind(struct func_translator *ft, LLVMValueRef reference, uint32_t kind)
{
	LLVMBasicBlockRef done, from = only_if(ft, has_tag(ft, reference, 3, 0), &done);
	LLVMValueRef type = load_invariant(ft, ft->mt->ptr, reference, 0);
	LLVMValueRef found = load_invariant(ft, ft->mt->i32, type, offsetof(struct walnut_heaptype, kind));
	LLVMValueRef equal = LLVMBuildICmp(ft->builder, LLVMIntEQ, found, const_u32(ft->mt, kind), "");

	return join(ft, done, constant_bool(ft, false), from, equal);
}

static LLVMValueRef is_object_of_type(struct func_translator *ft, LLVMValueRef reference,
				      uint32_t type_index)
{
	LLVMBasicBlockRef done, from = only_if(ft, has_tag(ft, reference, 3, 0), &done);
	LLVMValueRef type = load_invariant(ft, ft->mt->ptr, reference, 0);

	return join(ft, done, constant_bool(ft, false), from, is_subtype_at_run_time(ft, type, type_index));
}

static LLVMValueRef is_of_type(struct func_translator *ft, LLVMValueRef reference, uint32_t type_index)
{
	if (ft->mt->wasm->types[type_index].kind != WASM_COMP_FUNC)
		return is_object_of_type(ft, reference, type_index);
	return is_subtype_at_run_time(
		ft, load_invariant(ft, ft->mt->ptr, reference, offsetof(struct walnut_func, type)),
		type_index);
}

LLVMValueRef reference_is(struct func_translator *ft, LLVMValueRef reference, uint32_t heap)
{
	if (wasm_heap_is_index(heap))
		return is_of_type(ft, reference, heap);
	switch (heap) {
	case WASM_HEAP_EQ: /* all but the host's */
		return LLVMBuildNot(ft->builder, has_tag(ft, reference, 3, 2), "");
	case WASM_HEAP_I31:
		return has_tag(ft, reference, 1, 1);
	case WASM_HEAP_STRUCT:
		return is_object_of_kind(ft, reference, WALNUT_HEAP_STRUCT);
	case WASM_HEAP_ARRAY:
		return is_object_of_kind(ft, reference, WALNUT_HEAP_ARRAY);
	case WASM_HEAP_ANY:
	case WASM_HEAP_EXTERN:
	case WASM_HEAP_FUNC:
	case WASM_HEAP_EXN:
		return constant_bool(ft, true);
	default: /* none, nofunc, noextern, noexn */
		return constant_bool(ft, false);
	}
}

/* i1: whether a reference, null perhaps, has the reference type. */
static LLVMValueRef matches(struct func_translator *ft, LLVMValueRef reference, wasm_valtype type)
{
	LLVMValueRef present = LLVMBuildIsNotNull(ft->builder, reference, "");
	LLVMBasicBlockRef done, from = only_if(ft, present, &done);

	return join(ft, done, constant_bool(ft, wasm_is_nullable(type)), from,
		    reference_is(ft, reference, wasm_heap_of(type)));
}

static void ref_test(struct func_translator *ft, wasm_valtype type)
{
	push(ft, LLVMBuildZExt(ft->builder, matches(ft, pop(ft), type), ft->mt->i32, ""));
}

static void ref_cast(struct func_translator *ft, wasm_valtype type)
{
	LLVMValueRef reference = pop(ft);

	trap_if(ft, LLVMBuildNot(ft->builder, matches(ft, reference, type), ""), WALNUT_TRAP_CAST_FAILURE);
	push(ft, reference);
}

static void br_on_cast(struct func_translator *ft, const struct wasm_instr *instr)
{
	LLVMValueRef reference = pop(ft), hit = matches(ft, reference, instr->br_on_cast.to);

	if (instr->op == WASM_OP_BR_ON_CAST_FAIL)
		hit = LLVMBuildNot(ft->builder, hit, "");
	push(ft, reference);
	branch_if(ft, hit, instr->br_on_cast.label);
}

/* --- i31 ----------------------------------------------------------------------------- */

static LLVMValueRef make_i31(struct func_translator *ft, LLVMValueRef value)
{
	LLVMBuilderRef b = ft->builder;
	/* Bit 31 goes, bit 0 says what it is. */
	LLVMValueRef shifted = LLVMBuildShl(b, value, const_u32(ft->mt, 1), "");
	LLVMValueRef tagged = LLVMBuildOr(b, shifted, const_u32(ft->mt, 1), "");

	return LLVMBuildIntToPtr(b, LLVMBuildZExt(b, tagged, ft->mt->i64, ""), ft->mt->ptr, "");
}

static void i31_get(struct func_translator *ft, bool sign)
{
	LLVMValueRef reference = pop(ft), low;

	trap_if_null(ft, reference);
	low = LLVMBuildTrunc(ft->builder, word_of(ft, reference), ft->mt->i32, "");
	push(ft, sign ? LLVMBuildAShr(ft->builder, low, const_u32(ft->mt, 1), "")
		      : LLVMBuildLShr(ft->builder, low, const_u32(ft->mt, 1), ""));
}

static void ref_eq(struct func_translator *ft)
{
	LLVMValueRef right = pop(ft), left = pop(ft);
	LLVMValueRef equal = LLVMBuildICmp(ft->builder, LLVMIntEQ, left, right, "");

	push(ft, LLVMBuildZExt(ft->builder, equal, ft->mt->i32, ""));
}

bool translate_cast(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_REF_TEST:
		ref_test(ft, WASM_REF_TO(instr->heap_type));
		return true;
	case WASM_OP_REF_TEST_NULL:
		ref_test(ft, WASM_REF_NULL(instr->heap_type));
		return true;
	case WASM_OP_REF_CAST:
		ref_cast(ft, WASM_REF_TO(instr->heap_type));
		return true;
	case WASM_OP_REF_CAST_NULL:
		ref_cast(ft, WASM_REF_NULL(instr->heap_type));
		return true;
	case WASM_OP_BR_ON_CAST:
	case WASM_OP_BR_ON_CAST_FAIL:
		br_on_cast(ft, instr);
		return true;
	case WASM_OP_REF_EQ:
		ref_eq(ft);
		return true;
	case WASM_OP_REF_I31:
		push(ft, make_i31(ft, pop(ft)));
		return true;
	case WASM_OP_I31_GET_S:
	case WASM_OP_I31_GET_U:
		i31_get(ft, instr->op == WASM_OP_I31_GET_S);
		return true;
	case WASM_OP_ANY_CONVERT_EXTERN:
	case WASM_OP_EXTERN_CONVERT_ANY:
		return true; /* one word means the same to both */
	default:
		return false;
	}
}
