/* kernel/runtime/fs/archive.c and cpio.c: archives that are taken, and those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/archive.h"
#include "host_heap.h"

static char archive[20000];
static size_t archive_size;
static struct vfs_node *root;

void *space_allocate(size_t size)
{
	return memset(host_allocate(size), 0, size);
}

static int setup(void **state)
{
	archive_size = 0;
	return 0;
}

static int teardown(void **state)
{
	host_heap_reset();
	return 0;
}

static void pad(void)
{
	while (archive_size % 4)
		archive[archive_size++] = 0;
}

static void entry(const char *name, unsigned mode, const char *data, unsigned links)
{
	size_t size = data ? strlen(data) : 0;

	archive_size += (size_t)sprintf(archive + archive_size, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1,
					mode, 0, 0, links, 1000, size, 0, 0, 0, 0, strlen(name) + 1, 0);
	memcpy(archive + archive_size, name, strlen(name) + 1);
	archive_size += strlen(name) + 1;
	pad();
	if (data)
		memcpy(archive + archive_size, data, size);
	archive_size += size;
	pad();
}

static void tree(void)
{
	entry(".", 040755, NULL, 2);
	entry("f", 0100644, "content", 1);
	entry("./d", 040755, NULL, 2);
	entry("d/g", 0100644, "", 1);
	entry("d/l", 0120777, "../f", 1);
	entry("d/fifo", 010644, NULL, 1);
}

static uint32_t take(void)
{
	entry("TRAILER!!!", 0, NULL, 1);
	return archive_make(archive, archive_size, &root);
}

static struct vfs_node *look_up(struct vfs_node *directory, const char *name)
{
	struct vfs_node *found = NULL;

	return directory->fs->ops->lookup(directory, (struct vfs_name){ name, (uint32_t)strlen(name) }, &found) ? NULL : found;
}

static bool note_name(void *context, const struct vfs_entry *e)
{
	char *names = context;

	assert_true(e->next != 0);
	strncat(names, e->name.text, e->name.size);
	strcat(names, " ");
	return true;
}

static void trees_are_read_in_place(void **state)
{
	struct vfs_node *d, *f, *link;
	struct vfs_file file = { .access = VFS_READ };
	char names[100] = "", got[20];
	const struct vfs_buffer buffers[] = { { (uint8_t *)got, 2 }, { (uint8_t *)got + 2, 18 } };
	struct wasi_filestat stat;
	uint64_t done = 0;
	uint32_t size;

	tree();
	assert_int_equal(take(), 0);
	file.node = root;
	assert_int_equal(root->fs->ops->readdir(&file, 0, note_name, names), 0);
	assert_string_equal(names, ". .. f d ");
	d = look_up(root, "d");
	f = look_up(root, "f");
	link = look_up(d, "l");
	assert_true(d && f && link);
	assert_null(look_up(d, "fifo"));
	assert_null(look_up(root, "g"));
	file.node = f;
	assert_int_equal(root->fs->ops->read(&file, buffers, 2, 1, &done), 0);
	assert_int_equal(done, 6);
	assert_memory_equal(got, "ontent", 6);
	done = 0;
	assert_int_equal(root->fs->ops->read(&file, buffers, 2, UINT64_MAX - 1, &done), 0);
	assert_int_equal(done, 0);
	assert_int_equal(vfs_stat(f, NULL, &stat), 0);
	assert_true(stat.size == 7 && stat.modification_time == 1000 * UINT64_C(1000000000));
	assert_int_equal(root->fs->ops->readlink(link, got, sizeof(got), &size), 0);
	assert_true(size == 4 && memcmp(got, "../f", 4) == 0);
	file.access = VFS_WRITE;
	assert_int_equal(vfs_open(&file, false), WASI_EROFS);
	file.access = VFS_READ;
	assert_int_equal(vfs_open(&file, true), WASI_EROFS);
}

static void cookies_of_elsewhere_are_refused(void **state)
{
	char names[100] = "";
	struct vfs_file file = { 0 };

	tree();
	assert_int_equal(take(), 0);
	file.node = root;
	for (uint64_t cookie = 0; cookie < 20; cookie++) {
		names[0] = '\0';
		if (root->fs->ops->readdir(&file, cookie, note_name, names) == 0)
			assert_true(strlen(names) <= strlen(". .. f d "));
	}
	assert_int_equal(root->fs->ops->readdir(&file, UINT64_MAX, note_name, names), WASI_EINVAL);
	assert_int_equal(root->fs->ops->readdir(&file, 1000, note_name, names), WASI_EINVAL);
}

static void what_could_not_be_is_refused(void **state)
{
	static const struct {
		const char *name;
		unsigned mode;
		const char *data;
		unsigned links;
	} entries[] = {
		{ "none/f", 0100644, "x", 1 },	{ "f/g", 0100644, "x", 1 },   { "/f", 0100644, "x", 1 },
		{ "../f", 0100644, "x", 1 },	{ "d/../x", 0100644, "x", 1 }, { "d//x", 0100644, "x", 1 },
		{ "d/", 0100644, "x", 1 },	{ "..", 040755, NULL, 2 },	{ "f", 0100644, "again", 1 },
		{ "f", 040755, NULL, 2 },	{ "d", 0100644, "x", 1 },	{ "h", 0100644, NULL, 2 },
		{ "", 0100644, "x", 1 },
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		archive_size = 0;
		tree();
		entry(entries[i].name, entries[i].mode, entries[i].data, entries[i].links);
		assert_int_equal(take(), WASI_EINVAL);
	}
	archive_size = 0;
	tree();
	entry("d", 040700, NULL, 2); /* a directory once more */
	assert_int_equal(take(), 0);
}

static void cut_or_bent_archives_are_damaged(void **state)
{
	size_t whole;

	tree();
	assert_int_equal(take(), 0);
	/* The last padding may be missing. */
	whole = archive_size - 4;
	while (archive[whole - 1])
		whole--;
	for (size_t size = 0; size < whole - 1; size++)
		assert_int_equal(archive_make(archive, size, &root), WASI_EINVAL);
	archive[0] = '1';
	assert_int_equal(archive_make(archive, archive_size, &root), WASI_EINVAL);
	archive[0] = '0';
	archive[6] = 'g';
	assert_int_equal(archive_make(archive, archive_size, &root), WASI_EINVAL);
	archive[6] = '0';
	memcpy(archive + 6 + 8 * 6, "FFFFFFFF", 8); /* its size */
	assert_int_equal(archive_make(archive, archive_size, &root), WASI_EINVAL);
}

static void many_entries_are_found(void **state)
{
	char name[16];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		entry(name, 0100644, name, 1);
	}
	assert_int_equal(take(), 0);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		assert_non_null(look_up(root, name));
	}
	assert_null(look_up(root, "file100"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trees_are_read_in_place),
		TEST(cookies_of_elsewhere_are_refused),
		TEST(what_could_not_be_is_refused),
		TEST(cut_or_bent_archives_are_damaged),
		TEST(many_entries_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
