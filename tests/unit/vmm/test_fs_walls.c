/* vmm/fs/: what a hostile client cannot do: leave the shared directory, write where it may only
 * read, use up the host, or confuse the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "fuse_client.h"

#define ROOT FUSE_ROOT_ID

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void names_are_single_components(void **state)
{
	static const char *const bad[] = { "", ".", "..", "/", "/etc", "a/b", "../outside", "d/", "./d" };
	struct fuse_client *c = *state;
	struct fuse_mkdir_in dir = { .mode = 0755 };
	struct fuse_create_in create = { .flags = O_RDWR, .mode = 0644 };
	struct fuse_rename_in rename = { ROOT };
	struct fuse_link_in link = { 0 };
	char huge[4000];

	client_make_dir(c, "d");
	client_make_file(c, "f", "");
	link.oldnodeid = client_walk(c, "f");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(client_lookup(c, ROOT, bad[i]), -EINVAL);
		assert_int_equal(CALL(c, FUSE_MKDIR, ROOT, &dir, bad[i], NULL), -EINVAL);
		assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &create, bad[i], NULL), -EINVAL);
		assert_int_equal(CALL(c, FUSE_RENAME, ROOT, &rename, "f", bad[i]), -EINVAL);
		assert_int_equal(CALL(c, FUSE_RENAME, ROOT, &rename, bad[i], "g"), -EINVAL);
		assert_int_equal(CALL(c, FUSE_LINK, ROOT, &link, bad[i], NULL), -EINVAL);
		assert_int_equal(client_call(c, FUSE_UNLINK, ROOT, NULL, 0, bad[i], NULL), -EINVAL);
		assert_int_equal(client_call(c, FUSE_RMDIR, ROOT, NULL, 0, bad[i], NULL), -EINVAL);
		assert_int_equal(client_call(c, FUSE_SYMLINK, ROOT, NULL, 0, bad[i], "to"), -EINVAL);
	}
	memset(huge, 'x', sizeof(huge));
	huge[256] = '\0';
	assert_int_equal(client_lookup(c, ROOT, huge), -ENAMETOOLONG);
	huge[256] = 'x';
	huge[sizeof(huge) - 1] = '\0';
	assert_int_equal(client_lookup(c, ROOT, huge), -ENAMETOOLONG);
	huge[255] = '\0';
	assert_int_equal(client_lookup(c, ROOT, huge), -ENOENT);
}

static void symlinks_are_not_followed(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_create_in create = { .flags = O_RDWR, .mode = 0644 };
	struct fuse_getattr_in attr = { 0 };
	struct fuse_setattr_in size = { .valid = FATTR_SIZE };
	uint64_t file, dir, fh;
	char secret[128];
	struct stat st;
	int fd;

	snprintf(secret, sizeof(secret), "%s/secret", c->outside);
	fd = open(secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
	assert_int_equal(symlink(secret, client_path(c, "file")), 0);
	assert_int_equal(symlink(c->outside, client_path(c, "dir")), 0);
	file = client_walk(c, "file");
	dir = client_walk(c, "dir");
	assert_true(S_ISLNK(c->reply.entry.attr.mode));
	assert_int_equal(client_open(c, FUSE_OPEN, file, O_RDONLY, &fh), -ELOOP);
	assert_int_equal(client_open(c, FUSE_OPENDIR, dir, 0, &fh), -ENOTDIR);
	assert_int_equal(client_lookup(c, dir, "secret"), -ENOTDIR);
	assert_int_equal(CALL(c, FUSE_CREATE, dir, &create, "new", NULL), -ENOTDIR);
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &create, "file", NULL), -ELOOP);
	assert_int_equal(CALL(c, FUSE_SETATTR, file, &size, NULL, NULL), -EINVAL);
	assert_int_equal(CALL(c, FUSE_GETATTR, file, &attr, NULL, NULL), 0);
	assert_true(S_ISLNK(c->reply.attr.attr.mode));
	assert_int_equal(client_call(c, FUSE_UNLINK, ROOT, NULL, 0, "file", NULL), 0);
	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_size, 6);
}

/* What is in a share is no file of the host's machinery. */
static void special_files_are_not_opened(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_create_in create = { .flags = O_RDWR, .mode = 0644 };
	uint64_t fh;

	assert_int_equal(mkfifo(client_path(c, "fifo"), 0666), 0);
	assert_int_equal(client_open(c, FUSE_OPEN, client_walk(c, "fifo"), O_RDONLY, &fh), -ENXIO);
	assert_int_equal(client_open(c, FUSE_OPEN, client_walk(c, "fifo"), O_RDWR, &fh), -ENXIO);
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &create, "fifo", NULL), -ENXIO);
	if (mknod(client_path(c, "null"), S_IFCHR | 0666, 0x103) == 0)
		assert_int_equal(client_open(c, FUSE_OPEN, client_walk(c, "null"), O_RDWR, &fh), -ENXIO);
}

/* /proc/self/mem would be this process's memory. */
static void procfs_is_not_served(void **state)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	struct fuse_client *c = *state;
	struct failure failure;

	assert_int_equal(fs_open(fs, "/proc", true, 64, &failure), -EACCES);
	assert_string_equal(failure.text, "cannot share /proc: procfs is not shared");
	fs_close(fs);
	free(fs);
	fs_close(&c->fs);
	memset(&c->fs, 0, sizeof(c->fs));
	strcpy(c->shared, "/");
	client_share(c, true);
	assert_int_equal(client_lookup(c, ROOT, "proc"), -EACCES);
	assert_int_equal(client_lookup(c, ROOT, "tmp"), 0);
}

static void bad_shares_are_told(void **state)
{
	struct fuse_client *c = *state;
	struct failure failure = { 0 };
	struct fs *fs = calloc(1, sizeof(*fs));

	client_make_file(c, "f", "");
	assert_int_equal(fs_open(fs, client_path(c, "f"), false, 64, &failure), -ENOTDIR);
	assert_non_null(strstr(failure.text, "Not a directory"));
	fs_close(fs);
	memset(fs, 0, sizeof(*fs));
	assert_int_equal(fs_open(fs, "/nowhere", false, 64, &failure), -ENOENT);
	assert_string_equal(failure.text, "cannot share /nowhere: No such file or directory");
	fs_close(fs);
	free(fs);
}

static void read_only_shares_are_not_changed(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_mkdir_in dir = { .mode = 0755 };
	struct fuse_mknod_in node = { .mode = S_IFREG | 0644 };
	struct fuse_create_in create = { .flags = O_RDONLY, .mode = 0644 };
	struct fuse_rename_in rename = { ROOT };
	struct fuse_rename2_in rename2 = { .newdir = ROOT };
	struct fuse_setattr_in attr = { .valid = FATTR_MODE, .mode = 0777 };
	struct fuse_link_in link = { 0 };
	struct fuse_fallocate_in allocate = { .length = 1 };
	struct fuse_copy_file_range_in copy = { .len = 1 };
	struct fuse_access_in may = { .mask = W_OK };
	uint64_t f, fh;

	client_make_file(c, "f", "hello");
	fs_close(&c->fs);
	memset(&c->fs, 0, sizeof(c->fs));
	client_share(c, true);
	f = client_walk(c, "f");
	link.oldnodeid = f;
	assert_int_equal(CALL(c, FUSE_MKDIR, ROOT, &dir, "d", NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_MKNOD, ROOT, &node, "n", NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &create, "n", NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_RENAME, ROOT, &rename, "f", "g"), -EROFS);
	assert_int_equal(CALL(c, FUSE_RENAME2, ROOT, &rename2, "f", "g"), -EROFS);
	assert_int_equal(CALL(c, FUSE_SETATTR, f, &attr, NULL, NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_LINK, ROOT, &link, "g", NULL), -EROFS);
	assert_int_equal(client_call(c, FUSE_SYMLINK, ROOT, NULL, 0, "l", "f"), -EROFS);
	assert_int_equal(client_call(c, FUSE_UNLINK, ROOT, NULL, 0, "f", NULL), -EROFS);
	assert_int_equal(client_call(c, FUSE_RMDIR, ROOT, NULL, 0, "f", NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_ACCESS, f, &may, NULL, NULL), -EROFS);
	assert_int_equal(client_open(c, FUSE_OPEN, f, O_WRONLY, &fh), -EROFS);
	assert_int_equal(client_open(c, FUSE_OPEN, f, O_RDWR, &fh), -EROFS);
	assert_int_equal(client_open(c, FUSE_OPEN, f, O_RDONLY | O_TRUNC, &fh), -EROFS);
	assert_int_equal(client_open(c, FUSE_OPEN, f, O_RDONLY, &fh), 0);
	allocate.fh = copy.fh_in = copy.fh_out = fh;
	copy.nodeid_out = f;
	assert_int_equal(client_write(c, f, fh, 0, "x", 1), -EROFS);
	assert_int_equal(CALL(c, FUSE_FALLOCATE, f, &allocate, NULL, NULL), -EROFS);
	assert_int_equal(CALL(c, FUSE_COPY_FILE_RANGE, f, &copy, NULL, NULL), -EROFS);
	assert_int_equal(client_read(c, FUSE_READ, f, fh, 0, 10), 0);
	assert_memory_equal(c->reply.bytes, "hello", 5);
}

static void messages_of_the_wrong_size_are_refused(void **state)
{
	struct fuse_client *c = *state;
	struct iovec in, out[2];
	uint8_t answer[256];

	client_make_file(c, "f", "");
	for (uint32_t opcode = 0; opcode < 60; opcode++) {
		for (size_t size = sizeof(struct fuse_in_header); size < 140; size++) {
			client_begin(c, opcode, ROOT);
			memset(c->request + c->request_size, 0xff, sizeof(c->request) - c->request_size);
			c->request_size = size;
			client_send(c, 200);
			client_send(c, 0);
			if (!c->fs.started)
				assert_int_equal(client_init(c), 0);
		}
	}
	/* Shorter than a header; one that claims more than there is; no room for an answer. */
	client_begin(c, FUSE_STATFS, ROOT);
	for (size_t size = 0; size < sizeof(struct fuse_in_header); size++) {
		in = (struct iovec){ c->request, size };
		out[0] = (struct iovec){ answer, sizeof(answer) };
		assert_int_equal(fs_serve(&c->fs, &in, 1, out, 1), 0);
	}
	memcpy(c->request, &(uint32_t){ 41 }, 4);
	in = (struct iovec){ c->request, 40 };
	out[0] = (struct iovec){ answer, sizeof(answer) };
	assert_int_equal(fs_serve(&c->fs, &in, 1, out, 1), 0);
	memcpy(c->request, &(uint32_t){ 40 }, 4);
	in = (struct iovec){ c->request, 40 };
	out[0] = (struct iovec){ answer, 15 };
	assert_int_equal(fs_serve(&c->fs, &in, 1, out, 1), 0);
	/* In pieces, it is one answer all the same. */
	in = (struct iovec){ c->request, 40 };
	out[0] = (struct iovec){ answer, 7 };
	out[1] = (struct iovec){ answer + 7, sizeof(answer) - 7 };
	assert_int_equal(fs_serve(&c->fs, &in, 1, out, 2), 16 + sizeof(struct fuse_statfs_out));
	assert_int_equal(((struct fuse_out_header *)answer)->error, 0);
}

/* A message of a gigabyte, all of it one page: what is done for it has an end. */
static void endless_messages_end(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_batch_forget_in head = { .count = UINT32_MAX };
	struct fuse_in_header header = { .opcode = FUSE_BATCH_FORGET };
	static struct fuse_forget_one page[1 << 16];
	struct iovec in[256];

	in[0] = (struct iovec){ &header, sizeof(header) };
	in[1] = (struct iovec){ &head, sizeof(head) };
	header.len = sizeof(header) + sizeof(head) + 254u * sizeof(page);
	for (unsigned i = 2; i < 256; i++)
		in[i] = (struct iovec){ page, sizeof(page) };
	page[0] = (struct fuse_forget_one){ FUSE_ROOT_ID, 1 };
	assert_int_equal(fs_serve(&c->fs, in, 256, NULL, 0), 0);
	/* The first page was not even finished, and is now the first of what is left. */
	assert_int_equal(in[0].iov_len, sizeof(page) - 16384 * sizeof(page[0]));
	assert_int_equal(client_lookup(c, ROOT, "x"), -ENOENT);
}

static void names_end_where_the_message_ends(void **state)
{
	struct fuse_client *c = *state;

	client_begin(c, FUSE_LOOKUP, ROOT);
	client_add(c, "abc", 3); /* no NUL */
	assert_int_equal(client_send(c, 200), -EINVAL);
	client_begin(c, FUSE_LOOKUP, ROOT);
	client_add(c, "abc\0def", 8);
	assert_int_equal(client_send(c, 200), -EINVAL);
	client_begin(c, FUSE_SYMLINK, ROOT);
	client_add(c, "abc", 4); /* the second is missing */
	assert_int_equal(client_send(c, 200), -EINVAL);
	client_begin(c, FUSE_LOOKUP, ROOT);
	memset(c->request + c->request_size, 'x', 60000);
	c->request_size += 60000;
	assert_int_equal(client_send(c, 200), -ENAMETOOLONG);
}

static void ids_of_nobody_are_stale(void **state)
{
	static const uint64_t ids[] = { 0, 2, 12345, UINT64_MAX, 1ull << 32, 1ull << 32 | 1, UINT32_MAX };
	struct fuse_client *c = *state;
	struct fuse_getattr_in attr = { 0 };
	struct fuse_link_in link;
	uint64_t fh;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(CALL(c, FUSE_GETATTR, ids[i], &attr, NULL, NULL), -ESTALE);
		assert_int_equal(client_lookup(c, ids[i], "x"), -ESTALE);
		link.oldnodeid = ids[i];
		assert_int_equal(CALL(c, FUSE_LINK, ROOT, &link, "x", NULL), -ESTALE);
		client_forget(c, ids[i], UINT64_MAX);
		assert_int_equal(client_read(c, FUSE_READ, ROOT, ids[i], 0, 10), -EBADF);
		assert_int_equal(client_release(c, FUSE_RELEASE, ROOT, ids[i]), -EBADF);
	}
	client_forget(c, ROOT, UINT64_MAX);
	assert_int_equal(CALL(c, FUSE_GETATTR, ROOT, &attr, NULL, NULL), 0);
	/* A directory's handle is no file's, and neither is another node's. */
	client_make_file(c, "f", "");
	client_make_file(c, "g", "");
	assert_int_equal(client_open(c, FUSE_OPENDIR, ROOT, 0, &fh), 0);
	assert_int_equal(client_read(c, FUSE_READ, ROOT, fh, 0, 10), -EBADF);
	assert_int_equal(client_release(c, FUSE_RELEASE, ROOT, fh), -EBADF);
	assert_int_equal(client_open(c, FUSE_OPEN, client_walk(c, "f"), 0, &fh), 0);
	assert_int_equal(client_read(c, FUSE_READ, client_walk(c, "g"), fh, 0, 10), -EBADF);
}

static void ranges_that_overflow_are_refused(void **state)
{
	static const struct { uint64_t offset; uint32_t size; } cases[] = {
		{ UINT64_MAX, 1 }, { INT64_MAX, 1 }, { 0, UINT32_MAX }, { 0, FS_DATA_MAX + 1 }, { 1ull << 63, 0 },
	};
	struct fuse_client *c = *state;
	uint64_t node, fh;

	client_make_file(c, "f", "hello");
	node = client_walk(c, "f");
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_RDWR, &fh), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fuse_write_in in = { .fh = fh, .offset = cases[i].offset, .size = cases[i].size };

		assert_int_equal(client_read(c, FUSE_READ, node, fh, cases[i].offset, cases[i].size), -EINVAL);
		client_begin(c, FUSE_WRITE, node);
		client_add(c, &in, sizeof(in));
		client_add(c, "x", cases[i].size == 1);
		assert_int_equal(client_send(c, sizeof(c->reply)), -EINVAL);
	}
	/* More data than announced, or less. */
	assert_int_equal(client_read(c, FUSE_READ, node, fh, 0, 65537), -EINVAL);
	{
		struct fuse_write_in in = { .fh = fh, .size = 4 };

		client_begin(c, FUSE_WRITE, node);
		client_add(c, &in, sizeof(in));
		client_add(c, "abc", 3);
		assert_int_equal(client_send(c, sizeof(c->reply)), -EINVAL);
		client_add(c, "de", 2);
		assert_int_equal(client_send(c, sizeof(c->reply)), -EINVAL);
	}
}

static void descriptors_are_bounded(void **state)
{
	enum { FILES = 500 };
	struct fuse_client *c = *state;
	struct fuse_getattr_in attr = { 0 };
	unsigned before = open_fds(), opened = 0;
	uint64_t nodes[FILES], fh, dir;
	char name[32];

	client_make_dir(c, "d");
	client_make_dir(c, "d/e");
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "d/e/%u", i);
		client_make_file(c, name, name);
		nodes[i] = client_walk(c, name);
	}
	assert_true(open_fds() <= before + FUSE_CLIENT_FDS / 2);
	for (unsigned i = 0; i < FILES; i++) {
		assert_int_equal(CALL(c, FUSE_GETATTR, nodes[i], &attr, NULL, NULL), 0);
		assert_int_equal(c->reply.attr.attr.size, 5 + (i > 9) + (i > 99));
	}
	for (unsigned i = 0; i < FILES; i++)
		opened += client_open(c, FUSE_OPEN, nodes[i], O_RDONLY, &fh) == 0;
	assert_int_equal(opened, FUSE_CLIENT_FDS / 2);
	assert_int_equal(client_open(c, FUSE_OPEN, nodes[0], O_RDONLY, &fh), -ENFILE);
	assert_true(open_fds() <= before + FUSE_CLIENT_FDS + 2);
	/* Closed ones are found again where the guest has put them. */
	dir = client_walk(c, "d/e");
	assert_int_equal(CALL(c, FUSE_RENAME, dir, &(struct fuse_rename_in){ ROOT }, "450", "moved"), 0);
	assert_int_equal(CALL(c, FUSE_RENAME, client_walk(c, "d"), &(struct fuse_rename_in){ ROOT }, "e", "e2"), 0);
	for (unsigned i = 0; i < FILES; i++)
		assert_int_equal(CALL(c, FUSE_GETATTR, nodes[i], &attr, NULL, NULL), 0);
	/* A closed one that is another file meanwhile is not taken for it. */
	assert_int_equal(unlink(client_path(c, "e2/499")), 0);
	for (unsigned i = 40; i < 100; i++)
		assert_int_equal(CALL(c, FUSE_GETATTR, nodes[i], &attr, NULL, NULL), 0);
	assert_int_equal(mkdir(client_path(c, "e2/499"), 0755), 0);
	assert_int_equal(CALL(c, FUSE_GETATTR, nodes[499], &attr, NULL, NULL), -ESTALE);
	fs_reset(&c->fs);
	assert_true(open_fds() <= before);
}

struct racer {
	struct fuse_client *client;
	atomic_bool stop;
};

/* The host's user puts a symlink to the outside where a directory was, and back. */
static void *swap_names(void *opaque)
{
	struct racer *racer = opaque;
	char real[128], link[128];

	snprintf(real, sizeof(real), "%s/dir", racer->client->shared);
	snprintf(link, sizeof(link), "%s/link", racer->client->shared);
	while (!racer->stop)
		renameat2(AT_FDCWD, real, AT_FDCWD, link, 2 /* exchange */);
	return NULL;
}

static void renames_under_way_open_no_door(void **state)
{
	enum { ROUNDS = 3000 };
	struct fuse_client *c = *state;
	struct racer racer = { .client = c };
	struct fuse_create_in create = { .flags = O_WRONLY, .mode = 0644 };
	unsigned found = 0;
	pthread_t thread;
	char path[128];
	uint64_t fh;
	int fd;

	client_make_dir(c, "dir");
	client_make_file(c, "dir/file", "inside");
	snprintf(path, sizeof(path), "%s/file", c->outside);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
	assert_int_equal(symlink(c->outside, client_path(c, "link")), 0);
	assert_int_equal(pthread_create(&thread, NULL, swap_names, &racer), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t dir, file;

		assert_int_equal(client_lookup(c, ROOT, i & 1 ? "dir" : "link"), 0);
		dir = c->reply.entry.nodeid;
		if (client_lookup(c, dir, "file") == 0) {
			file = c->reply.entry.nodeid;
			assert_int_equal(client_open(c, FUSE_OPEN, file, O_RDONLY, &fh), 0);
			assert_int_equal(client_read(c, FUSE_READ, file, fh, 0, 6), 0);
			assert_memory_equal(c->reply.bytes, "inside", 6);
			assert_int_equal(client_release(c, FUSE_RELEASE, file, fh), 0);
			client_forget(c, file, 1);
			found++;
		}
		if (CALL(c, FUSE_CREATE, dir, &create, "new", NULL) == 0)
			assert_int_equal(client_release(c, FUSE_RELEASE, c->reply.created.entry.nodeid,
							c->reply.created.open.fh), 0);
		client_forget(c, dir, 1);
	}
	racer.stop = true;
	pthread_join(thread, NULL);
	assert_true(found > 0);
	snprintf(path, sizeof(path), "%s/new", c->outside);
	assert_int_equal(access(path, F_OK), -1);
}

/* The host may even make a directory its own ancestor's parent, one step after the other. */
static void circular_memories_end(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_getattr_in attr = { 0 };
	char from[256], to[256], name[32];
	uint64_t a, b;

	client_make_dir(c, "a");
	client_make_dir(c, "a/b");
	a = client_walk(c, "a");
	b = client_walk(c, "a/b");
	snprintf(from, sizeof(from), "%s/a/b", c->shared);
	snprintf(to, sizeof(to), "%s/b", c->shared);
	assert_int_equal(rename(from, to), 0);
	snprintf(from, sizeof(from), "%s/a", c->shared);
	snprintf(to, sizeof(to), "%s/b/a", c->shared);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(client_lookup(c, b, "a"), 0);
	assert_int_equal(c->reply.entry.nodeid, a);
	for (unsigned i = 0; i < FUSE_CLIENT_FDS; i++) { /* both are closed now */
		snprintf(name, sizeof(name), "%u", i);
		client_make_dir(c, name);
		client_walk(c, name);
	}
	assert_int_equal(CALL(c, FUSE_GETATTR, a, &attr, NULL, NULL), -ESTALE);
	assert_int_equal(CALL(c, FUSE_GETATTR, b, &attr, NULL, NULL), -ESTALE);
	assert_int_equal(client_walk(c, "b"), b);
	assert_int_equal(CALL(c, FUSE_GETATTR, a, &attr, NULL, NULL), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_single_components),
		TEST(symlinks_are_not_followed),
		TEST(special_files_are_not_opened),
		TEST(bad_shares_are_told),
		TEST(read_only_shares_are_not_changed),
		TEST(messages_of_the_wrong_size_are_refused),
		TEST(endless_messages_end),
		TEST(names_end_where_the_message_ends),
		TEST(ids_of_nobody_are_stale),
		TEST(ranges_that_overflow_are_refused),
		TEST(descriptors_are_bounded),
		TEST(renames_under_way_open_no_door),
		TEST(circular_memories_end),
		TEST(procfs_is_not_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
