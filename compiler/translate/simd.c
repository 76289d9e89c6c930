/* What the families of vector instructions share; see simd.h. */
#include "simd.h"

#include <string.h>

unsigned simd_lane_bits(enum simd_shape shape)
{
	static const unsigned char bits[] = {
		[I8X16] = 8, [I16X8] = 16, [I32X4] = 32, [I64X2] = 64, [F32X4] = 32, [F64X2] = 64,
	};

	return bits[shape];
}

unsigned simd_lane_count(enum simd_shape shape)
{
	return 128 / simd_lane_bits(shape);
}

LLVMTypeRef simd_lane_type(struct func_translator *ft, enum simd_shape shape)
{
	if (shape == F32X4)
		return ft->mt->f32;
	if (shape == F64X2)
		return ft->mt->f64;
	return LLVMIntTypeInContext(ft->mt->context, simd_lane_bits(shape));
}

LLVMTypeRef simd_type(struct func_translator *ft, enum simd_shape shape)
{
	return LLVMVectorType(simd_lane_type(ft, shape), simd_lane_count(shape));
}

/* --- Constants ----------------------------------------------------------------- */

static uint64_t load_lane(const uint8_t *bytes, unsigned bits)
{
	uint64_t lane = 0;

	memcpy(&lane, bytes, bits / 8);
	return lane;
}

static LLVMValueRef const_lanes(struct func_translator *ft, const uint8_t bytes[16],
				enum simd_shape shape)
{
	unsigned bits = simd_lane_bits(shape), count = simd_lane_count(shape);
	LLVMTypeRef lane_bits = LLVMIntTypeInContext(ft->mt->context, bits);
	LLVMValueRef lanes[16];

	/* Floats by way of the integer, for a NaN's payload. */
	for (unsigned i = 0; i < count; i++)
		lanes[i] = LLVMConstBitCast(LLVMConstInt(lane_bits, load_lane(bytes + i * bits / 8, bits),
							 false),
					    simd_lane_type(ft, shape));
	return LLVMConstVector(lanes, count);
}

LLVMValueRef simd_const_bytes(struct module_translator *mt, const uint8_t bytes[16])
{
	LLVMValueRef lanes[] = {
		const_u64(mt, load_lane(bytes, 64)),
		const_u64(mt, load_lane(bytes + 8, 64)),
	};

	return LLVMConstVector(lanes, 2);
}

/* The content of a constant vector. False: it is none, or not a plain one. */
static bool constant_content(struct func_translator *ft, LLVMValueRef vector, uint8_t bytes[16])
{
	unsigned size, count;

	if (!LLVMIsAConstantDataVector(vector) && !LLVMIsAConstantAggregateZero(vector))
		return false;
	count = LLVMGetVectorSize(LLVMTypeOf(vector));
	size = 16 / count;
	for (unsigned i = 0; i < count; i++) {
		LLVMTypeRef type = LLVMIntTypeInContext(ft->mt->context, 8 * size);
		LLVMValueRef bits = LLVMConstBitCast(LLVMGetAggregateElement(vector, i), type);
		uint64_t lane = LLVMConstIntGetZExtValue(bits);

		memcpy(bytes + size * i, &lane, size);
	}
	return true;
}

LLVMValueRef simd_const_int(struct func_translator *ft, enum simd_shape shape, uint64_t lane)
{
	LLVMValueRef lanes[16];

	for (unsigned i = 0; i < simd_lane_count(shape); i++)
		lanes[i] = LLVMConstInt(simd_lane_type(ft, shape), lane, false);
	return LLVMConstVector(lanes, simd_lane_count(shape));
}

LLVMValueRef simd_const_real(struct func_translator *ft, enum simd_shape shape, double lane)
{
	LLVMValueRef lanes[4];

	for (unsigned i = 0; i < simd_lane_count(shape); i++)
		lanes[i] = LLVMConstReal(simd_lane_type(ft, shape), lane);
	return LLVMConstVector(lanes, simd_lane_count(shape));
}

/* --- Values -------------------------------------------------------------------- */

LLVMValueRef simd_cast(struct func_translator *ft, LLVMValueRef vector, enum simd_shape shape)
{
	LLVMTypeRef type = simd_type(ft, shape);
	uint8_t bytes[16];

	if (LLVMTypeOf(vector) == type)
		return vector;
	/* There and back again is where one started. */
	if (LLVMIsABitCastInst(vector) && LLVMTypeOf(LLVMGetOperand(vector, 0)) == type)
		return LLVMGetOperand(vector, 0);
	if (constant_content(ft, vector, bytes))
		return const_lanes(ft, bytes, shape);
	return LLVMBuildBitCast(ft->builder, vector, type, "");
}

LLVMValueRef simd_pop(struct func_translator *ft, enum simd_shape shape)
{
	return simd_cast(ft, pop(ft), shape);
}

void simd_push(struct func_translator *ft, LLVMValueRef vector)
{
	push(ft, simd_cast(ft, vector, I64X2));
}

/* The lanes left unset are those that the shuffle does not take. */
LLVMValueRef simd_splat(struct func_translator *ft, enum simd_shape shape, LLVMValueRef lane)
{
	LLVMTypeRef type = simd_type(ft, shape);
	LLVMTypeRef mask_type = LLVMVectorType(ft->mt->i32, simd_lane_count(shape));
	LLVMValueRef none = LLVMGetPoison(type);
	LLVMValueRef one = LLVMBuildInsertElement(ft->builder, none, lane, const_u32(ft->mt, 0), "");

	return LLVMBuildShuffleVector(ft->builder, one, none, LLVMConstNull(mask_type), "");
}

LLVMValueRef simd_some_lanes(struct func_translator *ft, LLVMValueRef vector, unsigned start,
			     unsigned step, unsigned count)
{
	LLVMValueRef mask[8];

	for (unsigned i = 0; i < count; i++)
		mask[i] = const_u32(ft->mt, start + i * step);
	return LLVMBuildShuffleVector(ft->builder, vector, LLVMGetPoison(LLVMTypeOf(vector)),
				      LLVMConstVector(mask, count), "");
}

LLVMValueRef simd_mask(struct func_translator *ft, LLVMValueRef flags, enum simd_shape shape)
{
	return LLVMBuildSExt(ft->builder, flags, simd_type(ft, shape), "");
}

LLVMValueRef simd_x86(struct func_translator *ft, const char *name, LLVMValueRef left,
		      LLVMValueRef right)
{
	LLVMValueRef args[] = { left, right };

	return build_intrinsic(ft, name, NULL, args, right ? 2 : 1);
}

bool translate_simd(struct func_translator *ft, const struct wasm_instr *instr)
{
	return translate_simd_memory(ft, instr) || translate_simd_lane(ft, instr) ||
	       translate_simd_integer(ft, instr) || translate_simd_widen(ft, instr) ||
	       translate_simd_float(ft, instr) || translate_simd_convert(ft, instr) ||
	       translate_simd_relaxed(ft, instr);
}
