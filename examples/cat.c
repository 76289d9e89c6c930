/* Copies standard input to standard output, byte for byte. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[256 * 1024];

static int fail(const char *what)
{
	fprintf(stderr, "cat: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(void)
{
	for (;;) {
		ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer)), done = 0;

		if (got == 0)
			return 0;
		if (got < 0)
			return fail("standard input");
		while (done < got) {
			ssize_t put = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));

			if (put < 0)
				return fail("standard output");
			done += put;
		}
	}
}
