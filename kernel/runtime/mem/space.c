/* The runtime's address space; see space.h. Owns the page allocator's state. */
#include "mem/space.h"

#include "lib/string.h"

#define SPACE_END VA_DEVICES
#define ARENA_SIZE 8192
#define LOW_MEMORY_END 0x100000
#define FRAMES_AT_ZERO ((UINT64_C(4) << 30) / FRAME_SIZE)

static struct pages ram;
static uint64_t memories_left = UINT64_MAX;
static uint64_t next_address = VA_HEAP;
static uint64_t next_device = VA_DEVICES;
static bool ram_is_zero;
/* The frames that space_extend() put at the first 4 GiB of addresses, by number; 0: none. */
static uint32_t frames_at_zero[FRAMES_AT_ZERO];

static uint64_t page_up(uint64_t value)
{
	return (value + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void space_init(const struct nucleus_info *info)
{
	const struct nucleus_range kept[] = {
		{ info->command_line, info->command_line_max },
		{ info->initrd, info->initrd_size },
	};

	pages_init(&ram, info->ram, info->ram_count, kept, 2);
}

void space_set_zeroed(bool zeroed)
{
	ram_is_zero = zeroed;
}

static bool map(uint64_t address, uint64_t physical, uint64_t size, uint64_t flags)
{
	return nucleus_call(NUCLEUS_MAP, address, physical, size, flags) >= 0;
}

/* Firmware may have left something in RAM, and any VMM's boot leaves tables in low
 * memory. Reading first keeps the host from reserving what is zero already. */
static void clear(uint64_t address, uint64_t physical, uint64_t size)
{
	uint64_t *word = (uint64_t *)address, *end = (uint64_t *)(address + size);

	if (ram_is_zero && physical >= LOW_MEMORY_END)
		return;
	for (; word != end; word++) {
		/* The first page of linear memory 0 lies at NULL. */
		__asm__("" : "+r"(word));
		if (*word)
			*word = 0;
	}
}

const void *space_show(uint64_t start, uint64_t size)
{
	uint64_t offset = start % PAGE_SIZE, end;
	char *address;

	if (!size || __builtin_add_overflow(start, size, &end) || end > UINT64_MAX - PAGE_SIZE)
		return NULL;
	address = nucleus_direct(start, size);
	if (address)
		return address;
	address = space_reserve(offset + size);
	if (!address || !map((uint64_t)address, start - offset, page_up(offset + size), 0))
		return NULL;
	return address + offset;
}

volatile void *space_device(uint64_t start, uint64_t size)
{
	uint64_t offset = start % PAGE_SIZE, address = next_device, end;

	if (!size || __builtin_add_overflow(start, size, &end) || end > UINT64_MAX - PAGE_SIZE ||
	    size > VA_KERNEL - next_device - 2 * PAGE_SIZE)
		return NULL;
	if (nucleus_direct(start, size))
		return nucleus_direct(start, size);
	size = page_up(offset + size);
	if (nucleus_call(NUCLEUS_MMIO_MAP, address, start - offset, size, 0) < 0)
		return NULL;
	next_device += size;
	return (volatile void *)(address + offset);
}

void *space_reserve(uint64_t size)
{
	uint64_t address = next_address;

	if (size >= FRAME_SIZE)
		address = (address + FRAME_SIZE - 1) & ~(FRAME_SIZE - 1);
	if (size > SPACE_END - address)
		return NULL;
	next_address = address + page_up(size);
	return (void *)address;
}

/* RAM for the first part of [address, address + size): as much in one piece as
 * can be had. Returns its size, 0: none. */
static uint64_t take_piece(uint64_t address, uint64_t size, uint64_t *physical)
{
	uint64_t piece;

	if (address % FRAME_SIZE == 0 && size >= FRAME_SIZE) {
		piece = size & ~(FRAME_SIZE - 1);
		*physical = pages_take(&ram, piece, FRAME_SIZE);
		if (*physical != PAGES_NONE)
			return piece;
		*physical = pages_take(&ram, FRAME_SIZE, FRAME_SIZE);
		if (*physical != PAGES_NONE)
			return FRAME_SIZE;
	}
	piece = minimum(size, FRAME_SIZE - address % FRAME_SIZE);
	for (; piece >= PAGE_SIZE; piece = piece / 2 & ~(PAGE_SIZE - 1)) {
		*physical = pages_take(&ram, piece, PAGE_SIZE);
		if (*physical != PAGES_NONE)
			return piece;
	}
	return 0;
}

void space_hide(uint64_t address, uint64_t size)
{
	nucleus_call(NUCLEUS_UNMAP, address, size, 0, 0);
}

bool space_back(uint64_t address, uint64_t size)
{
	uint64_t begin = address;

	while (size) {
		uint64_t physical, piece = take_piece(address, size, &physical);

		if (!piece || !map(address, physical, piece, NUCLEUS_MAP_WRITE)) {
			/* Part of the last piece may be there. */
			space_hide(begin, address - begin + piece);
			return false;
		}
		clear(address, physical, piece);
		address += piece;
		size -= piece;
	}
	return true;
}

bool space_extend(uint64_t address, uint64_t size, uint64_t *frame)
{
	uint64_t end = address + size, first_frame = *frame;
	uint64_t begun = (address + FRAME_SIZE - 1) / FRAME_SIZE;

	if ((end + FRAME_SIZE - 1) / FRAME_SIZE - begun > pages_frames_left(&ram))
		return false;
	for (uint64_t at = address; at < end;) {
		uint64_t offset = at % FRAME_SIZE, piece = minimum(end - at, FRAME_SIZE - offset);
		bool mapped;

		if (!offset)
			*frame = pages_take_frame(&ram);
		if (at < FRAMES_AT_ZERO * FRAME_SIZE)
			frames_at_zero[at / FRAME_SIZE] = (uint32_t)(*frame / FRAME_SIZE);
		if (offset && offset + piece == FRAME_SIZE) {
			/* Full now: one 2 MiB page instead of many small ones. */
			mapped = map(at - offset, *frame, FRAME_SIZE, NUCLEUS_MAP_WRITE);
		} else {
			mapped = map(at, *frame + offset, piece, NUCLEUS_MAP_WRITE);
		}
		if (!mapped) {
			/* Out of page tables. What a module may not see goes away. */
			space_hide(address, at - address);
			*frame = first_frame;
			return false;
		}
		clear(at, *frame + offset, piece);
		at += piece;
	}
	return true;
}

void *space_allocate(size_t size)
{
	static char arena[ARENA_SIZE] __attribute__((aligned(16)));
	static size_t used;
	void *memory;

	if (size > SIZE_MAX - 16)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (size <= ARENA_SIZE - used) {
		memory = arena + used;
		used += size;
		return memory;
	}
	memory = space_reserve(size);
	if (!memory || !space_back((uint64_t)memory, page_up(size)))
		return NULL;
	return memory;
}

uint64_t space_physical(const void *object)
{
	return (uint64_t)object - VA_KERNEL;
}

uint64_t space_run(const void *address, uint64_t *physical)
{
	uint64_t at = (uint64_t)address, run = FRAME_SIZE - at % FRAME_SIZE;

	if (at >= FRAMES_AT_ZERO * FRAME_SIZE || !frames_at_zero[at / FRAME_SIZE])
		return 0;
	*physical = frames_at_zero[at / FRAME_SIZE] * FRAME_SIZE + at % FRAME_SIZE;
	return run;
}

uint64_t space_ram_total(void)
{
	return ram.total;
}

uint64_t space_ram_used(void)
{
	return ram.handed_out;
}

uint64_t space_ram_left(void)
{
	return pages_left(&ram);
}

void space_limit_memories(uint64_t size)
{
	memories_left = size;
}

uint64_t space_memories_left(void)
{
	return memories_left;
}

void space_take_memory(uint64_t size)
{
	memories_left -= size;
}

uint64_t space_frames_left(void)
{
	return pages_frames_left(&ram) * FRAME_SIZE;
}
