/* Operations on open directories. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/attr.h"
#include "fs/file.h"
#include "fs/proc.h"
#include "fs/request.h"
#include "virtio/iov.h"

long fs_opendir(struct fs_request *r)
{
	int fd = fs_node_fd(r);
	uint64_t fh;
	int error;

	if (fd < 0)
		return fd;
	fd = openat(r->fs->proc_fd, fs_proc_name(fd).text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fs_file_hold(r->fs, r->inode, fd, true, &fh);
	if (error)
		return error;
	r->open = (struct fuse_open_out){ .fh = fh };
	return sizeof(r->open);
}

long fs_releasedir(struct fs_request *r)
{
	const struct fuse_release_in *in = fs_args(r);

	return fs_file_drop(r->fs, fs_directory_of(r, in->fh));
}

long fs_fsyncdir(struct fs_request *r)
{
	const struct fuse_fsync_in *in = fs_args(r);
	const struct fs_handle *handle = fs_directory_of(r, in->fh);

	if (!handle)
		return -EBADF;
	return fsync(handle->fd) ? -errno : 0;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A listed name with its attributes counts as looked up. Where that cannot be had (it is gone, or
 * there is no more room), the guest gets the name alone and asks when it wants more. */
static void fill_plus(struct fs_request *r, const char *name, struct fuse_entry_out *entry)
{
	struct fs_inode *inode;
	struct stat st;

	memset(entry, 0, sizeof(*entry));
	if (!is_dot(name) && fs_inode_lookup(&r->fs->inodes, r->inode, name, &inode, &st) == 0)
		fs_fill_entry(r->fs, inode, &st, entry);
}

/* Appends one entry at `used` of the buffer; returns its size, or 0 if there is no room. */
static size_t append(struct fs_request *r, size_t used, size_t room, const struct dirent64 *d, bool plus)
{
	size_t head = plus ? sizeof(struct fuse_entry_out) : 0;
	size_t namelen = strlen(d->d_name);
	size_t size = FUSE_DIRENT_ALIGN(head + sizeof(struct fuse_dirent) + namelen);
	uint8_t *at = r->fs->buffer + used;
	struct fuse_dirent *entry = (struct fuse_dirent *)(at + head);

	if (size > room - used)
		return 0;
	memset(at, 0, size);
	if (plus)
		fill_plus(r, d->d_name, (struct fuse_entry_out *)at);
	/* Nobody needs to know the number of the directory above the root. */
	entry->ino = is_dot(d->d_name) ? r->inode->ino : d->d_ino;
	entry->off = (uint64_t)d->d_off;
	entry->namelen = (uint32_t)namelen;
	entry->type = d->d_type;
	memcpy(entry->name, d->d_name, namelen);
	return size;
}

/* Goes to that place if the host need not be asked. */
static bool find_place(struct fs_listing *listing, uint64_t offset)
{
	const struct dirent64 *d;
	uint32_t at = 0;

	if (offset == listing->next)
		return true;
	for (uint64_t place = listing->first; place != offset; place = (uint64_t)d->d_off) {
		if (at == listing->end)
			return false;
		d = (const struct dirent64 *)(listing->entries + at);
		at += d->d_reclen;
	}
	listing->next = offset;
	listing->at = at;
	return true;
}

/* The listing, at the place where the guest wants to go on; or a negative errno. */
static int start(struct fs_handle *handle, uint64_t offset)
{
	struct fs_listing *listing = handle->listing;

	if (!listing) {
		listing = handle->listing = calloc(1, sizeof(*listing));
		if (!listing)
			return -ENOMEM;
	}
	if (offset != 0 && find_place(listing, offset))
		return 0;
	if (offset > INT64_MAX || lseek(handle->fd, (off_t)offset, SEEK_SET) < 0)
		return -EINVAL;
	listing->first = listing->next = offset;
	listing->at = listing->end = 0;
	return 0;
}

/* The entry that is next, or NULL: *error is 0 at the end. */
static const struct dirent64 *peek(struct fs_handle *handle, int *error)
{
	struct fs_listing *listing = handle->listing;
	ssize_t got;

	*error = 0;
	if (listing->at == listing->end) {
		got = getdents64(handle->fd, listing->entries, sizeof(listing->entries));
		if (got < 0)
			*error = -errno;
		if (got <= 0)
			return NULL;
		listing->first = listing->next;
		listing->at = 0;
		listing->end = (uint32_t)got;
	}
	return (const struct dirent64 *)(listing->entries + listing->at);
}

static long list(struct fs_request *r, bool plus)
{
	const struct fuse_read_in *in = fs_args(r);
	struct fs_handle *handle = fs_directory_of(r, in->fh);
	size_t room = in->size < r->out_size ? in->size : r->out_size;
	const struct dirent64 *d;
	size_t used = 0, n = 1;
	int error;

	if (!handle)
		return -EBADF;
	if (room > FS_BUFFER_SIZE)
		room = FS_BUFFER_SIZE;
	error = start(handle, in->offset);
	if (error)
		return error;
	while ((d = peek(handle, &error))) {
		n = append(r, used, room, d, plus);
		if (n == 0)
			break;
		used += n;
		handle->listing->next = (uint64_t)d->d_off;
		handle->listing->at += d->d_reclen;
	}
	if (used == 0 && n == 0)
		return -EINVAL; /* not even one fits, which would look like the end */
	if (used == 0 && error)
		return error;
	return (long)iov_scatter(r->out, r->out_count, r->fs->buffer, used);
}

long fs_readdir(struct fs_request *r)
{
	return list(r, false);
}

long fs_readdirplus(struct fs_request *r)
{
	return list(r, true);
}
