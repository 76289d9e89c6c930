/* Vectors of 16 bytes for the programs simd_*.c, as clang's vector extensions, which
 * mean the same on every target, and the few operations that those do not have. */
#ifndef WALNUT_BENCH_VECTOR_H
#define WALNUT_BENCH_VECTOR_H

#include <stdint.h>
#include <string.h>

#ifdef __wasm__
#include <wasm_simd128.h>
#else
#include <immintrin.h>
#endif

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));

static inline u8x16 load_u8x16(const uint8_t *at)
{
	u8x16 value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void store_u8x16(uint8_t *at, u8x16 value)
{
	memcpy(at, &value, sizeof(value));
}

/* table[index] for indices below 16. */
static inline u8x16 look_up(u8x16 table, u8x16 index)
{
#ifdef __wasm__
	return (u8x16)wasm_i8x16_swizzle((v128_t)table, (v128_t)index);
#else
	return (u8x16)_mm_shuffle_epi8((__m128i)table, (__m128i)index);
#endif
}

/* The top bits of the lanes. */
static inline uint32_t top_bits(u8x16 value)
{
#ifdef __wasm__
	return wasm_i8x16_bitmask((v128_t)value);
#else
	return (uint32_t)_mm_movemask_epi8((__m128i)value);
#endif
}

/* Words as bytes, what is above 255 as 255. */
static inline u8x16 narrow(u16x8 low, u16x8 high)
{
#ifdef __wasm__
	return (u8x16)wasm_u8x16_narrow_i16x8((v128_t)low, (v128_t)high);
#else
	return (u8x16)_mm_packus_epi16((__m128i)low, (__m128i)high);
#endif
}

#endif
