/* Files to boot from. */
#include "boot/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

int image_file_from(struct image_file *file, int fd, const char *name, struct failure *failure)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return failure_errno(failure, -errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, -ENOEXEC, "%s: not a regular file", name);
	*file = (struct image_file){ .fd = fd, .name = name, .size = (uint64_t)st.st_size, .failure = failure };
	return 0;
}

int image_file_open(struct image_file *file, const char *path, struct failure *failure)
{
	/* Not to wait for the other end of a pipe, which is refused anyway. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error;

	if (fd < 0)
		return failure_errno(failure, -errno, "%s", path);
	error = image_file_from(file, fd, path, failure);
	if (error)
		close(fd);
	return error;
}

void image_file_close(struct image_file *file)
{
	close(file->fd);
}

int image_file_read(const struct image_file *file, void *to, uint64_t size, uint64_t offset)
{
	uint8_t *at = to;

	while (size > 0) {
		ssize_t n = pread(file->fd, at, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(file->failure, -errno, "%s: cannot read", file->name);
		if (n == 0)
			return failure_set(file->failure, -ENOEXEC, "%s: became shorter while it was read",
					   file->name);
		at += n;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}
