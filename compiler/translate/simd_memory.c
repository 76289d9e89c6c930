/* Loads and stores of vectors, whole, widened, splatted or by lane. Each touches
 * exactly the bytes that its instruction names, and traps as scalar ones do. */
#include "simd.h"

/* Half a vector, each of its lanes widened to one of `shape`. */
static void load_extended(struct func_translator *ft, const struct wasm_instr *instr,
			  enum simd_shape shape, bool is_signed)
{
	unsigned count = simd_lane_count(shape), bits = simd_lane_bits(shape) / 2;
	LLVMTypeRef half = LLVMVectorType(LLVMIntTypeInContext(ft->mt->context, bits), count);
	LLVMValueRef lanes = linear_load(ft, instr, half, 8);
	LLVMTypeRef type = simd_type(ft, shape);

	simd_push(ft, is_signed ? LLVMBuildSExt(ft->builder, lanes, type, "")
				: LLVMBuildZExt(ft->builder, lanes, type, ""));
}

static LLVMValueRef load_one(struct func_translator *ft, const struct wasm_instr *instr,
			     enum simd_shape shape)
{
	return linear_load(ft, instr, simd_lane_type(ft, shape), simd_lane_bits(shape) / 8);
}

static void load_splat(struct func_translator *ft, const struct wasm_instr *instr,
		       enum simd_shape shape)
{
	simd_push(ft, simd_splat(ft, shape, load_one(ft, instr, shape)));
}

static void load_zero(struct func_translator *ft, const struct wasm_instr *instr,
		      enum simd_shape shape)
{
	LLVMValueRef zero = LLVMConstNull(simd_type(ft, shape));

	simd_push(ft, LLVMBuildInsertElement(ft->builder, zero, load_one(ft, instr, shape),
					     const_u32(ft->mt, 0), ""));
}

static void load_lane(struct func_translator *ft, const struct wasm_instr *instr,
		      enum simd_shape shape)
{
	LLVMValueRef vector = simd_pop(ft, shape);

	simd_push(ft, LLVMBuildInsertElement(ft->builder, vector, load_one(ft, instr, shape),
					     const_u32(ft->mt, instr->memarg_lane), ""));
}

static void store_lane(struct func_translator *ft, const struct wasm_instr *instr,
		       enum simd_shape shape)
{
	LLVMValueRef lane = LLVMBuildExtractElement(ft->builder, simd_pop(ft, shape),
						    const_u32(ft->mt, instr->memarg_lane), "");

	linear_store(ft, instr, lane, simd_lane_bits(shape) / 8);
}

static bool translate_lane_access(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_V128_LOAD8_LANE:
		load_lane(ft, instr, I8X16);
		return true;
	case WASM_OP_V128_LOAD16_LANE:
		load_lane(ft, instr, I16X8);
		return true;
	case WASM_OP_V128_LOAD32_LANE:
		load_lane(ft, instr, I32X4);
		return true;
	case WASM_OP_V128_LOAD64_LANE:
		load_lane(ft, instr, I64X2);
		return true;
	case WASM_OP_V128_STORE8_LANE:
		store_lane(ft, instr, I8X16);
		return true;
	case WASM_OP_V128_STORE16_LANE:
		store_lane(ft, instr, I16X8);
		return true;
	case WASM_OP_V128_STORE32_LANE:
		store_lane(ft, instr, I32X4);
		return true;
	case WASM_OP_V128_STORE64_LANE:
		store_lane(ft, instr, I64X2);
		return true;
	default:
		return false;
	}
}

bool translate_simd_memory(struct func_translator *ft, const struct wasm_instr *instr)
{
	switch (instr->op) {
	case WASM_OP_V128_LOAD:
		push(ft, linear_load(ft, instr, ft->mt->v128, 16));
		return true;
	case WASM_OP_V128_STORE:
		linear_store(ft, instr, pop(ft), 16);
		return true;
	case WASM_OP_V128_LOAD8X8_S:
	case WASM_OP_V128_LOAD8X8_U:
		load_extended(ft, instr, I16X8, instr->op == WASM_OP_V128_LOAD8X8_S);
		return true;
	case WASM_OP_V128_LOAD16X4_S:
	case WASM_OP_V128_LOAD16X4_U:
		load_extended(ft, instr, I32X4, instr->op == WASM_OP_V128_LOAD16X4_S);
		return true;
	case WASM_OP_V128_LOAD32X2_S:
	case WASM_OP_V128_LOAD32X2_U:
		load_extended(ft, instr, I64X2, instr->op == WASM_OP_V128_LOAD32X2_S);
		return true;
	case WASM_OP_V128_LOAD8_SPLAT:
		load_splat(ft, instr, I8X16);
		return true;
	case WASM_OP_V128_LOAD16_SPLAT:
		load_splat(ft, instr, I16X8);
		return true;
	case WASM_OP_V128_LOAD32_SPLAT:
		load_splat(ft, instr, I32X4);
		return true;
	case WASM_OP_V128_LOAD64_SPLAT:
		load_splat(ft, instr, I64X2);
		return true;
	case WASM_OP_V128_LOAD32_ZERO:
		load_zero(ft, instr, I32X4);
		return true;
	case WASM_OP_V128_LOAD64_ZERO:
		load_zero(ft, instr, I64X2);
		return true;
	default:
		return translate_lane_access(ft, instr);
	}
}
