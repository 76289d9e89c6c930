/* memcpy and its kin. memory.copy and memory.fill of the app end here, so both ends
 * of the size range matter: short ones go through overlapping vector accesses
 * without a loop, long ones through the string instructions, which every processor
 * of the last decade runs at full bandwidth. */
#include "lib/string.h"

#include <emmintrin.h>
#include <stdint.h>

/* Else the compiler would see the loops for what they are and call this file. */
#define NO_RECURSION __attribute__((no_builtin("memcpy", "memmove", "memset", "strlen", "bcmp")))

/* By way of two macros: the unit test gives these functions other names. */
#define ALIAS_TEXT(name) __attribute__((alias(#name)))
#define ALIAS_OF(name) ALIAS_TEXT(name)

#define STRING_INSTRUCTION_MIN 1024 /* from here on rep movsb beats a loop */

/* Fixed-size accesses without alignment; they compile to one instruction. */
#define DEFINE_ACCESS(bits)                                                    \
	struct __attribute__((packed, may_alias)) unaligned_##bits {           \
		uint##bits##_t value;                                          \
	};                                                                     \
	static inline uint##bits##_t load_##bits(const uint8_t *from)          \
	{                                                                      \
		return ((const struct unaligned_##bits *)from)->value;         \
	}                                                                      \
	static inline void store_##bits(uint8_t *to, uint##bits##_t value)     \
	{                                                                      \
		((struct unaligned_##bits *)to)->value = value;                \
	}

DEFINE_ACCESS(16)
DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

static inline __m128i load_128(const uint8_t *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

static inline void store_128(uint8_t *to, __m128i value)
{
	_mm_storeu_si128((__m128i *)to, value);
}

/* Up to 32 bytes; everything is loaded before anything is stored. */
static inline void move_short(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 16) {
		__m128i head = load_128(from), tail = load_128(from + size - 16);

		store_128(to, head);
		store_128(to + size - 16, tail);
	} else if (size >= 8) {
		uint64_t head = load_64(from), tail = load_64(from + size - 8);

		store_64(to, head);
		store_64(to + size - 8, tail);
	} else if (size >= 4) {
		uint32_t head = load_32(from), tail = load_32(from + size - 4);

		store_32(to, head);
		store_32(to + size - 4, tail);
	} else if (size >= 2) {
		uint16_t head = load_16(from), tail = load_16(from + size - 2);

		store_16(to, head);
		store_16(to + size - 2, tail);
	} else if (size == 1) {
		*to = *from;
	}
}

/* For to < from, or no overlap; more than 64 bytes. The last 64 are saved first: the loop
 * may overwrite their source. Four registers at a time, and no loop for what is left. */
NO_RECURSION static void move_up(uint8_t *to, const uint8_t *from, size_t size)
{
	const uint8_t *last = from + size - 64;
	__m128i e = load_128(last), f = load_128(last + 16);
	__m128i g = load_128(last + 32), h = load_128(last + 48);
	uint8_t *end = to + size - 64;

	for (; to < end; to += 64, from += 64) {
		__m128i a = load_128(from), b = load_128(from + 16);
		__m128i c = load_128(from + 32), d = load_128(from + 48);

		store_128(to, a);
		store_128(to + 16, b);
		store_128(to + 32, c);
		store_128(to + 48, d);
	}
	store_128(end, e);
	store_128(end + 16, f);
	store_128(end + 32, g);
	store_128(end + 48, h);
}

NO_RECURSION static void move_down(uint8_t *to, const uint8_t *from, size_t size)
{
	__m128i e = load_128(from), f = load_128(from + 16);
	__m128i g = load_128(from + 32), h = load_128(from + 48);

	for (size_t at = size; at > 64; at -= 64) {
		__m128i a = load_128(from + at - 16), b = load_128(from + at - 32);
		__m128i c = load_128(from + at - 48), d = load_128(from + at - 64);

		store_128(to + at - 16, a);
		store_128(to + at - 32, b);
		store_128(to + at - 48, c);
		store_128(to + at - 64, d);
	}
	store_128(to, e);
	store_128(to + 16, f);
	store_128(to + 32, g);
	store_128(to + 48, h);
}

/* 33 to 64 bytes, 65 to 128: as move_short(). */
static inline void move_64(uint8_t *to, const uint8_t *from, size_t size)
{
	__m128i a = load_128(from), b = load_128(from + 16);
	__m128i c = load_128(from + size - 32), d = load_128(from + size - 16);

	store_128(to, a);
	store_128(to + 16, b);
	store_128(to + size - 32, c);
	store_128(to + size - 16, d);
}

static inline void move_128(uint8_t *to, const uint8_t *from, size_t size)
{
	__m128i a = load_128(from), b = load_128(from + 16);
	__m128i c = load_128(from + 32), d = load_128(from + 48);
	__m128i e = load_128(from + size - 64), f = load_128(from + size - 48);
	__m128i g = load_128(from + size - 32), h = load_128(from + size - 16);

	store_128(to, a);
	store_128(to + 16, b);
	store_128(to + 32, c);
	store_128(to + 48, d);
	store_128(to + size - 64, e);
	store_128(to + size - 48, f);
	store_128(to + size - 32, g);
	store_128(to + size - 16, h);
}

NO_RECURSION void *memmove(void *to_pointer, const void *from_pointer, size_t size)
{
	uint8_t *to = to_pointer;
	const uint8_t *from = from_pointer;
	size_t distance = (size_t)((uintptr_t)to - (uintptr_t)from);

	if (size <= 32) {
		move_short(to, from, size);
	} else if (size <= 64) {
		move_64(to, from, size);
	} else if (size <= 128) {
		move_128(to, from, size);
	} else if (distance < size) {
		move_down(to, from, size);
	} else if (size >= STRING_INSTRUCTION_MIN && 0 - distance >= size) {
		void *cursor = to;

		__asm__ volatile("rep movsb" : "+D"(cursor), "+S"(from), "+c"(size) : : "memory");
	} else {
		move_up(to, from, size);
	}
	return to_pointer;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
	ALIAS_OF(memmove);

/* 16 bytes or more. */
NO_RECURSION static void fill_up(uint8_t *to, __m128i wide, size_t size)
{
	uint8_t *end = to + size - 16;

	if (size <= 32) {
		store_128(to, wide);
	} else if (size <= 64) {
		store_128(to, wide);
		store_128(to + 16, wide);
		store_128(end - 16, wide);
	} else {
		for (; to < end - 48; to += 64) {
			store_128(to, wide);
			store_128(to + 16, wide);
			store_128(to + 32, wide);
			store_128(to + 48, wide);
		}
		store_128(end - 48, wide);
		store_128(end - 32, wide);
		store_128(end - 16, wide);
	}
	store_128(end, wide);
}

NO_RECURSION void *memset(void *to_pointer, int value, size_t size)
{
	uint8_t *to = to_pointer;
	uint64_t pattern = 0x0101010101010101u * (uint8_t)value;

	if (size >= STRING_INSTRUCTION_MIN) {
		void *cursor = to;

		__asm__ volatile("rep stosb" : "+D"(cursor), "+c"(size) : "a"(value) : "memory");
	} else if (size >= 16) {
		fill_up(to, _mm_set1_epi8((char)value), size);
	} else if (size >= 8) {
		store_64(to, pattern);
		store_64(to + size - 8, pattern);
	} else if (size >= 4) {
		store_32(to, (uint32_t)pattern);
		store_32(to + size - 4, (uint32_t)pattern);
	} else {
		for (size_t at = 0; at < size; at++)
			to[at] = (uint8_t)value;
	}
	return to_pointer;
}

NO_RECURSION int memcmp(const void *left_pointer, const void *right_pointer, size_t size)
{
	const uint8_t *left = left_pointer, *right = right_pointer;

	for (size_t at = 0; at < size; at++) {
		if (left[at] != right[at])
			return left[at] - right[at];
	}
	return 0;
}

int bcmp(const void *left, const void *right, size_t size) ALIAS_OF(memcmp);

NO_RECURSION size_t strlen(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}
