/* Linear memories. Memory 0 of a program lies at virtual address zero, further ones side
 * by side from VA_MEMORIES on. Those compiled without bounds checks have guard space
 * behind them as far as an access can reach: what is mapped there is exactly what the
 * program may touch. Those that compiled code checks have address space for what they
 * can become, which RAM limits. */
#include "app_object.h"
#include "exit.h"
#include "lib/text.h"
#include "mem/space.h"
#include "try.h"

#define GUARD_SIZE FRAME_SIZE

static const struct walnut_memory *memory_at_zero;
static uint64_t next_memory = VA_MEMORIES;

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t frame_up(uint64_t size)
{
	return (size + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
}

/* Pages that it may ever have. */
static uint64_t limit_of(const struct walnut_memory *memory)
{
	uint64_t reachable = memory->flags & WALNUT_MEMORY_64 ? space_ram_total() / WALNUT_PAGE_SIZE
							      : WALNUT_MEMORY32_PAGES_MAX;

	return minimum(memory->max_pages, reachable);
}

/* Address space for the memory. False: none left. */
static bool place(struct walnut_memory *memory)
{
	uint64_t size = frame_up(limit_of(memory) * WALNUT_PAGE_SIZE) + GUARD_SIZE;

	if (memory->flags & WALNUT_MEMORY_AT_ZERO) {
		if (memory_at_zero)
			return false;
		memory_at_zero = memory;
		memory->base = NULL;
		return true;
	}
	if (memory->flags & WALNUT_MEMORY_GUARDED)
		size = frame_up(VA_LINEAR_END);
	if (size > VA_HEAP - next_memory)
		return false;
	memory->base = (uint8_t *)next_memory;
	next_memory += size;
	return true;
}

/* What a program has but one of is worth whole frames from the start. */
static bool takes_frames(const struct walnut_memory *memory)
{
	return memory->flags & (WALNUT_MEMORY_AT_ZERO | WALNUT_MEMORY_64);
}

/* Maps `delta` pages behind the first `pages`. memory->host is the frame that
 * space_extend() goes on with. */
static bool back(struct walnut_memory *memory, uint64_t pages, uint64_t delta)
{
	uint64_t begin = pages * WALNUT_PAGE_SIZE, size = delta * WALNUT_PAGE_SIZE, small = 0;
	uint64_t address = (uint64_t)memory->base + begin;

	if (!delta)
		return true;
	if (size > space_ram_left() || size > space_memories_left())
		return false;
	if (!takes_frames(memory) && begin < FRAME_SIZE)
		small = minimum(size, FRAME_SIZE - begin);
	if (small && !space_back(address, small))
		return false;
	if (size == small || space_extend(address + small, size - small, &memory->host)) {
		space_take_memory(size);
		return true;
	}
	if (small)
		space_hide(address, small);
	return false;
}

/* RAM that the memory could have, bytes. */
static uint64_t left_for(const struct walnut_memory *memory)
{
	return takes_frames(memory) ? space_frames_left() : space_ram_left();
}

/* `left`: what left_for() said before the attempt. */
_Noreturn static void refuse(const struct walnut_memory *memory, uint64_t left)
{
	bool fits = memory->pages <= limit_of(memory);
	uint64_t need = memory->pages * WALNUT_PAGE_SIZE;
	char buffer[128];
	struct text text = TEXT_IN(buffer);

	if (runtime_try_active())
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	if (need > space_memories_left()) {
		text_string(&text, "the program needs ");
		text_unsigned(&text, (need + 0xfffff) >> 20);
		text_string(&text, " MiB of memory, its limit leaves ");
		text_unsigned(&text, space_memories_left() >> 20);
		text_string(&text, " MiB");
	} else if (!fits && memory->flags & WALNUT_MEMORY_64) {
		text_string(&text, "the program needs ");
		text_unsigned(&text, memory->pages >> 4);
		text_string(&text, " MiB of memory, more than the VM has");
	} else if (!fits || (takes_frames(memory) ? frame_up(need) : need) <= left) {
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

	if (memory->pages > limit_of(memory) || !place(memory) || !back(memory, 0, memory->pages))
		refuse(memory, left);
}

uint64_t walnut_memory_grow(struct walnut_memory *memory, uint64_t delta)
{
	uint64_t old = memory->pages, limit = limit_of(memory);

	if (old > limit || delta > limit - old || !back(memory, old, delta))
		return UINT64_MAX;
	memory->pages = old + delta;
	memory->size = memory->pages * WALNUT_PAGE_SIZE;
	return old;
}
