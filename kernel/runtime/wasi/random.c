/* random_get. */
#include "virtio/entropy.h"

#include "wasi/guest.h"

WASI_EXPORT(random_get, uint32_t buffer, uint32_t size);

uint32_t wasi_random_get(uint32_t buffer, uint32_t size)
{
	uint8_t *to;

	if (!guest_range(buffer, size, &to))
		return WASI_EFAULT;
	return entropy_get(to, size) ? WASI_SUCCESS : WASI_EIO;
}
