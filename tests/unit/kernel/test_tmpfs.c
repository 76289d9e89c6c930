/* kernel/runtime/fs/tmpfs/: what the operations do, and that all they take is given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/tmpfs/node.h"
#include "fs/tmpfs/tmpfs.h"
#include "host_heap.h"

#define LIMIT (4u << 20)
#define MODEL 300000u

static struct vfs_node *root;
static uint64_t used_before;

static int setup(void **state)
{
	assert_int_equal(tmpfs_make(LIMIT, &root), 0);
	used_before = tmpfs_of(tmpfs_node(root))->used;
	return 0;
}

static int teardown(void **state)
{
	host_heap_reset();
	return 0;
}

static struct vfs_name name(const char *text)
{
	return (struct vfs_name){ text, (uint32_t)strlen(text) };
}

static uint32_t make(struct vfs_node *directory, const char *text, struct vfs_file *file)
{
	*file = (struct vfs_file){ .access = VFS_READ | VFS_WRITE };
	return directory->fs->ops->create(directory, name(text), file, true, false);
}

static uint32_t write_at(struct vfs_file *file, uint64_t at, const void *data, uint32_t size, uint64_t *done)
{
	const struct vfs_buffer buffers[] = { { NULL, 0 }, { (uint8_t *)data, size / 3 },
					      { (uint8_t *)data + size / 3, size - size / 3 } };

	*done = 0;
	return file->node->fs->ops->write(file, buffers, 3, &at, done);
}

static uint64_t read_at(struct vfs_file *file, uint64_t at, void *to, uint32_t size)
{
	const struct vfs_buffer buffers[] = { { to, size / 2 }, { (uint8_t *)to + size / 2, size - size / 2 } };
	uint64_t done = 0;

	assert_int_equal(file->node->fs->ops->read(file, buffers, 2, at, &done), 0);
	return done;
}

static uint32_t set_size(struct vfs_node *node, uint64_t size)
{
	const struct vfs_attributes attributes = { .set = VFS_SET_SIZE, .size = size };

	return vfs_setattr(node, NULL, &attributes);
}

static struct wasi_filestat stat_of(struct vfs_node *node)
{
	struct wasi_filestat stat;

	assert_int_equal(vfs_stat(node, NULL, &stat), 0);
	return stat;
}

static struct vfs_node *look_up(struct vfs_node *directory, const char *text)
{
	struct vfs_node *found = NULL;

	return directory->fs->ops->lookup(directory, name(text), &found) ? NULL : found;
}

static bool is_there(struct vfs_node *directory, const char *text)
{
	struct vfs_node *found = look_up(directory, text);

	vfs_release(found);
	return found;
}

static uint64_t used(void)
{
	return tmpfs_of(tmpfs_node(root))->used - used_before;
}

static uint32_t next(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 5;
}

static void files_hold_what_was_written(void **state)
{
	static uint8_t model[MODEL], data[MODEL], got[MODEL];
	struct vfs_file file;
	uint64_t size = 0, done;

	assert_int_equal(make(root, "f", &file), 0);
	for (unsigned step = 0; step < 3000; step++) {
		uint32_t at = next() % (MODEL / 2), length = 1 + next() % (step % 10 ? 9000 : MODEL / 2);
		uint64_t expected = at < size ? size - at < length ? size - at : length : 0;

		if (step % 5 == 4) {
			assert_int_equal(set_size(file.node, at), 0);
			if (at < size)
				memset(model + at, 0, size - at);
			size = at;
		} else if (step % 2) {
			memset(data, (int)step, length);
			assert_int_equal(write_at(&file, at, data, length, &done), 0);
			assert_int_equal(done, length);
			memcpy(model + at, data, length);
			size = at + length > size ? at + length : size;
		} else {
			assert_int_equal(read_at(&file, at, got, length), expected);
			assert_memory_equal(got, model + at, expected);
		}
		assert_int_equal(stat_of(file.node).size, size);
	}
	vfs_close(&file);
	assert_int_equal(root->fs->ops->unlink(root, name("f")), 0);
	assert_int_equal(used(), 0);
}

static void holes_cost_nothing_and_the_largest_offset_is_one(void **state)
{
	const uint64_t largest = UINT64_C(1) << 48;
	struct vfs_file file;
	uint64_t done;
	char got[4];

	assert_int_equal(make(root, "f", &file), 0);
	assert_int_equal(set_size(file.node, largest), 0);
	assert_int_equal(set_size(file.node, largest + 1), WASI_EFBIG);
	assert_true(used() < 1000);
	assert_int_equal(read_at(&file, largest - 2, got, 4), 2);
	assert_memory_equal(got, "\0", 2);
	assert_int_equal(write_at(&file, largest - 2, "abcd", 4, &done), 0);
	assert_int_equal(done, 2);
	assert_int_equal(write_at(&file, largest, "a", 1, &done), WASI_EFBIG);
	assert_int_equal(write_at(&file, 3, "x", 1, &done), 0);
	assert_true(used() < 50000);
	assert_int_equal(set_size(file.node, 4), 0);
	assert_int_equal(read_at(&file, 0, got, 4), 4);
	assert_memory_equal(got, "\0\0\0x", 4);
	assert_int_equal(file.node->fs->ops->allocate(&file, 0, LIMIT + 1), WASI_ENOSPC);
	assert_int_equal(file.node->fs->ops->allocate(&file, largest, 1), WASI_EFBIG);
	assert_int_equal(file.node->fs->ops->allocate(&file, 0, 100000), 0);
	assert_int_equal(stat_of(file.node).size, 100000);
	vfs_close(&file);
}

static void what_is_full_says_so_and_is_as_before(void **state)
{
	static uint8_t block[65536];
	struct vfs_file file, other;
	uint64_t done, total = 0;
	char text[16];
	unsigned count = 0;

	assert_int_equal(make(root, "f", &file), 0);
	do {
		if (write_at(&file, total, block, sizeof(block), &done))
			break;
		total += done;
	} while (done == sizeof(block));
	assert_true(total > LIMIT - 100000 && total < LIMIT);
	assert_int_equal(write_at(&file, total, block, 1, &done), total % 4096 ? 0 : WASI_ENOSPC);
	assert_int_equal(stat_of(file.node).size, total + done);
	for (snprintf(text, sizeof(text), "0"); make(root, text, &other) == 0; snprintf(text, sizeof(text), "%u", ++count))
		vfs_close(&other);
	assert_false(is_there(root, text));
	assert_int_equal(root->fs->ops->mkdir(root, name("d")), WASI_ENOSPC);
	assert_int_equal(root->fs->ops->symlink(root, name("s"), name("target")), WASI_ENOSPC);
	while (count--) {
		snprintf(text, sizeof(text), "%u", count);
		assert_int_equal(root->fs->ops->unlink(root, name(text)), 0);
	}
	assert_int_equal(root->fs->ops->unlink(root, name("f")), 0);
	assert_true(used() > LIMIT / 2); /* it is open */
	vfs_close(&file);
	assert_int_equal(used(), 0);
}

static void entries_move(void **state)
{
	const struct vfs_ops *ops = root->fs->ops;
	struct vfs_node *a, *b;
	struct vfs_file file;

	assert_int_equal(ops->mkdir(root, name("a")), 0);
	a = look_up(root, "a");
	assert_int_equal(ops->mkdir(a, name("b")), 0);
	b = look_up(a, "b");
	assert_int_equal(make(b, "f", &file), 0);
	assert_int_equal(ops->mkdir(root, name("a")), WASI_EEXIST);
	assert_int_equal(ops->rename(root, name("a"), b, name("c")), WASI_EINVAL);
	assert_int_equal(ops->rename(root, name("a"), a, name("c")), WASI_EINVAL);
	assert_int_equal(ops->rename(b, name("f"), root, name("a")), WASI_ENOTEMPTY);
	assert_int_equal(ops->rename(a, name("b"), b, name("f")), WASI_EINVAL);
	assert_int_equal(ops->rename(root, name("none"), root, name("a")), WASI_ENOENT);
	assert_int_equal(ops->rmdir(root, name("a")), WASI_ENOTEMPTY);
	assert_int_equal(ops->unlink(root, name("a")), WASI_EISDIR);
	assert_int_equal(ops->rename(a, name("b"), root, name("moved")), 0);
	assert_int_equal(stat_of(root).link_count, 4);
	assert_int_equal(stat_of(a).link_count, 2);
	assert_int_equal(ops->rename(root, name("moved"), root, name("a")), 0);
	assert_int_equal(stat_of(root).link_count, 3);
	assert_int_equal(stat_of(a).link_count, 0); /* replaced */
	assert_int_equal(ops->mkdir(a, name("late")), WASI_ENOENT);
	assert_int_equal(ops->link(file.node, root, name("second")), 0);
	assert_int_equal(stat_of(file.node).link_count, 2);
	assert_int_equal(ops->rename(root, name("second"), b, name("f")), 0); /* one file: nothing happens */
	assert_true(is_there(root, "second") && is_there(b, "f"));
	assert_int_equal(ops->rmdir(root, name("second")), WASI_ENOTDIR);
	assert_int_equal(ops->unlink(b, name("f")), 0);
	assert_int_equal(ops->unlink(root, name("second")), 0);
	assert_int_equal(stat_of(file.node).link_count, 0);
	assert_int_equal(ops->link(file.node, root, name("again")), WASI_ENOENT);
	assert_int_equal(ops->rmdir(root, name("a")), 0);
	vfs_close(&file);
	vfs_release(a);
	vfs_release(b);
	assert_int_equal(used(), 0);
}

#define ENTRIES 500

struct listing {
	bool seen[ENTRIES];
	unsigned count, stop_after;
	uint64_t last;
};

static bool take_entry(void *context, const struct vfs_entry *entry)
{
	struct listing *listing = context;
	char text[8] = "";

	if (listing->count == listing->stop_after)
		return false;
	assert_true(entry->next > listing->last);
	listing->last = entry->next;
	listing->count++;
	if (entry->name.text[0] == '.')
		return true;
	memcpy(text, entry->name.text, entry->name.size);
	assert_false(listing->seen[atoi(text)]);
	listing->seen[atoi(text)] = true;
	return true;
}

static void directories_are_listed_while_they_change(void **state)
{
	struct vfs_file file, directory = { .node = root };
	struct listing listing = { .stop_after = 2 };
	char text[8];

	for (unsigned i = 0; i < ENTRIES; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(make(root, text, &file), 0);
		vfs_close(&file);
	}
	/* Some at a time, each of them removed before the next. */
	while (true) {
		unsigned before = listing.count;

		assert_int_equal(root->fs->ops->readdir(&directory, listing.last, take_entry, &listing), 0);
		if (listing.count == before)
			break;
		listing.stop_after += 1 + next() % 9;
		for (unsigned i = 0; i < ENTRIES; i++) {
			snprintf(text, sizeof(text), "%u", i);
			if (listing.seen[i] && is_there(root, text))
				assert_int_equal(root->fs->ops->unlink(root, name(text)), 0);
		}
	}
	assert_int_equal(listing.count, ENTRIES + 2);
	assert_int_equal(used(), 0);
}

static void symbolic_links_keep_their_target(void **state)
{
	struct vfs_node *link;
	char got[8];
	uint32_t size;

	assert_int_equal(root->fs->ops->symlink(root, name("l"), name("target")), 0);
	link = look_up(root, "l");
	assert_int_equal(link->fs->ops->readlink(link, got, sizeof(got), &size), 0);
	assert_int_equal(size, 6);
	assert_memory_equal(got, "target", 6);
	assert_int_equal(link->fs->ops->readlink(link, got, 2, &size), 0);
	assert_int_equal(size, 2);
	assert_int_equal(stat_of(link).size, 6);
	assert_int_equal(set_size(link, 0), WASI_EINVAL);
	assert_int_equal(set_size(root, 0), WASI_EISDIR);
	assert_int_equal(root->fs->ops->unlink(root, name("l")), 0);
	vfs_release(link);
	assert_int_equal(used(), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_hold_what_was_written),
		TEST(holes_cost_nothing_and_the_largest_offset_is_one),
		TEST(what_is_full_says_so_and_is_as_before),
		TEST(entries_move),
		TEST(directories_are_listed_while_they_change),
		TEST(symbolic_links_keep_their_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
