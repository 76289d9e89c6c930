/* Vector instructions, inside view: core spec 3.0, section 4.3.6.
 *
 * A v128 on the operand stack, in a local or in a signature is a <2 x i64>. An
 * instruction takes its operands as lanes of the shape it works on and pushes lanes
 * of any shape; LLVM drops the bit casts between them. Where x86 has the very
 * instruction and LLVM no operation of that meaning, its intrinsic is used: SSE4.1 is
 * what backend.c always has. Nothing here may be poison: its intrinsics are exact for
 * every operand, and plain operations are guarded where they are not. */
#ifndef WALNUT_COMPILER_SIMD_H
#define WALNUT_COMPILER_SIMD_H

#include "translate.h"

enum simd_shape { I8X16, I16X8, I32X4, I64X2, F32X4, F64X2 };

/* simd.c */
LLVMTypeRef simd_type(struct func_translator *ft, enum simd_shape shape);
LLVMTypeRef simd_lane_type(struct func_translator *ft, enum simd_shape shape);
unsigned simd_lane_count(enum simd_shape shape);
unsigned simd_lane_bits(enum simd_shape shape);
/* The vector on top of the stack, and a vector back. */
LLVMValueRef simd_pop(struct func_translator *ft, enum simd_shape shape);
void simd_push(struct func_translator *ft, LLVMValueRef vector);
LLVMValueRef simd_cast(struct func_translator *ft, LLVMValueRef vector, enum simd_shape shape);
/* A constant with all lanes equal. */
LLVMValueRef simd_const_int(struct func_translator *ft, enum simd_shape shape, uint64_t lane);
LLVMValueRef simd_const_real(struct func_translator *ft, enum simd_shape shape, double lane);
LLVMValueRef simd_const_bytes(struct module_translator *mt, const uint8_t bytes[16]);
LLVMValueRef simd_splat(struct func_translator *ft, enum simd_shape shape, LLVMValueRef lane);
/* `count` lanes from `start` on, `step` apart, as a vector of its own. */
LLVMValueRef simd_some_lanes(struct func_translator *ft, LLVMValueRef vector, unsigned start,
			     unsigned step, unsigned count);
/* Lanes of all ones or all zeros from a vector of i1. */
LLVMValueRef simd_mask(struct func_translator *ft, LLVMValueRef flags, enum simd_shape shape);
/* An x86 intrinsic, which is not overloaded. */
LLVMValueRef simd_x86(struct func_translator *ft, const char *name, LLVMValueRef left,
		      LLVMValueRef right);

/* simd_float.c: a constant that LLVM would take for an identity (numeric_float.c), hidden. */
LLVMValueRef simd_hide_identity(struct func_translator *ft, LLVMValueRef vector);
/* MINPS, MAXPS and so on: left if it is the smaller or larger one, else right, also
 * where one is a NaN. */
LLVMValueRef simd_float_min(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right);
LLVMValueRef simd_float_max(struct func_translator *ft, LLVMValueRef left, LLVMValueRef right);

/* The families */
bool translate_simd_memory(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_lane(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_integer(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_widen(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_float(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_convert(struct func_translator *ft, const struct wasm_instr *instr);
bool translate_simd_relaxed(struct func_translator *ft, const struct wasm_instr *instr);

#endif
