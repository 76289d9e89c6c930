/* Linear memories. Memory 0 of a program lies at virtual address zero with guard
 * space behind, compiled without bounds checks: what is mapped is exactly what the
 * program may touch. Other memories are checked by compiled code and lie side by
 * side from VA_MEMORIES on, each with address space for its maximum. */
#include "app_object.h"
#include "exit.h"
#include "lib/text.h"
#include "mem/space.h"
#include "try.h"

#define PAGES_MAX UINT64_C(65536) /* 32-bit indices */
#define GUARD_SIZE FRAME_SIZE

static const struct walnut_memory *memory_at_zero;
static uint64_t frame_at_zero; /* the last one begun, for space_extend() */
static uint64_t next_memory = VA_MEMORIES;

/* Address space for the memory. False: none left. */
static bool place(struct walnut_memory *memory)
{
	uint64_t limit = memory->max_pages < PAGES_MAX ? memory->max_pages : PAGES_MAX;
	uint64_t size = (limit * WALNUT_PAGE_SIZE + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);

	if (memory->flags & WALNUT_MEMORY_AT_ZERO) {
		if (memory_at_zero)
			return false;
		memory_at_zero = memory;
		memory->base = NULL;
		return true;
	}
	if (size + GUARD_SIZE > VA_HEAP - next_memory)
		return false;
	memory->base = (uint8_t *)next_memory;
	next_memory += size + GUARD_SIZE;
	return true;
}

/* Maps `delta` pages behind the first `pages`. */
static bool back(struct walnut_memory *memory, uint64_t pages, uint64_t delta)
{
	uint64_t address = (uint64_t)memory->base + pages * WALNUT_PAGE_SIZE;
	uint64_t size = delta * WALNUT_PAGE_SIZE;

	if (!delta)
		return true;
	if (size > space_ram_left())
		return false;
	if (memory->flags & WALNUT_MEMORY_AT_ZERO)
		return space_extend(address, size, &frame_at_zero);
	return space_back(address, size);
}

/* RAM that the memory could have, bytes: one at address zero takes whole frames. */
static uint64_t left_for(const struct walnut_memory *memory)
{
	return memory->flags & WALNUT_MEMORY_AT_ZERO ? space_frames_left() : space_ram_left();
}

/* `left`: what left_for() said before the attempt. */
_Noreturn static void refuse(const struct walnut_memory *memory, uint64_t left)
{
	uint64_t need = memory->pages * WALNUT_PAGE_SIZE;
	char buffer[128];
	struct text text = TEXT_IN(buffer);

	if (runtime_try_active())
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	if (memory->flags & WALNUT_MEMORY_AT_ZERO)
		need = (need + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
	if (memory->pages > PAGES_MAX || need <= left) {
		text_string(&text, "the program's memories need more address space than there is");
	} else {
		text_string(&text, "the program needs ");
		text_unsigned(&text, (need + 0xfffff) >> 20);
		text_string(&text, " MiB of memory, the VM's RAM has ");
		text_unsigned(&text, left >> 20);
		text_string(&text, " MiB left for it: raise --mem");
	}
	runtime_fail(buffer, text.used);
}

void walnut_memory_init(struct walnut_memory *memory)
{
	uint64_t left = left_for(memory);

	if (memory->pages > PAGES_MAX || !place(memory) || !back(memory, 0, memory->pages))
		refuse(memory, left);
}

uint64_t walnut_memory_grow(struct walnut_memory *memory, uint64_t delta)
{
	uint64_t old = memory->pages;
	uint64_t limit = memory->max_pages < PAGES_MAX ? memory->max_pages : PAGES_MAX;

	if (old > limit || delta > limit - old || !back(memory, old, delta))
		return UINT64_MAX;
	memory->pages = old + delta;
	return old;
}
