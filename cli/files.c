#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int files_scratch_make(struct scratch *scratch)
{
	const char *folder = getenv("TMPDIR");
	int size = snprintf(scratch->path, sizeof(scratch->path), "%s/walnut-XXXXXX",
			    folder && *folder ? folder : "/tmp");

	if (size >= (int)sizeof(scratch->path) || !mkdtemp(scratch->path)) {
		scratch->path[0] = '\0';
		return size >= (int)sizeof(scratch->path) ? -ENAMETOOLONG : -errno;
	}
	return 0;
}

void files_scratch_remove(struct scratch *scratch)
{
	struct dirent *entry;
	DIR *folder;

	if (!scratch->path[0])
		return;
	folder = opendir(scratch->path);
	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(scratch->path);
	scratch->path[0] = '\0';
}

int files_write_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

int files_copy(int from_fd, int to_fd)
{
	char *buffer = malloc(1 << 16);
	int code = buffer ? 0 : -ENOMEM;

	while (!code) {
		ssize_t got = read(from_fd, buffer, 1 << 16);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			code = got < 0 ? -errno : 0;
			break;
		}
		code = files_write_all(to_fd, buffer, (size_t)got);
	}
	free(buffer);
	return code;
}

static int publish_by_rename(int source_fd, const char *target, unsigned mode)
{
	char temporary[PATH_MAX];
	int fd, code;
	mode_t mask;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp-XXXXXX", target) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	code = files_copy(source_fd, fd);
	/* mkostemp made it private; the result has the usual permissions. */
	mask = umask(0);
	umask(mask);
	if (!code && fchmod(fd, mode & ~mask))
		code = -errno;
	if (close(fd) && !code)
		code = -errno;
	if (!code && rename(temporary, target))
		code = -errno;
	if (code)
		unlink(temporary);
	return code;
}

int files_publish(const char *source, const char *target, unsigned mode)
{
	struct stat status;
	int code, source_fd = open(source, O_RDONLY | O_CLOEXEC);

	if (source_fd < 0)
		return -errno;
	/* Renaming over a symbolic link, as /dev/stdout, would replace the link. */
	if (lstat(target, &status) == 0 && !S_ISREG(status.st_mode)) {
		int fd = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

		code = fd < 0 ? -errno : files_copy(source_fd, fd);
		if (fd >= 0 && close(fd) && !code)
			code = -errno;
	} else {
		code = publish_by_rename(source_fd, target, mode);
	}
	close(source_fd);
	return code;
}

bool files_same(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

const char *files_output_name(const char *argument)
{
	return strcmp(argument, "-") == 0 ? "/dev/stdout" : argument;
}

void files_default_output(char output[PATH_MAX], const char *input, const char *suffix)
{
	const char *slash = strrchr(input, '/'), *name = slash ? slash + 1 : input;
	const char *dot = strrchr(name, '.');
	int size = dot && dot != name ? (int)(dot - name) : (int)strlen(name);

	snprintf(output, PATH_MAX, "%.*s%s", size, name, suffix);
}
