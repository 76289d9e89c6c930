/* checksums FILE MIB: writes so much to the file, in pieces of many sizes, and reads it in others; prints the Adler-32
 * of both. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_MAX (3u << 20)

static uint8_t memory[PIECE_MAX];
static uint64_t seed = 88172645463325252u;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static uint32_t piece(void)
{
	static const uint32_t most[] = { 100, 5000, 66000, 300000, PIECE_MAX };

	return 1 + (uint32_t)(next() % most[next() % 5]);
}

struct sum {
	uint32_t a, b;
};

static void add(struct sum *sum, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t end = size - done < 5552 ? size : done + 5552; /* so many fit before the remainder is taken */

		while (done < end) {
			sum->a += memory[done++];
			sum->b += sum->a;
		}
		sum->a %= 65521;
		sum->b %= 65521;
	}
}

static int show(const struct sum *sum)
{
	return printf("%u\n", sum->b << 16 | sum->a);
}

int main(int argc, char **argv)
{
	struct sum written = { 1, 0 }, read_back = { 1, 0 };
	uint64_t left = argc == 3 ? (uint64_t)atoi(argv[2]) << 20 : 0;
	int fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0644);
	ssize_t got;

	while (left) {
		uint32_t size = piece();

		if (size > left)
			size = (uint32_t)left;
		for (uint32_t i = 0; i + 8 <= size; i += 8)
			*(uint64_t *)(memory + i) = next();
		if (write(fd, memory, size) != (ssize_t)size)
			return 1;
		add(&written, size);
		left -= size;
	}
	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, memory, piece())) > 0)
		add(&read_back, (size_t)got);
	show(&written);
	show(&read_back);
	return got < 0 || close(fd) < 0;
}
