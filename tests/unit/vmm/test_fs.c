/* vmm/fs/: what each operation does to the host's files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "fs/attr.h"
#include "fuse_client.h"

#define ROOT FUSE_ROOT_ID

static bool host_has(struct fuse_client *c, const char *name, const char *content)
{
	char have[256];
	int fd = open(client_path(c, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, have, sizeof(have));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(content) && memcmp(have, content, (size_t)n) == 0;
}

static struct stat host_stat(struct fuse_client *c, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(client_path(c, name), &st), 0);
	return st;
}

static void versions_are_negotiated(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_init_in old = { 7, 30, 0, 0 }, newer = { 8, 0, 0, ~0u }, mine = { 7, 31, 4096, FUSE_MAX_PAGES | 1u << 2 };

	assert_int_equal(CALL(c, FUSE_INIT, 0, &old, NULL, NULL), -EPROTO);
	assert_int_equal(CALL(c, FUSE_INIT, 0, &newer, NULL, NULL), 0);
	assert_int_equal(c->reply.init.major, 7);
	assert_int_equal(CALL(c, FUSE_INIT, 0, &mine, NULL, NULL), 0);
	assert_int_equal(c->reply_size, 64);
	assert_int_equal(c->reply.init.minor, 31);
	assert_int_equal(c->reply.init.flags, FUSE_MAX_PAGES);
	assert_int_equal(c->reply.init.max_readahead, 4096);
	assert_int_equal(c->reply.init.max_write, FS_DATA_MAX);
	assert_int_equal(c->reply.init.max_pages, 256);
	assert_int_equal(client_call(c, FUSE_DESTROY, 0, NULL, 0, NULL, NULL), 0);
	assert_int_equal(client_lookup(c, ROOT, "a"), -EIO);
	assert_int_equal(client_init(c), 0);
	assert_int_equal(client_lookup(c, ROOT, "a"), -ENOENT);
}

static void names_are_looked_up(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_getattr_in in = { 0 };
	uint64_t node;

	client_make_dir(c, "d");
	client_make_file(c, "d/f", "hello");
	assert_int_equal(client_lookup(c, ROOT, "f"), -ENOENT);
	node = client_walk(c, "d/f");
	assert_int_equal(c->reply.entry.attr.size, 5);
	assert_int_equal(c->reply.entry.attr.mode, S_IFREG | 0644);
	assert_int_equal(c->reply.entry.attr.ino, host_stat(c, "d/f").st_ino);
	assert_int_equal(client_walk(c, "d/f"), node); /* the same file is the same node */
	assert_int_equal(CALL(c, FUSE_GETATTR, node, &in, NULL, NULL), 0);
	assert_int_equal(c->reply.attr.attr.nlink, 1);
	assert_int_equal(client_lookup(c, node, "x"), -ENOTDIR);
	client_forget(c, node, 1);
	assert_int_equal(CALL(c, FUSE_GETATTR, node, &in, NULL, NULL), 0);
	client_forget(c, node, 1);
	assert_int_equal(CALL(c, FUSE_GETATTR, node, &in, NULL, NULL), -ESTALE);
	assert_int_not_equal(client_walk(c, "d/f"), node);
}

static void forgetting_in_batches(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_getattr_in in = { 0 };
	struct fuse_batch_forget_in head = { .count = 3 };
	struct fuse_forget_one all[3] = { { .nlookup = 1 }, { 12345, 1 }, { .nlookup = UINT64_MAX } };

	client_make_file(c, "a", "");
	client_make_file(c, "b", "");
	all[0].nodeid = client_walk(c, "a");
	all[2].nodeid = client_walk(c, "b");
	client_begin(c, FUSE_BATCH_FORGET, 0);
	client_add(c, &head, sizeof(head));
	client_add(c, all, sizeof(all));
	assert_int_equal(client_send(c, 0), 1);
	assert_int_equal(CALL(c, FUSE_GETATTR, all[0].nodeid, &in, NULL, NULL), -ESTALE);
	assert_int_equal(CALL(c, FUSE_GETATTR, all[2].nodeid, &in, NULL, NULL), -ESTALE);
}

static void files_are_created_written_and_read(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_create_in in = { .flags = O_RDWR, .mode = S_IFREG | 0400 };
	struct fuse_fsync_in sync = { 0 };
	struct fuse_flush_in flush = { 0 };
	uint64_t node, fh, reader;

	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &in, "f", NULL), 0);
	assert_int_equal(c->reply_size, sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out));
	assert_int_equal(host_stat(c, "f").st_mode, S_IFREG | 0400);
	node = c->reply.created.entry.nodeid;
	fh = c->reply.created.open.fh;
	assert_int_equal(client_write(c, node, fh, 3, "abcdef", 6), 0);
	assert_int_equal(c->reply.write.size, 6);
	assert_true(client_path(c, "f") && host_stat(c, "f").st_size == 9);
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_RDONLY, &reader), 0);
	assert_int_equal(client_read(c, FUSE_READ, node, reader, 1, 100), 0);
	assert_int_equal(c->reply_size, 8);
	assert_memory_equal(c->reply.bytes, "\0\0abcdef", 8);
	assert_int_equal(client_read(c, FUSE_READ, node, reader, 9, 100), 0);
	assert_int_equal(c->reply_size, 0);
	assert_int_equal(client_write(c, node, reader, 0, "x", 1), -EBADF);
	sync.fh = flush.fh = fh;
	assert_int_equal(CALL(c, FUSE_FSYNC, node, &sync, NULL, NULL), 0);
	sync.fsync_flags = FUSE_FSYNC_FDATASYNC;
	assert_int_equal(CALL(c, FUSE_FSYNC, node, &sync, NULL, NULL), 0);
	assert_int_equal(CALL(c, FUSE_FLUSH, node, &flush, NULL, NULL), 0);
	assert_int_equal(client_release(c, FUSE_RELEASE, node, reader), 0);
	assert_int_equal(client_release(c, FUSE_RELEASE, node, reader), -EBADF);
	assert_int_equal(client_read(c, FUSE_READ, node, reader, 0, 1), -EBADF);
	assert_int_equal(client_read(c, FUSE_READ, node, fh, 0, 1), 0);
}

static void creating_what_is_there_opens_it(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_create_in in = { .flags = O_RDWR | O_TRUNC, .mode = 0644 };

	client_make_file(c, "f", "old");
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &in, "f", NULL), 0);
	assert_true(host_has(c, "f", ""));
	in.flags |= O_EXCL;
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &in, "f", NULL), -EEXIST);
	in.flags = O_RDWR;
	client_make_dir(c, "d");
	assert_int_equal(CALL(c, FUSE_CREATE, ROOT, &in, "d", NULL), -EISDIR);
}

static void appending_goes_to_the_end(void **state)
{
	struct fuse_client *c = *state;
	uint64_t node, fh;

	client_make_file(c, "f", "one");
	node = client_walk(c, "f");
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_WRONLY | O_APPEND, &fh), 0);
	assert_int_equal(client_write(c, node, fh, 0, "two", 3), 0);
	assert_true(host_has(c, "f", "onetwo"));
}

static void attributes_are_set(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_setattr_in in = { .valid = FATTR_MODE | FATTR_SIZE | FATTR_MTIME, .mode = S_IFREG | 07640, .size = 2,
				      .mtime = 1000000000, .mtimensec = 5 };
	uint64_t node, link_node;
	struct stat st;

	client_make_file(c, "f", "hello");
	node = client_walk(c, "f");
	assert_int_equal(CALL(c, FUSE_SETATTR, node, &in, NULL, NULL), 0);
	assert_int_equal(c->reply.attr.attr.size, 2);
	st = host_stat(c, "f");
	assert_int_equal(st.st_mode, S_IFREG | 01640); /* no set-uid, no set-gid */
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	assert_true(host_has(c, "f", "he"));
	in = (struct fuse_setattr_in){ .valid = FATTR_MTIME | FATTR_MTIME_NOW | FATTR_ATIME, .atime = 7 };
	assert_int_equal(CALL(c, FUSE_SETATTR, node, &in, NULL, NULL), 0);
	assert_int_equal(host_stat(c, "f").st_atim.tv_sec, 7);
	assert_true(host_stat(c, "f").st_mtim.tv_sec > 1500000000);
	in.atimensec = UTIME_NOW;
	assert_int_equal(CALL(c, FUSE_SETATTR, node, &in, NULL, NULL), -EINVAL);
	in = (struct fuse_setattr_in){ .valid = FATTR_SIZE, .size = UINT64_MAX };
	assert_int_equal(CALL(c, FUSE_SETATTR, node, &in, NULL, NULL), -EFBIG);
	in.size = 0;
	assert_int_equal(CALL(c, FUSE_SETATTR, ROOT, &in, NULL, NULL), -EISDIR);
	in = (struct fuse_setattr_in){ .valid = FATTR_UID | FATTR_GID, .uid = geteuid(), .gid = getegid() };
	assert_int_equal(CALL(c, FUSE_SETATTR, node, &in, NULL, NULL), 0);
	/* A symlink's own, not its target's. */
	assert_int_equal(symlink("f", client_path(c, "l")), 0);
	link_node = client_walk(c, "l");
	in = (struct fuse_setattr_in){ .valid = FATTR_MTIME, .mtime = 99 };
	assert_int_equal(CALL(c, FUSE_SETATTR, link_node, &in, NULL, NULL), 0);
	assert_int_equal(host_stat(c, "l").st_mtim.tv_sec, 99);
	assert_true(host_stat(c, "f").st_mtim.tv_sec > 1500000000);
	in = (struct fuse_setattr_in){ .valid = FATTR_MODE, .mode = 0777 };
	assert_int_equal(CALL(c, FUSE_SETATTR, link_node, &in, NULL, NULL), -EOPNOTSUPP);
}

static void entries_are_made(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_mkdir_in dir = { .mode = 0755 };
	struct fuse_mknod_in node = { .mode = S_IFIFO | 0600 };
	struct fuse_link_in old = { 0 };
	uint64_t d;

	assert_int_equal(CALL(c, FUSE_MKDIR, ROOT, &dir, "d", NULL), 0);
	d = c->reply.entry.nodeid;
	assert_true(S_ISDIR(c->reply.entry.attr.mode));
	assert_int_equal(CALL(c, FUSE_MKDIR, ROOT, &dir, "d", NULL), -EEXIST);
	assert_int_equal(CALL(c, FUSE_MKNOD, d, &node, "fifo", NULL), 0);
	assert_int_equal(host_stat(c, "d/fifo").st_mode, S_IFIFO | 0600);
	node.mode = S_IFSOCK | 0600;
	assert_int_equal(CALL(c, FUSE_MKNOD, d, &node, "socket", NULL), 0);
	node.mode = S_IFREG | 04755;
	assert_int_equal(CALL(c, FUSE_MKNOD, d, &node, "file", NULL), 0);
	assert_int_equal(host_stat(c, "d/file").st_mode, S_IFREG | 0755);
	old.oldnodeid = c->reply.entry.nodeid;
	assert_int_equal(CALL(c, FUSE_LINK, ROOT, &old, "second", NULL), 0);
	assert_int_equal(c->reply.entry.nodeid, old.oldnodeid);
	assert_int_equal(host_stat(c, "second").st_nlink, 2);
	assert_int_equal(client_call(c, FUSE_SYMLINK, d, NULL, 0, "link", "/any/../where"), 0);
	old.oldnodeid = c->reply.entry.nodeid;
	assert_int_equal(client_call(c, FUSE_READLINK, old.oldnodeid, NULL, 0, NULL, NULL), 0);
	assert_int_equal(c->reply_size, 13);
	assert_memory_equal(c->reply.bytes, "/any/../where", 13);
	/* A hard link to the symlink, not to where it leads. */
	assert_int_equal(CALL(c, FUSE_LINK, ROOT, &old, "link2", NULL), 0);
	assert_true(S_ISLNK(host_stat(c, "link2").st_mode));
	assert_int_equal(client_call(c, FUSE_READLINK, d, NULL, 0, NULL, NULL), -EINVAL);
}

static void devices_are_not_made(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_mknod_in node = { .mode = S_IFCHR | 0666, .rdev = 0x103 };

	assert_int_equal(CALL(c, FUSE_MKNOD, ROOT, &node, "null", NULL), -EPERM);
	node.mode = S_IFBLK | 0666;
	assert_int_equal(CALL(c, FUSE_MKNOD, ROOT, &node, "disk", NULL), -EPERM);
	node.mode = S_IFDIR | 0777;
	assert_int_equal(CALL(c, FUSE_MKNOD, ROOT, &node, "dir", NULL), -EPERM);
	assert_int_equal(access(client_path(c, "null"), F_OK), -1);
}

static void entries_are_removed_and_moved(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_rename2_in in = { .flags = FUSE_RENAME_NOREPLACE };
	struct fuse_rename_in plain;
	struct fuse_getattr_in attr = { 0 };
	uint64_t node;

	client_make_dir(c, "d");
	client_make_file(c, "a", "A");
	client_make_file(c, "b", "B");
	plain.newdir = in.newdir = client_walk(c, "d");
	node = client_walk(c, "a");
	assert_int_equal(CALL(c, FUSE_RENAME2, ROOT, &in, "a", "x"), 0);
	assert_true(host_has(c, "d/x", "A"));
	assert_int_equal(CALL(c, FUSE_GETATTR, node, &attr, NULL, NULL), 0);
	assert_int_equal(CALL(c, FUSE_RENAME2, ROOT, &in, "b", "x"), -EEXIST);
	in.flags = FUSE_RENAME_EXCHANGE;
	assert_int_equal(CALL(c, FUSE_RENAME2, ROOT, &in, "b", "x"), 0);
	assert_true(host_has(c, "d/x", "B") && host_has(c, "b", "A"));
	in.flags = 4;
	assert_int_equal(CALL(c, FUSE_RENAME2, ROOT, &in, "b", "x"), -EINVAL);
	assert_int_equal(CALL(c, FUSE_RENAME, ROOT, &plain, "b", "x"), 0);
	assert_true(host_has(c, "d/x", "A"));
	plain.newdir = 999;
	assert_int_equal(CALL(c, FUSE_RENAME, in.newdir, &plain, "x", "y"), -ESTALE);
	assert_int_equal(client_call(c, FUSE_RMDIR, ROOT, NULL, 0, "d", NULL), -ENOTEMPTY);
	assert_int_equal(client_call(c, FUSE_UNLINK, ROOT, NULL, 0, "d", NULL), -EISDIR);
	assert_int_equal(client_call(c, FUSE_UNLINK, in.newdir, NULL, 0, "x", NULL), 0);
	assert_int_equal(client_call(c, FUSE_RMDIR, ROOT, NULL, 0, "d", NULL), 0);
	assert_int_equal(client_lookup(c, ROOT, "d"), -ENOENT);
}

static void deleted_files_that_are_open_stay_usable(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_getattr_in attr = { .flags = FUSE_GETATTR_FH };
	uint64_t node, fh;

	client_make_file(c, "f", "hello");
	node = client_walk(c, "f");
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_RDWR, &fh), 0);
	assert_int_equal(client_call(c, FUSE_UNLINK, ROOT, NULL, 0, "f", NULL), 0);
	attr.fh = fh;
	assert_int_equal(CALL(c, FUSE_GETATTR, node, &attr, NULL, NULL), 0);
	assert_int_equal(c->reply.attr.attr.nlink, 0);
	assert_int_equal(client_write(c, node, fh, 5, "!", 1), 0);
	assert_int_equal(client_read(c, FUSE_READ, node, fh, 0, 10), 0);
	assert_memory_equal(c->reply.bytes, "hello!", 6);
}

/* Lists the directory with replies of `room` bytes; returns the number of names but . and .. */
static unsigned list(struct fuse_client *c, uint32_t opcode, uint64_t node, uint32_t room, unsigned *with_nodes)
{
	uint64_t fh, offset = 0;
	unsigned count = 0;

	*with_nodes = 0;
	assert_int_equal(client_open(c, FUSE_OPENDIR, node, O_RDONLY, &fh), 0);
	for (;;) {
		size_t head = opcode == FUSE_READDIRPLUS ? sizeof(struct fuse_entry_out) : 0;

		assert_int_equal(client_read(c, opcode, node, fh, offset, room), 0);
		assert_true(c->reply_size <= room);
		if (c->reply_size == 0)
			break;
		for (size_t at = 0; at < c->reply_size;) {
			struct fuse_entry_out *entry = (struct fuse_entry_out *)(c->reply.bytes + at);
			struct fuse_dirent *d = (struct fuse_dirent *)(c->reply.bytes + at + head);

			assert_true(at + head + sizeof(*d) + d->namelen <= c->reply_size);
			if (d->name[0] != '.')
				count++;
			if (head && entry->nodeid) {
				assert_int_equal(entry->attr.ino, d->ino);
				(*with_nodes)++;
			}
			offset = d->off;
			at += FUSE_DIRENT_ALIGN(head + sizeof(*d) + d->namelen);
		}
	}
	assert_int_equal(client_release(c, FUSE_RELEASEDIR, node, fh), 0);
	return count;
}

/* Files get a descriptor when something is done with them: by then another may have their name. */
static void files_that_were_replaced_are_looked_up_anew(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_getattr_in attr = { 0 };
	uint64_t f, new, fh;
	char to[256];

	client_make_file(c, "f", "old");
	client_make_file(c, "new", "new");
	f = client_walk(c, "f");
	snprintf(to, sizeof(to), "%s/f", c->shared);
	assert_int_equal(rename(client_path(c, "new"), to), 0);
	assert_int_equal(client_open(c, FUSE_OPEN, f, O_RDONLY, &fh), -ESTALE);
	assert_int_equal(CALL(c, FUSE_GETATTR, f, &attr, NULL, NULL), -ESTALE);
	new = client_walk(c, "f");
	assert_int_not_equal(new, f);
	assert_int_equal(client_open(c, FUSE_OPEN, new, O_RDONLY, &fh), 0);
	assert_int_equal(rename(to, client_path(c, "elsewhere")), 0);
	assert_int_equal(CALL(c, FUSE_GETATTR, new, &attr, NULL, NULL), 0); /* it is open */
	assert_int_equal(client_read(c, FUSE_READ, new, fh, 0, 10), 0);
	assert_memory_equal(c->reply.bytes, "new", 3);
}

static void directories_are_listed(void **state)
{
	enum { FILES = 200 };
	struct fuse_client *c = *state;
	struct fuse_fsync_in sync = { 0 };
	char name[300];
	unsigned nodes;
	uint64_t d;

	client_make_dir(c, "d");
	d = client_walk(c, "d");
	assert_int_equal(list(c, FUSE_READDIR, d, 4096, &nodes), 0);
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "d/%0*u", i == 0 ? 255 : 5, i);
		client_make_file(c, name, "");
	}
	assert_int_equal(list(c, FUSE_READDIR, d, 4096, &nodes), FILES);
	assert_int_equal(list(c, FUSE_READDIR, d, 280, &nodes), FILES);
	assert_int_equal(list(c, FUSE_READDIRPLUS, d, 4096, &nodes), FILES);
	assert_int_equal(nodes, FILES); /* more than there may be descriptors */
	assert_int_equal(list(c, FUSE_READDIRPLUS, d, 60000, &nodes), FILES);
	assert_int_equal(client_open(c, FUSE_OPENDIR, d, 0, &sync.fh), 0);
	assert_int_equal(CALL(c, FUSE_FSYNCDIR, d, &sync, NULL, NULL), 0);
	assert_int_equal(client_read(c, FUSE_READDIR, d, sync.fh, 0, 8), -EINVAL);
	assert_int_equal(client_open(c, FUSE_OPENDIR, client_walk(c, "d/00001"), 0, &sync.fh), -ENOTDIR);
}

/* As `rm -r` does, with a directory whose places move when something in front of them goes. */
static void directories_are_listed_whole_while_they_empty(void **state)
{
	enum { FILES = 1000 };
	struct fuse_client *c = *state;
	unsigned removed = 0;
	char name[32];
	uint64_t d, fh, offset = 0;

	client_make_dir(c, "d");
	d = client_walk(c, "d");
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		client_make_file(c, name, "");
	}
	assert_int_equal(client_open(c, FUSE_OPENDIR, d, O_RDONLY, &fh), 0);
	do {
		assert_int_equal(client_read(c, FUSE_READDIR, d, fh, offset, 1000), 0);
		for (size_t at = 0; at < c->reply_size;) {
			struct fuse_dirent *entry = (struct fuse_dirent *)(c->reply.bytes + at);

			snprintf(name, sizeof(name), "d/%.*s", (int)entry->namelen, entry->name);
			removed += entry->name[0] != '.' && unlink(client_path(c, name)) == 0;
			offset = entry->off;
			at += FUSE_DIRENT_ALIGN(sizeof(*entry) + entry->namelen);
		}
	} while (c->reply_size > 0);
	assert_int_equal(removed, FILES);
	/* Once more from the beginning: what is there now. */
	client_make_file(c, "d/new", "");
	assert_int_equal(client_read(c, FUSE_READDIR, d, fh, 0, 1000), 0);
	assert_int_equal(c->reply_size, 3 * 32);
}

static void a_client_leaves_an_exit_status(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_ioctl_in in = { .cmd = FUSE_IOCTL_EXIT_STATUS, .arg = 0x107 };
	_Atomic int exit_status = 0;
	uint64_t fh;

	assert_int_equal(client_open(c, FUSE_OPENDIR, FUSE_ROOT_ID, O_RDONLY, &fh), 0);
	in.fh = fh;
	assert_int_equal(CALL(c, FUSE_IOCTL, FUSE_ROOT_ID, &in, NULL, NULL), -ENOTTY);
	c->fs.exit_status = &exit_status;
	assert_int_equal(CALL(c, FUSE_IOCTL, FUSE_ROOT_ID, &in, NULL, NULL), 0);
	assert_int_equal(exit_status, 7);
	in.cmd = 0x5401;
	assert_int_equal(CALL(c, FUSE_IOCTL, FUSE_ROOT_ID, &in, NULL, NULL), -ENOTTY);
	client_make_dir(c, "d");
	in.cmd = FUSE_IOCTL_EXIT_STATUS;
	in.arg = 8;
	assert_int_equal(CALL(c, FUSE_IOCTL, client_walk(c, "d"), &in, NULL, NULL), -ENOTTY);
	assert_int_equal(exit_status, 7);
}

static void holes_are_found_and_made(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_fallocate_in in = { .offset = 0, .length = 1 << 20 };
	struct fuse_lseek_in seek = { .whence = SEEK_HOLE };
	uint64_t node, fh;

	client_make_file(c, "f", "hello");
	node = client_walk(c, "f");
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_RDWR, &fh), 0);
	in.fh = seek.fh = fh;
	assert_int_equal(CALL(c, FUSE_LSEEK, node, &seek, NULL, NULL), 0);
	assert_int_equal(c->reply.lseek.offset, 5);
	seek.offset = 5;
	assert_int_equal(CALL(c, FUSE_LSEEK, node, &seek, NULL, NULL), -ENXIO);
	seek.whence = SEEK_END;
	assert_int_equal(CALL(c, FUSE_LSEEK, node, &seek, NULL, NULL), -EINVAL);
	assert_int_equal(CALL(c, FUSE_FALLOCATE, node, &in, NULL, NULL), 0);
	assert_int_equal(host_stat(c, "f").st_size, 1 << 20);
	in.mode = 3; /* punch a hole, keep the size */
	assert_int_equal(CALL(c, FUSE_FALLOCATE, node, &in, NULL, NULL), 0);
	assert_int_equal(client_read(c, FUSE_READ, node, fh, 0, 5), 0);
	assert_memory_equal(c->reply.bytes, "\0\0\0\0\0", 5);
	in.mode = 0x40;
	assert_int_equal(CALL(c, FUSE_FALLOCATE, node, &in, NULL, NULL), -EOPNOTSUPP);
	in = (struct fuse_fallocate_in){ .fh = fh, .offset = INT64_MAX, .length = 2 };
	assert_int_equal(CALL(c, FUSE_FALLOCATE, node, &in, NULL, NULL), -EINVAL);
}

static void ranges_are_copied(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_copy_file_range_in in = { .off_in = 1, .off_out = 2, .len = UINT64_MAX / 4 };
	uint64_t from;

	client_make_file(c, "from", "hello");
	client_make_file(c, "to", "");
	from = client_walk(c, "from");
	in.nodeid_out = client_walk(c, "to");
	assert_int_equal(client_open(c, FUSE_OPEN, from, O_RDONLY, &in.fh_in), 0);
	assert_int_equal(client_open(c, FUSE_OPEN, in.nodeid_out, O_WRONLY, &in.fh_out), 0);
	assert_int_equal(CALL(c, FUSE_COPY_FILE_RANGE, from, &in, NULL, NULL), 0);
	assert_int_equal(c->reply.write.size, 4);
	assert_int_equal(host_stat(c, "to").st_size, 6);
	in.flags = 1;
	assert_int_equal(CALL(c, FUSE_COPY_FILE_RANGE, from, &in, NULL, NULL), -EINVAL);
}

static void the_file_system_is_described(void **state)
{
	struct fuse_client *c = *state;

	assert_int_equal(client_call(c, FUSE_STATFS, ROOT, NULL, 0, NULL, NULL), 0);
	assert_int_equal(c->reply_size, sizeof(struct fuse_statfs_out));
	assert_int_equal(c->reply.statfs.namelen, 255);
	assert_true(c->reply.statfs.blocks > 0);
}

static void access_is_the_hosts(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_access_in in = { .mask = R_OK | W_OK };
	uint64_t node;

	client_make_file(c, "f", "");
	node = client_walk(c, "f");
	assert_int_equal(CALL(c, FUSE_ACCESS, node, &in, NULL, NULL), 0);
	in.mask = X_OK;
	assert_int_equal(CALL(c, FUSE_ACCESS, node, &in, NULL, NULL), -EACCES);
}

static void own_files_belong_to_the_guests_root(void **state)
{
	struct fuse_client *c = *state;
	struct stat st = { .st_uid = 1000, .st_gid = 1001 };
	struct fuse_attr attr;

	c->fs.uid = 1000;
	c->fs.gid = 1001;
	c->fs.owner_map = true;
	fs_fill_attr(&c->fs, &st, &attr);
	assert_int_equal(attr.uid, 0);
	assert_int_equal(attr.gid, 0);
	st.st_uid = 0;
	st.st_gid = 5;
	fs_fill_attr(&c->fs, &st, &attr);
	assert_int_equal(attr.uid, 65534);
	assert_int_equal(attr.gid, 5);
	assert_int_equal(fs_host_uid(&c->fs, 0), 1000);
	assert_int_equal(fs_host_uid(&c->fs, 7), 7);
	c->fs.owner_map = false;
	fs_fill_attr(&c->fs, &st, &attr);
	assert_int_equal(attr.uid, 0);
	assert_int_equal(fs_host_gid(&c->fs, 0), 0);
}

/* Only root can give files away. */
static void new_files_belong_to_who_made_them(void **state)
{
	struct fuse_client *c = *state;
	struct fuse_mkdir_in in = { .mode = 0755 };
	struct fuse_in_header *header = (struct fuse_in_header *)c->request;

	if (geteuid() != 0)
		skip();
	client_begin(c, FUSE_MKDIR, ROOT);
	header->uid = 1234;
	header->gid = 55;
	client_add(c, &in, sizeof(in));
	client_add_name(c, "d");
	assert_int_equal(client_send(c, sizeof(c->reply)), 0);
	assert_int_equal(c->reply.entry.attr.uid, 1234);
	assert_int_equal(host_stat(c, "d").st_gid, 55);
}

static void a_full_host_is_an_error_for_the_guest(void **state)
{
	struct fuse_client *c = *state;
	struct rlimit old, small = { 4, RLIM_INFINITY };
	uint64_t node, fh;
	sigset_t set, before;

	client_make_file(c, "f", "");
	node = client_walk(c, "f");
	assert_int_equal(client_open(c, FUSE_OPEN, node, O_WRONLY, &fh), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ); /* as in every worker thread */
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(client_write(c, node, fh, 0, "hello", 5), 0);
	assert_int_equal(c->reply.write.size, 4);
	assert_int_equal(client_write(c, node, fh, 4, "o", 1), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	sigtimedwait(&set, NULL, &(struct timespec){ 0 });
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, client_setup, client_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_are_negotiated),
		TEST(names_are_looked_up),
		TEST(forgetting_in_batches),
		TEST(files_are_created_written_and_read),
		TEST(creating_what_is_there_opens_it),
		TEST(appending_goes_to_the_end),
		TEST(attributes_are_set),
		TEST(entries_are_made),
		TEST(devices_are_not_made),
		TEST(entries_are_removed_and_moved),
		TEST(deleted_files_that_are_open_stay_usable),
		TEST(files_that_were_replaced_are_looked_up_anew),
		TEST(directories_are_listed),
		TEST(directories_are_listed_whole_while_they_empty),
		TEST(a_client_leaves_an_exit_status),
		TEST(holes_are_found_and_made),
		TEST(ranges_are_copied),
		TEST(the_file_system_is_described),
		TEST(access_is_the_hosts),
		TEST(own_files_belong_to_the_guests_root),
		TEST(new_files_belong_to_who_made_them),
		TEST(a_full_host_is_an_error_for_the_guest),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
