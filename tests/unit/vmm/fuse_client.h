/* A client of vmm/fs/ over plain buffers, for tests, and a directory of the host to serve. */
#ifndef WALNUT_TEST_FUSE_CLIENT_H
#define WALNUT_TEST_FUSE_CLIENT_H

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "fs/fs.h"

#include "fuse.h"

#define FUSE_CLIENT_FDS 64

struct fuse_client {
	struct fs fs;
	char base[64];	 /* a directory with two in it: */
	char shared[80]; /* this one is served */
	char outside[80];
	uint64_t unique;
	uint8_t request[65536];
	size_t request_size;
	union {
		uint8_t bytes[65536];
		struct fuse_entry_out entry;
		struct {
			struct fuse_entry_out entry;
			struct fuse_open_out open;
		} created;
		struct fuse_attr_out attr;
		struct fuse_open_out open;
		struct fuse_write_out write;
		struct fuse_statfs_out statfs;
		struct fuse_lseek_out lseek;
		struct fuse_init_out init;
	} reply;
	size_t reply_size;
};

static inline void client_begin(struct fuse_client *c, uint32_t opcode, uint64_t nodeid)
{
	struct fuse_in_header header = { .opcode = opcode, .nodeid = nodeid, .unique = ++c->unique };

	memcpy(c->request, &header, sizeof(header));
	c->request_size = sizeof(header);
}

static inline void client_add(struct fuse_client *c, const void *data, size_t size)
{
	memcpy(c->request + c->request_size, data, size);
	c->request_size += size;
}

static inline void client_add_name(struct fuse_client *c, const char *name)
{
	client_add(c, name, strlen(name) + 1);
}

/* Sends what was begun. Returns 0, or the server's negative errno; 1: there was no answer. */
static inline int client_send(struct fuse_client *c, size_t room)
{
	struct fuse_out_header out;
	uint32_t len = (uint32_t)c->request_size;
	struct iovec to = { c->request, c->request_size };
	struct iovec from[2] = { { &out, sizeof(out) }, { &c->reply, room } };
	size_t size;

	memcpy(c->request, &len, sizeof(len));
	memset(&c->reply, 0xee, sizeof(c->reply));
	size = fs_serve(&c->fs, &to, 1, from, 2);
	c->reply_size = 0;
	if (size == 0)
		return 1;
	assert(size >= sizeof(out) && out.len == size && out.unique == c->unique);
	assert(out.error <= 0 && (out.error == 0 || size == sizeof(out)));
	c->reply_size = size - sizeof(out);
	return out.error;
}

/* A request of one fixed part and up to two names. */
static inline int client_call(struct fuse_client *c, uint32_t opcode, uint64_t nodeid, const void *args,
			      size_t args_size, const char *name, const char *name2)
{
	client_begin(c, opcode, nodeid);
	client_add(c, args, args_size);
	if (name)
		client_add_name(c, name);
	if (name2)
		client_add_name(c, name2);
	return client_send(c, sizeof(c->reply));
}

#define CALL(c, opcode, nodeid, args, name, name2) \
	client_call(c, opcode, nodeid, args, sizeof(*(args)), name, name2)

static inline int client_lookup(struct fuse_client *c, uint64_t dir, const char *name)
{
	return client_call(c, FUSE_LOOKUP, dir, NULL, 0, name, NULL);
}

/* The node of a path of names; the test knows that it is there. */
static inline uint64_t client_walk(struct fuse_client *c, const char *path)
{
	char copy[256], *rest = copy, *name;
	uint64_t node = FUSE_ROOT_ID;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, "/"))) {
		int error = client_lookup(c, node, name);

		assert(error == 0);
		(void)error;
		node = c->reply.entry.nodeid;
	}
	return node;
}

static inline int client_open(struct fuse_client *c, uint32_t opcode, uint64_t node, uint32_t flags, uint64_t *fh)
{
	struct fuse_open_in in = { .flags = flags };
	int error = CALL(c, opcode, node, &in, NULL, NULL);

	*fh = c->reply.open.fh;
	return error;
}

static inline int client_release(struct fuse_client *c, uint32_t opcode, uint64_t node, uint64_t fh)
{
	struct fuse_release_in in = { .fh = fh };

	return CALL(c, opcode, node, &in, NULL, NULL);
}

static inline int client_read(struct fuse_client *c, uint32_t opcode, uint64_t node, uint64_t fh, uint64_t offset,
			      uint32_t size)
{
	struct fuse_read_in in = { .fh = fh, .offset = offset, .size = size };

	return CALL(c, opcode, node, &in, NULL, NULL);
}

static inline int client_write(struct fuse_client *c, uint64_t node, uint64_t fh, uint64_t offset, const void *data,
			       uint32_t size)
{
	struct fuse_write_in in = { .fh = fh, .offset = offset, .size = size };

	client_begin(c, FUSE_WRITE, node);
	client_add(c, &in, sizeof(in));
	client_add(c, data, size);
	return client_send(c, sizeof(c->reply));
}

static inline void client_forget(struct fuse_client *c, uint64_t node, uint64_t lookups)
{
	struct fuse_forget_in in = { lookups };
	int answer = CALL(c, FUSE_FORGET, node, &in, NULL, NULL);

	assert(answer == 1);
	(void)answer;
}

static inline int client_init(struct fuse_client *c)
{
	struct fuse_init_in in = { 7, 38, 1u << 17, ~0u };

	return CALL(c, FUSE_INIT, 0, &in, NULL, NULL);
}

/* Paths of the host, below the shared directory. */
static inline const char *client_path(struct fuse_client *c, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", c->shared, name);
	return path;
}

static inline void client_make_file(struct fuse_client *c, const char *name, const char *content)
{
	int fd = open(client_path(c, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert(fd >= 0);
	if (write(fd, content, strlen(content)) != (ssize_t)strlen(content))
		abort();
	close(fd);
}

static inline void client_make_dir(struct fuse_client *c, const char *name)
{
	int error = mkdir(client_path(c, name), 0755);

	assert(error == 0);
	(void)error;
}

static inline void client_share(struct fuse_client *c, bool read_only)
{
	struct failure failure;
	int error = fs_open(&c->fs, c->shared, read_only, FUSE_CLIENT_FDS, &failure);

	assert(error == 0);
	error = client_init(c);
	assert(error == 0);
	(void)error;
}

static inline struct fuse_client *client_create(void)
{
	struct fuse_client *c = calloc(1, sizeof(*c));

	assert(c);
	strcpy(c->base, "/tmp/walnut-test-fs-XXXXXX");
	if (!mkdtemp(c->base))
		abort();
	snprintf(c->shared, sizeof(c->shared), "%s/shared", c->base);
	snprintf(c->outside, sizeof(c->outside), "%s/outside", c->base);
	if (mkdir(c->shared, 0755) || mkdir(c->outside, 0755))
		abort();
	return c;
}

static inline void client_destroy(struct fuse_client *c)
{
	char command[128];

	fs_close(&c->fs);
	snprintf(command, sizeof(command), "rm -rf %s", c->base);
	if (system(command))
		abort();
	free(c);
}

/* A share that can be written, for cmocka. */
static inline int client_setup(void **state)
{
	*state = client_create();
	client_share(*state, false);
	return 0;
}

static inline int client_teardown(void **state)
{
	client_destroy(*state);
	return 0;
}

#endif
