#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "process.h"

#define LINKS_MAX 40	  /* as the kernel follows */
#define READER_WAIT_MS 20 /* between two looks for a pipe's reader */

/* The folder of `path`, with its slash: "" for the current one. */
static int folder_size(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}

static int open_nameless(const char *target, unsigned mode)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s.", folder_size(target), target);
	return open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
}

static int give_name(int fd, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* The new file has no name until it is whole, where the file system can do that: then a
 * kill in the middle leaves nothing. */
static int publish_by_rename(int source_fd, const char *target, unsigned mode)
{
	char temporary[PATH_MAX];
	struct timespec now;
	bool named = false;
	int fd, code;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (snprintf(temporary, sizeof(temporary), "%.*s.walnut-%ld-%lld%09ld", folder_size(target), target,
		     (long)getpid(), (long long)now.tv_sec, now.tv_nsec) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open_nameless(target, mode);
	if (fd < 0) {
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		named = fd >= 0;
	}
	if (fd < 0)
		return -errno;
	code = files_copy(source_fd, fd);
	if (!code && !named) {
		code = give_name(fd, temporary);
		named = !code;
	}
	if (close(fd) && !code)
		code = -errno;
	if (!code && rename(temporary, target))
		code = -errno;
	if (code && named)
		unlink(temporary);
	return code;
}

/* Whether the kernel made the link: it leads to an open file, and what has been opened
 * there is to be written, not replaced. */
static bool is_magic(const char *link)
{
	int fd = open(link, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs system;
	bool magic = fd >= 0 && fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;

	if (fd >= 0)
		close(fd);
	return magic;
}

/* The name behind symbolic links, existing or not. *in_place: content has to be written to
 * what is there. */
static int follow(const char *target, char path[PATH_MAX], bool *in_place)
{
	struct stat status;

	if (snprintf(path, PATH_MAX, "%s", target) >= PATH_MAX)
		return -ENAMETOOLONG;
	for (int i = 0; i < LINKS_MAX; i++) {
		char link[PATH_MAX], next[PATH_MAX];
		ssize_t size;

		*in_place = lstat(path, &status) == 0 && !S_ISREG(status.st_mode);
		if (!*in_place || !S_ISLNK(status.st_mode) || is_magic(path))
			return 0;
		size = readlink(path, link, sizeof(link) - 1);
		if (size < 0)
			return -errno;
		link[size] = '\0';
		if (snprintf(next, sizeof(next), "%.*s%s", link[0] == '/' ? 0 : folder_size(path), path, link) >=
		    (int)sizeof(next))
			return -ENAMETOOLONG;
		memcpy(path, next, sizeof(next));
	}
	return -ELOOP;
}

/* A pipe has to have a reader first. */
static int open_in_place(const char *path, unsigned mode)
{
	for (;;) {
		int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
		struct stat status;

		if (fd >= 0)
			return fd;
		if (errno != ENXIO || stat(path, &status) || !S_ISFIFO(status.st_mode))
			return errno ? -errno : -ENXIO;
		if (process_wait(-1, READER_WAIT_MS))
			return -EINTR;
	}
}

/* In steps that do not wait for the reader, so that a signal can end the wait. */
static int write_slowly(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t written;

		if (process_wait(fd, -1))
			return -EINTR;
		written = write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
		if (written < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (written < 0)
			return -errno;
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

static int copy_slowly(int from_fd, int to_fd)
{
	uint8_t buffer[1 << 13];

	for (;;) {
		ssize_t got = read(from_fd, buffer, sizeof(buffer));
		int code;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		code = write_slowly(to_fd, buffer, (size_t)got);
		if (code)
			return code;
	}
}

static int write_in_place(int source_fd, int fd)
{
	struct stat status;
	int code;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		code = files_copy(source_fd, fd);
	else
		code = copy_slowly(source_fd, fd);
	if (close(fd) && !code)
		code = -errno;
	return code;
}

int publish_file(const char *source, const char *target, unsigned mode)
{
	int code, source_fd = open(source, O_RDONLY | O_CLOEXEC);
	char path[PATH_MAX];
	bool in_place;

	if (source_fd < 0)
		return -errno;
	if (strcmp(target, PUBLISH_STDOUT) == 0) {
		int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

		code = write_in_place(source_fd, fd < 0 ? -errno : fd);
	} else {
		code = follow(target, path, &in_place);
		if (!code && in_place)
			code = write_in_place(source_fd, open_in_place(path, mode));
		else if (!code)
			code = publish_by_rename(source_fd, path, mode);
	}
	close(source_fd);
	return code;
}
