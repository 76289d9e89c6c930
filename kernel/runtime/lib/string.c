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

/* For to < from, or no overlap. The last 16 bytes are saved first: the loop may
 * overwrite their source. */
NO_RECURSION static void move_up(uint8_t *to, const uint8_t *from, size_t size)
{
	__m128i tail = load_128(from + size - 16);
	uint8_t *end = to + size - 16;

	for (; to < end; to += 16, from += 16)
		store_128(to, load_128(from));
	store_128(end, tail);
}

NO_RECURSION static void move_down(uint8_t *to, const uint8_t *from, size_t size)
{
	__m128i head = load_128(from);

	for (size_t at = size; at > 16; at -= 16)
		store_128(to + at - 16, load_128(from + at - 16));
	store_128(to, head);
}

NO_RECURSION void *memmove(void *to_pointer, const void *from_pointer, size_t size)
{
	uint8_t *to = to_pointer;
	const uint8_t *from = from_pointer;
	size_t distance = (size_t)((uintptr_t)to - (uintptr_t)from);

	if (size <= 32) {
		move_short(to, from, size);
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

NO_RECURSION void *memset(void *to_pointer, int value, size_t size)
{
	uint8_t *to = to_pointer;
	uint64_t pattern = 0x0101010101010101u * (uint8_t)value;

	if (size >= STRING_INSTRUCTION_MIN) {
		void *cursor = to;

		__asm__ volatile("rep stosb" : "+D"(cursor), "+c"(size) : "a"(value) : "memory");
	} else if (size >= 16) {
		__m128i wide = _mm_set1_epi8((char)value);

		for (size_t at = 0; at < size - 16; at += 16)
			store_128(to + at, wide);
		store_128(to + size - 16, wide);
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
