/* Writes and reads a file in pieces of many sizes, from all over a memory of several frames, and
 * says what came back. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SIZE (9u << 20)
#define PIECES 40

static uint8_t out[SIZE], in[SIZE + 100000];

static uint32_t next(void)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

/* Pieces that together are `size` bytes of the memory: small, large and empty ones. */
static int cut(struct iovec *iov, uint8_t *memory, size_t size)
{
	static const size_t sizes[] = { 1, 0, 70000, 4096, 2500000, 13, 65536, 1048576, 300001 };
	int count = 0;

	while (size > 0 && count < PIECES) {
		size_t piece = sizes[next() % (sizeof(sizes) / sizeof(sizes[0]))];

		if (piece > size || count == PIECES - 1)
			piece = size;
		iov[count++] = (struct iovec){ memory, piece };
		memory += piece;
		size -= piece;
	}
	return count;
}

static void report(const char *what, ssize_t got, size_t want, int same)
{
	printf("%s: %s%s\n", what, got == (ssize_t)want ? "all" : "not all", same ? "" : ", wrong");
	if (got != (ssize_t)want)
		printf("  %zd of %zu\n", got, want);
}

int main(int argc, char **argv)
{
	struct iovec iov[PIECES];
	uint8_t *heap = malloc(SIZE);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644), count;
	size_t offset;

	for (size_t i = 0; i < SIZE; i++)
		out[i] = (uint8_t)(i * 7 + (i >> 12));
	for (int round = 0; round < 8; round++) {
		count = cut(iov, out, SIZE);
		report("write", pwritev(fd, iov, count, 0), SIZE, 1);
		memset(in, 0xee, sizeof(in));
		count = cut(iov, in, SIZE);
		report("read", preadv(fd, iov, count, 0), SIZE, memcmp(in, out, SIZE) == 0);
		offset = next() % SIZE;
		memset(in, 0xee, sizeof(in));
		report("read to the end", pread(fd, in + 5, sizeof(in) - 5, (off_t)offset), SIZE - offset,
		       memcmp(in + 5, out + offset, SIZE - offset) == 0 && in[5 + SIZE - offset] == 0xee && in[4] == 0xee);
	}
	lseek(fd, 0, SEEK_SET);
	for (size_t done = 0; done < SIZE;) {
		size_t want = next() % 200000 + 1;
		ssize_t got = read(fd, heap + done, want < SIZE - done ? want : SIZE - done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	report("in order", memcmp(heap, out, SIZE) == 0, 1, 1);
	report("behind the end", read(fd, in, 100000), 0, 1);
	fcntl(fd, F_SETFL, O_APPEND);
	report("append", write(fd, out, 100001), 100001, 1);
	report("appended", pread(fd, in, sizeof(in), SIZE), 100001, memcmp(in, out, 100001) == 0);
	return 0;
}
