/* What firmware tables have as a checksum: the byte that makes the sum of all bytes 0. */
#ifndef WALNUT_VMM_BOOT_CHECKSUM_H
#define WALNUT_VMM_BOOT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t checksum(const void *data, size_t size)
{
	const uint8_t *at = data;
	uint8_t sum = 0;

	while (size-- > 0)
		sum = (uint8_t)(sum + *at++);
	return (uint8_t)-sum;
}

#endif
