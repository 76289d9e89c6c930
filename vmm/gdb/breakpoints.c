#include "gdb/breakpoints.h"

#include <errno.h>

#include "vm/guest_mem.h"

#define HLT 0xf4

int breakpoint_insert(struct breakpoints *breakpoints, const struct guest_mem *mem, uint64_t address, uint64_t gpa)
{
	uint8_t *byte = guest_mem_range(mem, gpa, 1);

	if (!byte)
		return -EFAULT;
	for (unsigned i = 0; i < breakpoints->count; i++) {
		if (breakpoints->list[i].address == address || breakpoints->list[i].gpa == gpa)
			return breakpoints->list[i].address == address ? 0 : -EFAULT;
	}
	if (breakpoints->count == BREAKPOINTS_MAX)
		return -ENOSPC;
	breakpoints->list[breakpoints->count++] = (struct breakpoint){ address, gpa, *byte };
	*byte = HLT;
	return 0;
}

static void take_out(struct breakpoints *breakpoints, const struct guest_mem *mem, unsigned index)
{
	uint8_t *byte = guest_mem_range(mem, breakpoints->list[index].gpa, 1);

	/* The program may have written over it. */
	if (byte && *byte == HLT)
		*byte = breakpoints->list[index].original;
	breakpoints->list[index] = breakpoints->list[--breakpoints->count];
}

int breakpoint_remove(struct breakpoints *breakpoints, const struct guest_mem *mem, uint64_t address)
{
	for (unsigned i = 0; i < breakpoints->count; i++) {
		if (breakpoints->list[i].address == address) {
			take_out(breakpoints, mem, i);
			break;
		}
	}
	return 0;
}

void breakpoints_remove_all(struct breakpoints *breakpoints, const struct guest_mem *mem)
{
	while (breakpoints->count)
		take_out(breakpoints, mem, breakpoints->count - 1);
}

bool breakpoint_at(const struct breakpoints *breakpoints, uint64_t address)
{
	for (unsigned i = 0; i < breakpoints->count; i++)
		if (breakpoints->list[i].address == address)
			return true;
	return false;
}

void breakpoints_hide(const struct breakpoints *breakpoints, uint64_t gpa, uint8_t *data, size_t size)
{
	for (unsigned i = 0; i < breakpoints->count; i++) {
		uint64_t offset = breakpoints->list[i].gpa - gpa;

		if (offset < size && data[offset] == HLT)
			data[offset] = breakpoints->list[i].original;
	}
}

void breakpoints_keep(struct breakpoints *breakpoints, uint64_t gpa, uint8_t *data, size_t size)
{
	for (unsigned i = 0; i < breakpoints->count; i++) {
		uint64_t offset = breakpoints->list[i].gpa - gpa;

		if (offset >= size)
			continue;
		breakpoints->list[i].original = data[offset];
		data[offset] = HLT;
	}
}
