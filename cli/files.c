#include "files.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool files_same(const char *a, const char *b)
{
	struct stat left, right;

	return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

void files_default_output(char output[PATH_MAX], const char *input, const char *suffix)
{
	const char *slash = strrchr(input, '/'), *name = slash ? slash + 1 : input;
	const char *dot = strrchr(name, '.');
	int size = dot && dot != name ? (int)(dot - name) : (int)strlen(name);

	snprintf(output, PATH_MAX, "%.*s%s", size, name, suffix);
}
