/* cat [FILE…]: copies files, or standard input, to standard output, byte for byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[256 * 1024];

static int fail(const char *what)
{
	fprintf(stderr, "cat: %s: %s\n", what, strerror(errno));
	return 1;
}

static int copy(int from, const char *name)
{
	for (;;) {
		ssize_t got = read(from, buffer, sizeof(buffer)), done = 0;

		if (got == 0)
			return 0;
		if (got < 0)
			return fail(name);
		while (done < got) {
			ssize_t put = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));

			if (put < 0)
				return fail("standard output");
			done += put;
		}
	}
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return copy(STDIN_FILENO, "standard input");
	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);

		status |= fd < 0 ? fail(argv[i]) : copy(fd, argv[i]);
		close(fd);
	}
	return status;
}
