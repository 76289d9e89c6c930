/* UTF-8 (RFC 3629, section 4). */
#include "fs/utf8.h"

/* How many bytes follow a leading byte, and what the first of them may be. */
static uint32_t lead(uint8_t byte, uint8_t *low, uint8_t *high)
{
	*low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
	*high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
	if (byte >= 0xc2 && byte <= 0xdf)
		return 1;
	if (byte >= 0xe0 && byte <= 0xef)
		return 2;
	return byte >= 0xf0 && byte <= 0xf4 ? 3 : UINT32_MAX;
}

bool utf8_is_valid(const char *text, uint32_t size)
{
	for (uint32_t at = 0; at < size;) {
		uint8_t byte = (uint8_t)text[at++], low, high;
		uint32_t follow;

		if (byte < 0x80)
			continue;
		follow = lead(byte, &low, &high);
		if (follow > size - at)
			return false;
		for (; follow; follow--) {
			byte = (uint8_t)text[at++];
			if (byte < low || byte > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}
