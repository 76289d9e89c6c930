/* The page allocator; see pages.h. Pure: addresses in, addresses out. */
#include "mem/pages.h"

#include "lib/string.h"

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static void add_range(struct pages *pages, uint64_t low, uint64_t high)
{
	if (low >= high || pages->count == PAGES_RANGES_MAX)
		return;
	pages->ranges[pages->count++] = (struct pages_range){ low, high };
	pages->total += high - low;
}

/* Adds RAM, in two parts: what lies before its first frame serves small needs. */
static void add_ram(struct pages *pages, uint64_t low, uint64_t high)
{
	uint64_t frame = align_up(low, FRAME_SIZE);

	if (frame >= high) {
		add_range(pages, low, high);
	} else {
		add_range(pages, frame, high);
		add_range(pages, low, frame);
	}
}

/* Adds RAM but for what overlaps `kept`. */
static void add_ram_around(struct pages *pages, uint64_t low, uint64_t high,
			   const struct nucleus_range *kept, uint32_t kept_count)
{
	for (uint32_t i = 0; i < kept_count; i++) {
		uint64_t start = kept[i].start & ~(PAGE_SIZE - 1);
		uint64_t end = align_up(kept[i].start + kept[i].size, PAGE_SIZE);

		if (!kept[i].size || end <= low || start >= high)
			continue;
		if (start > low)
			add_ram_around(pages, low, start, kept + i + 1, kept_count - i - 1);
		if (end >= high)
			return;
		low = end;
	}
	if (low < high)
		add_ram(pages, low, high);
}

void pages_init(struct pages *pages, const struct nucleus_range *ram, uint32_t ram_count,
		const struct nucleus_range *kept, uint32_t kept_count)
{
	uint32_t biggest = 0;

	memset(pages, 0, sizeof(*pages));
	if (ram_count > NUCLEUS_RAM_MAX)
		ram_count = NUCLEUS_RAM_MAX;
	for (uint32_t i = 0; i < ram_count; i++)
		add_ram_around(pages, ram[i].start, ram[i].start + ram[i].size, kept, kept_count);
	for (uint32_t i = 1; i < pages->count; i++) {
		const struct pages_range *range = &pages->ranges[i], *best = &pages->ranges[biggest];

		if (range->high - range->low > best->high - best->low)
			biggest = i;
	}
	if (biggest) {
		struct pages_range first = pages->ranges[0];

		pages->ranges[0] = pages->ranges[biggest];
		pages->ranges[biggest] = first;
	}
}

uint64_t pages_take_frame(struct pages *pages)
{
	for (uint32_t i = 0; i < pages->count; i++) {
		struct pages_range *range = &pages->ranges[i];
		uint64_t start = align_up(range->low, FRAME_SIZE);

		if (start < range->high && range->high - start >= FRAME_SIZE) {
			range->low = start + FRAME_SIZE;
			pages->handed_out += FRAME_SIZE;
			return start;
		}
	}
	return PAGES_NONE;
}

static uint64_t take_from_top(struct pages *pages, struct pages_range *range, uint64_t size,
			      uint64_t align)
{
	uint64_t start;

	if (range->high - range->low < size)
		return PAGES_NONE;
	start = (range->high - size) & ~(align - 1);
	if (start < range->low)
		return PAGES_NONE;
	range->high = start;
	pages->handed_out += size;
	return start;
}

uint64_t pages_take(struct pages *pages, uint64_t size, uint64_t align)
{
	uint64_t start;

	/* The biggest range last: it is for frames. */
	for (uint32_t i = pages->count; i-- > 0;) {
		start = take_from_top(pages, &pages->ranges[i], size, align);
		if (start != PAGES_NONE)
			return start;
	}
	return PAGES_NONE;
}

uint64_t pages_frames_left(const struct pages *pages)
{
	uint64_t frames = 0;

	for (uint32_t i = 0; i < pages->count; i++) {
		uint64_t start = align_up(pages->ranges[i].low, FRAME_SIZE);

		if (start < pages->ranges[i].high)
			frames += (pages->ranges[i].high - start) / FRAME_SIZE;
	}
	return frames;
}

uint64_t pages_left(const struct pages *pages)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < pages->count; i++)
		bytes += pages->ranges[i].high - pages->ranges[i].low;
	return bytes;
}
