/* A client of the FUSE protocol (abi/fuse.h): one function for each operation. All return an
 * errno of WASI. What the server answers is checked like any other input; once it broke the
 * protocol, every call on that directory is EIO.
 *
 * Nodes are counted: who got one by fuse_lookup() or fuse_create() gives it back
 * by fuse_forget(). */
#ifndef WALNUT_RUNTIME_FS_CLIENT_H
#define WALNUT_RUNTIME_FS_CLIENT_H

#include <stdint.h>

#include "fuse.h"

struct fuse_direct;

/* A name in a directory: a single component, without a NUL at its end. */
struct fuse_name {
	const char *text;
	uint32_t size;
};

uint32_t fuse_lookup(uint32_t dir, uint64_t node, struct fuse_name name, struct fuse_entry_out *entry);
void fuse_forget(uint32_t dir, uint64_t node, uint64_t lookups);
uint32_t fuse_getattr(uint32_t dir, uint64_t node, struct fuse_attr *attr);
uint32_t fuse_setattr(uint32_t dir, uint64_t node, const struct fuse_setattr_in *in);

/* The target, good until the next call. */
uint32_t fuse_readlink(uint32_t dir, uint64_t node, const char **target, uint32_t *size);

/* `opcode`: FUSE_OPEN and FUSE_RELEASE, or FUSE_OPENDIR and FUSE_RELEASEDIR. */
uint32_t fuse_open(uint32_t dir, uint32_t opcode, uint64_t node, uint32_t flags, uint64_t *handle);
void fuse_release(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle);
/* The same along with the next request, whenever that is. */
void fuse_release_later(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle);
uint32_t fuse_create(uint32_t dir, uint64_t node, struct fuse_name name, uint32_t flags, uint32_t mode,
		   struct fuse_entry_out *entry, uint64_t *handle);

/* At most FUSE_DATA_MAX bytes; what came is good until the next call. `opcode`: FUSE_READ, or
 * FUSE_READDIR with entries that fuse_entry() takes off. */
uint32_t fuse_read(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size,
		 const uint8_t **data, uint32_t *got);

/* The same for a file, at most FUSE_AHEAD_MAX bytes, without waiting: any other call may come in between, and what
 * came stays until the place of the two is used again. */
#define FUSE_AHEAD_MAX (64u << 10)
uint32_t fuse_read_begin(uint32_t dir, uint32_t place, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size);
uint32_t fuse_read_end(uint32_t place, const uint8_t **data, uint32_t *got);

struct fuse_entry {
	uint64_t ino, next;
	uint32_t type; /* DT_* of Linux */
	struct fuse_name name;
};

/* The entry at *at of what fuse_read() got; false: there is none. */
int fuse_entry(const uint8_t *data, uint32_t size, uint32_t *at, struct fuse_entry *entry);

/* How many requests have been sent: data that a call returned is there as long as this stays. */
uint64_t fuse_exchanges(void);

/* How many of them have told what is there: what was read before the last of them may be older than what the
 * program knows. */
uint64_t fuse_looks(void);

/* Where the data of the next fuse_write() go. */
uint8_t *fuse_write_buffer(void);

/* How much it takes, at most FUSE_DATA_MAX. */
uint32_t fuse_write_max(uint32_t dir);
uint32_t fuse_write(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size, uint32_t *written);

/* The same from and to the program's memory, at most fuse_direct_max() bytes. */
uint32_t fuse_direct_max(uint32_t dir);
uint32_t fuse_read_direct(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, const struct fuse_direct *to,
			  uint32_t *got);
uint32_t fuse_write_direct(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, const struct fuse_direct *from,
			   uint32_t *written);

uint32_t fuse_sync(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle, uint32_t data_only);
uint32_t fuse_allocate(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, uint64_t size);

uint32_t fuse_mkdir(uint32_t dir, uint64_t node, struct fuse_name name);
uint32_t fuse_symlink(uint32_t dir, uint64_t node, struct fuse_name name, struct fuse_name target);
uint32_t fuse_link(uint32_t dir, uint64_t old, uint64_t node, struct fuse_name name);

/* `opcode`: FUSE_UNLINK or FUSE_RMDIR. */
uint32_t fuse_remove(uint32_t dir, uint32_t opcode, uint64_t node, struct fuse_name name);
uint32_t fuse_rename(uint32_t dir, uint64_t node, struct fuse_name name, uint64_t new_node, struct fuse_name new_name);

#endif
