/* A file that goes into guest memory: a kernel or an initial RAM file system. Its bytes and
 * its size are hostile, and it may change while it is read. */
#ifndef WALNUT_VMM_BOOT_IMAGE_FILE_H
#define WALNUT_VMM_BOOT_IMAGE_FILE_H

#include <stdint.h>

struct failure;

struct image_file {
	int fd;
	const char *name; /* for messages */
	uint64_t size;
	struct failure *failure;
};

/* Opens a regular file. 0, or a negative errno and the failure's text; `path` and `failure`
 * have to live as long as the file. image_file_close() is due after success only. */
int image_file_open(struct image_file *file, const char *path, struct failure *failure);
void image_file_close(struct image_file *file);

/* The same for a descriptor, which image_file_close() closes. */
int image_file_from(struct image_file *file, int fd, const char *name, struct failure *failure);

/* Reads all of it, or fails. */
int image_file_read(const struct image_file *file, void *to, uint64_t size, uint64_t offset);

#endif
