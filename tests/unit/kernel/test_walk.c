/* kernel/runtime/fs/walk.c: where paths lead, and that nothing is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/tmpfs/node.h"
#include "fs/tmpfs/tmpfs.h"
#include "fs/walk.h"
#include "host_heap.h"

static struct vfs_node *root, *base;

static struct vfs_name name(const char *text)
{
	return (struct vfs_name){ text, (uint32_t)strlen(text) };
}

static void link_to(struct vfs_node *directory, const char *text, const char *target)
{
	assert_int_equal(root->fs->ops->symlink(directory, name(text), name(target)), 0);
}

/* The paths of the tests begin at base, which is in the root beside "outside". */
static int setup(void **state)
{
	struct vfs_node *d;
	struct vfs_file file = { .access = VFS_WRITE };

	assert_int_equal(tmpfs_make(64 << 20, &root), 0);
	assert_int_equal(root->fs->ops->mkdir(root, name("base")), 0);
	assert_int_equal(root->fs->ops->mkdir(root, name("outside")), 0);
	assert_int_equal(walk_to(root, name("base"), WALK_STAY, &base), 0);
	assert_int_equal(root->fs->ops->mkdir(base, name("d")), 0);
	assert_int_equal(root->fs->ops->create(base, name("f"), &file, true, false), 0);
	vfs_close(&file);
	assert_int_equal(walk_to(base, name("d"), WALK_STAY, &d), 0);
	assert_int_equal(root->fs->ops->mkdir(d, name("e")), 0);
	link_to(base, "to-d", "d");
	link_to(base, "to-f", "./d/../f");
	link_to(d, "up", "../f");
	link_to(base, "out", "../outside");
	link_to(base, "out-and-in", "../base/f");
	link_to(base, "absolute", "/f");
	link_to(base, "loop", "loop");
	link_to(base, "dangling", "none");
	link_to(base, "slash", "d/");
	vfs_release(d);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(base->references, 1);
	assert_int_equal(root->references, 1);
	host_heap_reset();
	return 0;
}

/* The node's number, or the errno, negative. */
static int64_t lead(const char *path, enum walk_last last)
{
	struct vfs_node *node;
	uint32_t error = walk_to(base, name(path), last, &node);
	int64_t number;

	if (error)
		return -(int64_t)error;
	number = (int64_t)tmpfs_node(node)->inode;
	vfs_release(node);
	return number;
}

static void paths_lead_to_nodes(void **state)
{
	static const char *const same[][2] = {
		{ ".", "d/.." }, { ".", "./" }, { "d", "./d/" }, { "d", "to-d/." }, { "d", "d//e/..//" }, { "f", "d/../f" },
		{ "f", "to-f" }, { "f", "d/up" }, { "f", "to-d/up" }, { "d", "to-d/" }, { "d/e", "to-d/e" }, { "d", "slash" },
		{ "d/e", "slash/e" }, { "d/e", "d/e/../../d/e" },
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(lead(same[i][0], WALK_FOLLOW) > 0);
		assert_int_equal(lead(same[i][1], WALK_FOLLOW), lead(same[i][0], WALK_FOLLOW));
	}
	assert_int_not_equal(lead("to-f", WALK_STAY), lead("f", WALK_STAY));
	assert_int_equal(lead("to-d/", WALK_STAY), lead("d", WALK_STAY));
}

static void nothing_leads_out(void **state)
{
	static const char *const paths[] = { "..", "../", "../base/f", "d/../..", "d/../../base", "/", "/f", "out", "out/",
					     "out-and-in", "absolute", "to-d/../..", "d/e/../../../base/f" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(lead(paths[i], WALK_FOLLOW), -(int64_t)WASI_ENOTCAPABLE);
}

static void what_is_no_path_is_an_error(void **state)
{
	static const struct {
		const char *path;
		uint32_t error;
	} paths[] = {
		{ "", WASI_ENOENT }, { "none", WASI_ENOENT }, { "none/f", WASI_ENOENT }, { "f/", WASI_ENOTDIR },
		{ "f/.", WASI_ENOTDIR }, { "f/..", WASI_ENOTDIR }, { "f/f", WASI_ENOTDIR }, { "to-f/", WASI_ENOTDIR },
		{ "loop", WASI_ELOOP }, { "loop/f", WASI_ELOOP }, { "dangling", WASI_ENOENT }, { "dangling/f", WASI_ENOENT },
		{ "\xff", WASI_EILSEQ }, { "d/\xc0\x80", WASI_EILSEQ }, { "\xed\xa0\x80", WASI_EILSEQ },
	};
	struct vfs_node *node;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(lead(paths[i].path, WALK_FOLLOW), -(int64_t)paths[i].error);
	assert_int_equal(walk_to(base, (struct vfs_name){ "f\0g", 3 }, WALK_FOLLOW, &node), WASI_EINVAL);
}

static void lengths_have_bounds(void **state)
{
	static char path[5000];
	struct vfs_node *node;

	memset(path, 'n', sizeof(path));
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 255 }, WALK_STAY, &node), WASI_ENOENT);
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 256 }, WALK_STAY, &node), WASI_ENAMETOOLONG);
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 4096 }, WALK_STAY, &node), WASI_ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : '.';
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 4095 }, WALK_STAY, &node), 0);
	vfs_release(node);
	/* A link's target and what follows it count together. */
	assert_int_equal(root->fs->ops->symlink(base, name("long"), (struct vfs_name){ path, 4000 }), 0);
	memcpy(path, "long/", 5);
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 60 }, WALK_FOLLOW, &node), 0);
	vfs_release(node);
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 200 }, WALK_FOLLOW, &node), WASI_ENAMETOOLONG);
}

static void chains_of_links_and_deep_trees_have_an_end(void **state)
{
	struct vfs_node *at = vfs_reference(base), *below, *node;
	static char path[2 * WALK_DEPTH_MAX + 3];
	char text[16], target[16];

	for (unsigned i = 1; i <= WALK_LINKS_MAX + 1; i++) {
		snprintf(text, sizeof(text), "chain%u", i);
		snprintf(target, sizeof(target), i == 1 ? "f" : "chain%u", i - 1);
		link_to(base, text, target);
	}
	assert_int_equal(lead("chain40", WALK_FOLLOW), lead("f", WALK_FOLLOW));
	assert_int_equal(lead("chain41", WALK_FOLLOW), -(int64_t)WASI_ELOOP);
	for (unsigned i = 0; i < WALK_DEPTH_MAX; i++) {
		assert_int_equal(root->fs->ops->mkdir(at, name("x")), 0);
		assert_int_equal(root->fs->ops->lookup(at, name("x"), &below), 0);
		vfs_release(at);
		at = below;
	}
	for (unsigned i = 0; i < WALK_DEPTH_MAX; i++)
		memcpy(path + 2 * i, "x/", 2);
	assert_int_equal(walk_to(base, (struct vfs_name){ path, 2 * (WALK_DEPTH_MAX - 1) - 1 }, WALK_STAY, &node), 0);
	vfs_release(node);
	vfs_release(at);
}

static void names_are_told_for_what_is_to_be_made(void **state)
{
	struct walk walk;

	assert_int_equal(walk_path(&walk, base, name("d/new"), WALK_NAME), 0);
	assert_true(walk.directory != base && !walk.node && !walk.slash);
	assert_int_equal(walk.name.size, 3);
	assert_memory_equal(walk.name.text, "new", 3);
	walk_end(&walk);
	assert_int_equal(walk_path(&walk, base, name("to-f"), WALK_NAME), 0);
	assert_null(walk.node); /* not looked at */
	walk_end(&walk);
	assert_int_equal(walk_path(&walk, base, name("new/"), WALK_NAME), 0);
	assert_true(walk.slash && !walk.node);
	walk_end(&walk);
	assert_int_equal(walk_path(&walk, base, name("d/."), WALK_NAME), 0);
	assert_true(walk.name.size == 0 && walk.node);
	walk_end(&walk);
	assert_int_equal(walk_path(&walk, base, name("f/new"), WALK_NAME), WASI_ENOTDIR);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths_lead_to_nodes),
		TEST(nothing_leads_out),
		TEST(what_is_no_path_is_an_error),
		TEST(lengths_have_bounds),
		TEST(chains_of_links_and_deep_trees_have_an_end),
		TEST(names_are_told_for_what_is_to_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
