/* Checked access to linear memory; see guest.h. */
#include "wasi/guest.h"

#include "lib/string.h"

static const struct walnut_memory *guest_memory;

void guest_set_memory(const struct walnut_memory *memory)
{
	guest_memory = memory;
}

bool guest_range(uint32_t address, uint64_t size, uint8_t **out)
{
	uint64_t limit;

	if (!guest_memory)
		return false;
	limit = guest_memory->pages * WALNUT_PAGE_SIZE;
	if (address > limit || size > limit - address)
		return false;
	*out = (uint8_t *)((uintptr_t)guest_memory->base + address);
	return true;
}

bool guest_read(uint32_t address, void *to, uint32_t size)
{
	uint8_t *from;

	if (!guest_range(address, size, &from))
		return false;
	memcpy(to, from, size);
	return true;
}

bool guest_write(uint32_t address, const void *from, uint32_t size)
{
	uint8_t *to;

	if (!guest_range(address, size, &to))
		return false;
	memcpy(to, from, size);
	return true;
}

bool guest_write_u32(uint32_t address, uint32_t value)
{
	return guest_write(address, &value, sizeof(value));
}

bool guest_write_u64(uint32_t address, uint64_t value)
{
	return guest_write(address, &value, sizeof(value));
}

bool guest_path(uint32_t address, uint32_t size, struct vfs_name *path)
{
	uint8_t *text;

	if (!guest_range(address, size, &text))
		return false;
	*path = (struct vfs_name){ (const char *)text, size };
	return true;
}

bool guest_iovec(uint32_t array, uint32_t index, uint8_t **out, uint32_t *size)
{
	uint64_t offset = (uint64_t)index * sizeof(struct wasi_iovec);
	struct wasi_iovec iovec;
	uint8_t *all;

	if (!guest_range(array, offset + sizeof(iovec), &all))
		return false;
	memcpy(&iovec, (const void *)((uintptr_t)all + offset), sizeof(iovec));
	*size = iovec.size;
	return guest_range(iovec.address, iovec.size, out);
}

uint32_t guest_check_iovecs(uint32_t array, uint32_t count, uint32_t *total)
{
	uint32_t size;
	uint8_t *data;

	*total = 0;
	if (!guest_range(array, (uint64_t)count * sizeof(struct wasi_iovec), &data))
		return WASI_EFAULT;
	for (uint32_t i = 0; i < count; i++) {
		if (!guest_iovec(array, i, &data, &size))
			return WASI_EFAULT;
		if (__builtin_add_overflow(*total, size, total))
			return WASI_EINVAL;
	}
	return WASI_SUCCESS;
}
