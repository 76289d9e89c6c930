/* A table of lead bytes would be shorter; the ranges read like the standard (Unicode,
 * table 3-7). */
#include "wasm/utf8.h"

/* Length of the sequence that starts with `lead`, 0 if none does, and the range of
 * its second byte, which is where overlong forms, surrogates and values beyond
 * U+10FFFF show. */
static unsigned sequence_length(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = 0x80;
	*high = 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0) {
		if (lead == 0xe0)
			*low = 0xa0;
		if (lead == 0xed)
			*high = 0x9f;
		return 3;
	}
	if (lead < 0xf5) {
		if (lead == 0xf0)
			*low = 0x90;
		if (lead == 0xf4)
			*high = 0x8f;
		return 4;
	}
	return 0;
}

bool wasm_utf8_valid(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint8_t low, high;
		unsigned length = sequence_length(bytes[at], &low, &high);

		if (!length || length > size - at)
			return false;
		if (length > 1 && (bytes[at + 1] < low || bytes[at + 1] > high))
			return false;
		for (unsigned i = 2; i < length; i++) {
			if ((bytes[at + i] & 0xc0) != 0x80)
				return false;
		}
		at += length;
	}
	return true;
}
