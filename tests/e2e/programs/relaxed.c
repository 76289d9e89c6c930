/* What the relaxed vector instructions give where the specification leaves a choice:
 * once with operands that no compiler knows, once with ones that every compiler knows. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasm_simd128.h>

static v128_t hidden(v128_t value)
{
	v128_t volatile place = value;

	return place;
}

static void print(const char *name, v128_t unknown, v128_t known)
{
	uint8_t bytes[16];

	if (wasm_v128_any_true(wasm_v128_xor(unknown, known))) {
		printf("%s depends on what the compiler knows\n", name);
		return;
	}
	wasm_v128_store(bytes, known);
	printf("%s ", name);
	for (int i = 15; i >= 0; i--)
		printf("%02x", bytes[i]);
	puts("");
}

#define UNARY(name, f, a) print(name, f(hidden(a)), f(a))
#define BINARY(name, f, a, b) print(name, f(hidden(a), hidden(b)), f(a, b))
#define TERNARY(name, f, a, b, c) print(name, f(hidden(a), hidden(b), hidden(c)), f(a, b, c))

int main(void)
{
	v128_t count = wasm_i8x16_const(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	v128_t indices = wasm_i8x16_const(15, 16, 31, 127, -128, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	v128_t floats = wasm_f32x4_const(1.5f, -3e9f, 3e9f, __builtin_nanf(""));
	v128_t zeros = wasm_f32x4_const(0.0f, -0.0f, 2.0f, 1.0f);
	v128_t others = wasm_f32x4_const(-0.0f, 0.0f, 1.0f, __builtin_nanf(""));
	v128_t mask = wasm_i32x4_const((int)0x80000000, 0x7fffffff, -1, 0x00ff80f0);
	v128_t words = wasm_i16x8_const(-32768, -32768, 32767, 1, 2, 3, 4, 5);
	v128_t bytes = wasm_i8x16_const(-128, -128, 127, 127, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	v128_t sevens = wasm_i8x16_const(-1, -1, -1, -1, 127, 127, 1, 1, 0, 1, 2, 3, 4, 5, 6, 7);
	v128_t near_one = wasm_f32x4_splat(0x1.000004p+0f), near_two = wasm_f32x4_splat(0x1.0002p+0f);
	v128_t minus = wasm_f32x4_splat(-0x1.000204p+0f);

	BINARY("swizzle", wasm_i8x16_swizzle, count, indices);
	BINARY("relaxed_swizzle", wasm_i8x16_relaxed_swizzle, count, indices);
	UNARY("trunc_s", wasm_i32x4_relaxed_trunc_f32x4, floats);
	UNARY("trunc_u", wasm_u32x4_relaxed_trunc_f32x4, floats);
	BINARY("min", wasm_f32x4_relaxed_min, zeros, others);
	BINARY("max", wasm_f32x4_relaxed_max, zeros, others);
	TERNARY("laneselect8", wasm_i8x16_relaxed_laneselect, count, words, mask);
	TERNARY("laneselect16", wasm_i16x8_relaxed_laneselect, count, words, mask);
	TERNARY("laneselect32", wasm_i32x4_relaxed_laneselect, count, words, mask);
	TERNARY("laneselect64", wasm_i64x2_relaxed_laneselect, count, words, mask);
	BINARY("q15mulr", wasm_i16x8_relaxed_q15mulr, words, words);
	BINARY("dot", wasm_i16x8_relaxed_dot_i8x16_i7x16, bytes, sevens);
	TERNARY("dot_add", wasm_i32x4_relaxed_dot_i8x16_i7x16_add, bytes, sevens, words);
	TERNARY("madd", wasm_f32x4_relaxed_madd, near_one, near_two, minus);
	TERNARY("nmadd", wasm_f32x4_relaxed_nmadd, near_one, near_two, wasm_f32x4_neg(minus));
	return 0;
}
