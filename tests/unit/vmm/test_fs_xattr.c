/* vmm/fs/xattr.c: extended attributes; and set-user-id bits, for which Linux would ask for one of them
 * before each write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "fuse_client.h"

#define ROOT FUSE_ROOT_ID
#define LARGEST FS_BUFFER_SIZE

static int setup(void **state)
{
	client_setup(state);
	client_make_file(*state, "f", "hello");
	return 0;
}

static int set(struct fuse_client *c, uint64_t node, const char *name, const void *value, uint32_t size, uint32_t flags)
{
	struct fuse_setxattr_in in = { size, flags };

	client_begin(c, FUSE_SETXATTR, node);
	client_add(c, &in, sizeof(in));
	client_add_name(c, name);
	client_add(c, value, size);
	return client_send(c, sizeof(c->reply));
}

static int get(struct fuse_client *c, uint64_t node, const char *name, uint32_t size)
{
	struct fuse_getxattr_in in = { size, 0 };

	return CALL(c, FUSE_GETXATTR, node, &in, name, NULL);
}

static int list(struct fuse_client *c, uint64_t node, uint32_t size)
{
	struct fuse_getxattr_in in = { size, 0 };

	return CALL(c, FUSE_LISTXATTR, node, &in, NULL, NULL);
}

static int unset(struct fuse_client *c, uint64_t node, const char *name)
{
	return client_call(c, FUSE_REMOVEXATTR, node, NULL, 0, name, NULL);
}

static void needs_a_host_that_has_them(struct fuse_client *c)
{
	if (setxattr(client_path(c, "f"), "user.probe", "", 0, 0) != 0)
		skip();
	assert_int_equal(removexattr(client_path(c, "f"), "user.probe"), 0);
}

static void those_of_users_are_the_hosts(void **state)
{
	struct fuse_client *c = *state;
	uint64_t f = client_walk(c, "f");
	char value[16];

	needs_a_host_that_has_them(c);
	assert_int_equal(get(c, f, "user.a", 100), -ENODATA);
	assert_int_equal(set(c, f, "user.a", "one", 3, 0), 0);
	assert_int_equal(set(c, f, "user.b/c", "", 0, XATTR_CREATE), 0);
	assert_int_equal(getxattr(client_path(c, "f"), "user.a", value, sizeof(value)), 3);
	assert_memory_equal(value, "one", 3);
	assert_int_equal(get(c, f, "user.a", 3), 0);
	assert_int_equal(c->reply_size, 3);
	assert_memory_equal(c->reply.bytes, "one", 3);
	assert_int_equal(get(c, f, "user.a", 2), -ERANGE);
	assert_int_equal(get(c, f, "user.a", 0), 0);
	assert_int_equal(((struct fuse_getxattr_out *)&c->reply)->size, 3);
	assert_int_equal(get(c, f, "user.b/c", 10), 0);
	assert_int_equal(c->reply_size, 0);
	assert_int_equal(set(c, f, "user.a", "", 0, XATTR_CREATE), -EEXIST);
	assert_int_equal(set(c, f, "user.none", "", 0, XATTR_REPLACE), -ENODATA);
	assert_int_equal(set(c, f, "user.a", "", 0, 4), -EINVAL);
	assert_int_equal(unset(c, f, "user.a"), 0);
	assert_int_equal(unset(c, f, "user.a"), -ENODATA);
	assert_int_equal(set(c, ROOT, "user.dir", "x", 1, 0), 0);
	assert_int_equal(getxattr(c->shared, "user.dir", value, sizeof(value)), 1);
}

static void names_are_listed(void **state)
{
	struct fuse_client *c = *state;
	uint64_t f = client_walk(c, "f");

	needs_a_host_that_has_them(c);
	assert_int_equal(list(c, f, 100), 0);
	assert_int_equal(c->reply_size, 0);
	assert_int_equal(set(c, f, "user.a", "one", 3, 0), 0);
	setxattr(client_path(c, "f"), "trusted.hidden", "", 0, 0); /* where the caller may */
	assert_int_equal(list(c, f, 0), 0);
	assert_int_equal(((struct fuse_getxattr_out *)&c->reply)->size, 7);
	assert_int_equal(list(c, f, 6), -ERANGE);
	assert_int_equal(list(c, f, 7), 0);
	assert_int_equal(c->reply_size, 7);
	assert_memory_equal(c->reply.bytes, "user.a", 7);
}

static void others_are_refused(void **state)
{
	static const char *const names[] = { "security.capability", "trusted.a", "system.posix_acl_access", "", "a",
					     "user", "User.a", "btrfs.compression" };
	struct fuse_client *c = *state;
	uint64_t f = client_walk(c, "f");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(set(c, f, names[i], "", 0, 0), -EOPNOTSUPP);
		assert_int_equal(get(c, f, names[i], 10), -EOPNOTSUPP);
		assert_int_equal(unset(c, f, names[i]), -EOPNOTSUPP);
	}
	assert_int_equal(set(c, f, "user.", "", 0, 0), -EINVAL);
}

static void only_files_and_directories_have_them(void **state)
{
	struct fuse_client *c = *state;
	uint64_t nodes[2];

	assert_int_equal(symlink("f", client_path(c, "link")), 0);
	assert_int_equal(mkfifo(client_path(c, "fifo"), 0644), 0);
	nodes[0] = client_walk(c, "link");
	nodes[1] = client_walk(c, "fifo");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(set(c, nodes[i], "user.a", "", 0, 0), -EPERM);
		assert_int_equal(unset(c, nodes[i], "user.a"), -EPERM);
		assert_int_equal(get(c, nodes[i], "user.a", 10), -ENODATA);
		assert_int_equal(list(c, nodes[i], 10), 0);
		assert_int_equal(c->reply_size, 0);
	}
}

static void sizes_have_bounds(void **state)
{
	static const char large[LARGEST + 1];
	struct fuse_client *c = *state;
	uint64_t f = client_walk(c, "f");
	struct fuse_setxattr_in in = { .size = 5 };
	char name[XATTR_NAME_MAX + 2] = "user.";

	assert_int_equal(set(c, f, "user.a", large, LARGEST + 1, 0), -E2BIG);
	memset(name + 5, 'n', sizeof(name) - 6);
	assert_int_equal(set(c, f, name, "", 0, 0), -ERANGE);
	assert_int_equal(get(c, f, name, 10), -ERANGE);
	client_begin(c, FUSE_SETXATTR, f); /* a value that is shorter than it says */
	client_add(c, &in, sizeof(in));
	client_add_name(c, "user.a");
	client_add(c, "1234", 4);
	assert_int_equal(client_send(c, 100), -EINVAL);
	client_begin(c, FUSE_SETXATTR, f); /* a name without an end */
	client_add(c, &in, sizeof(in));
	client_add(c, "user.a", 6);
	assert_int_equal(client_send(c, 100), -EINVAL);
}

static void read_only_shares_keep_theirs(void **state)
{
	struct fuse_client *c = *state;
	uint64_t f;

	needs_a_host_that_has_them(c);
	assert_int_equal(setxattr(client_path(c, "f"), "user.a", "x", 1, 0), 0);
	fs_close(&c->fs);
	memset(&c->fs, 0, sizeof(c->fs));
	client_share(c, true);
	f = client_walk(c, "f");
	assert_int_equal(set(c, f, "user.b", "", 0, 0), -EROFS);
	assert_int_equal(unset(c, f, "user.a"), -EROFS);
	assert_int_equal(get(c, f, "user.a", 1), 0);
}

static mode_t mode_of(struct fuse_client *c, const char *name)
{
	struct stat st;

	assert_int_equal(stat(client_path(c, name), &st), 0);
	return st.st_mode & 07777;
}

static void who_may_not_keep_set_user_id_bits_takes_them_away(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_write_in write_in = { .size = 1, .write_flags = FUSE_WRITE_KILL_SUIDGID };
	struct fuse_setattr_in size = { .valid = FATTR_SIZE | FATTR_KILL_SUIDGID };
	struct fuse_open_in truncate = { .flags = O_WRONLY | O_TRUNC, .open_flags = FUSE_OPEN_KILL_SUIDGID };
	uint64_t f = client_walk(c, "f");

	assert_int_equal(client_open(c, FUSE_OPEN, f, O_WRONLY, &write_in.fh), 0);
	assert_int_equal(chmod(client_path(c, "f"), 06755), 0);
	client_begin(c, FUSE_WRITE, f);
	client_add(c, &write_in, sizeof(write_in));
	client_add(c, "x", 1);
	assert_int_equal(client_send(c, 100), 0);
	assert_int_equal(mode_of(c, "f"), 0755);
	assert_int_equal(chmod(client_path(c, "f"), 06745), 0); /* a mark for locks, not for a group */
	assert_int_equal(CALL(c, FUSE_SETATTR, f, &size, NULL, NULL), 0);
	assert_int_equal(mode_of(c, "f") & S_ISUID, 0);
	assert_int_equal(chmod(client_path(c, "f"), 04711), 0);
	assert_int_equal(CALL(c, FUSE_OPEN, f, &truncate, NULL, NULL), 0);
	assert_int_equal(mode_of(c, "f"), 0711);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(those_of_users_are_the_hosts),
		TEST(names_are_listed),
		TEST(others_are_refused),
		TEST(only_files_and_directories_have_them),
		TEST(sizes_have_bounds),
		TEST(read_only_shares_keep_theirs),
		TEST(who_may_not_keep_set_user_id_bits_takes_them_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
