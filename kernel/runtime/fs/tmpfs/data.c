/* A file's pages: a tree of fan-out 512 that is as high as the last page needs; of height
 * 1 it is that page. Behind the file's end pages are zero. */
#include "fs/tmpfs/data.h"

#include "lib/string.h"

#define PAGE 4096u
#define FAN_SHIFT 9
#define FAN (1u << FAN_SHIFT)

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Pages under a tree of this height. */
static uint64_t pages_under(unsigned height)
{
	return height ? UINT64_C(1) << (FAN_SHIFT * (height - 1)) : 0;
}

static unsigned slot_of(uint64_t page, unsigned height)
{
	return page >> (FAN_SHIFT * (height - 2)) & (FAN - 1);
}

static uint8_t *find(const struct tmpfs_data *data, uint64_t page)
{
	void *at = data->root;

	if (page >= pages_under(data->height))
		return NULL;
	for (unsigned height = data->height; at && height > 1; height--)
		at = ((void **)at)[slot_of(page, height)];
	return at;
}

static void *zero_page(struct tmpfs *fs)
{
	void *page = tmpfs_allocate(fs, PAGE);

	return page ? memset(page, 0, PAGE) : NULL;
}

static bool grow(struct tmpfs *fs, struct tmpfs_data *data)
{
	void **top;

	if (!data->root) {
		/* Nothing to keep: any height will do. */
		data->height++;
		return true;
	}
	top = zero_page(fs);
	if (!top)
		return false;
	top[0] = data->root;
	data->root = top;
	data->height++;
	return true;
}

/* Finds or makes the page. NULL: no room. */
static uint8_t *provide(struct tmpfs *fs, struct tmpfs_data *data, uint64_t page)
{
	void **at = &data->root;

	while (page >= pages_under(data->height)) {
		if (!grow(fs, data))
			return NULL;
	}
	for (unsigned height = data->height;; height--) {
		if (!*at)
			*at = zero_page(fs);
		if (!*at || height == 1)
			return *at;
		at = (void **)*at + slot_of(page, height);
	}
}

/* Frees the pages from `first` on, counted within this tree; true: nothing is left. */
static bool free_from(struct tmpfs *fs, void *tree, unsigned height, uint64_t first)
{
	uint64_t each = pages_under(height - 1);
	void **slots = tree;
	bool left = false;

	if (height == 1) {
		if (first)
			return false;
		tmpfs_free(fs, tree, PAGE);
		return true;
	}
	for (unsigned i = 0; i < FAN; i++) {
		uint64_t begin = i * each;

		if (!slots[i])
			continue;
		if (begin + each <= first || !free_from(fs, slots[i], height - 1, first > begin ? first - begin : 0))
			left = true;
		else
			slots[i] = NULL;
	}
	if (!left)
		tmpfs_free(fs, tree, PAGE);
	return !left;
}

void tmpfs_data_read(const struct tmpfs_data *data, uint64_t offset, uint8_t *to, uint32_t size)
{
	while (size) {
		uint32_t within = offset % PAGE, piece = (uint32_t)minimum(size, PAGE - within);
		const uint8_t *page = find(data, offset / PAGE);

		if (page)
			memcpy(to, page + within, piece);
		else
			memset(to, 0, piece);
		to = (uint8_t *)((uintptr_t)to + piece);
		offset += piece;
		size -= piece;
	}
}

uint32_t tmpfs_data_write(struct tmpfs *fs, struct tmpfs_data *data, uint64_t offset, const uint8_t *from,
			  uint32_t size)
{
	uint32_t done = 0;

	while (done < size) {
		uint32_t within = offset % PAGE, piece = (uint32_t)minimum(size - done, PAGE - within);
		uint8_t *page = provide(fs, data, offset / PAGE);

		if (!page)
			break;
		memcpy(page + within, (const uint8_t *)((uintptr_t)from + done), piece);
		offset += piece;
		done += piece;
	}
	if (done && offset > data->size)
		data->size = offset;
	return done;
}

bool tmpfs_data_fill(struct tmpfs *fs, struct tmpfs_data *data, uint64_t offset, uint64_t size)
{
	uint64_t end = (offset + size + PAGE - 1) / PAGE;

	for (uint64_t page = offset / PAGE; page < end; page++) {
		if (!provide(fs, data, page)) {
			/* Behind the end nobody would ever miss them. */
			tmpfs_data_resize(fs, data, data->size);
			return false;
		}
	}
	return true;
}

void tmpfs_data_resize(struct tmpfs *fs, struct tmpfs_data *data, uint64_t size)
{
	uint64_t pages = size / PAGE + !!(size % PAGE);
	uint8_t *last = size % PAGE ? find(data, size / PAGE) : NULL;

	if (last && size < data->size)
		memset(last + size % PAGE, 0, PAGE - size % PAGE);
	if (data->root && free_from(fs, data->root, data->height, pages)) {
		data->root = NULL;
		data->height = 0;
	}
	data->size = size;
}
