/* file_ends FOLDER FILES: what reading to the end says while the file grows, then FILES times a small file
 * is read to its end and closed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char memory[300000];

static void reads(int fd, size_t size)
{
	printf(" %zd", read(fd, memory, size));
}

/* Grows by `size` bytes between all reads. */
static void grow(const char *path, size_t size, size_t buffer)
{
	int writer = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), reader = open(path, O_RDONLY);

	for (int round = 0; round < 3; round++) {
		write(writer, memory, size);
		for (int i = 0; i < 3; i++)
			reads(reader, buffer);
		write(writer, memory, size);
		reads(reader, buffer);
	}
	lseek(reader, 0, SEEK_SET);
	for (int i = 0; i < 12; i++)
		reads(reader, buffer);
	printf(" %zd %zd\n", pread(reader, memory, buffer, 1), pread(reader, memory, buffer, (off_t)size));
	close(writer);
	close(reader);
}

int main(int argc, char **argv)
{
	ssize_t got;

	chdir(argv[1]);
	grow("small", 100, 4096);
	grow("exact", 4096, 4096);
	grow("large", 100000, 300000);
	for (int i = 0; i < atoi(argv[2]); i++) {
		int fd = open("small", O_RDONLY);

		while ((got = read(fd, memory, 4096)) > 0)
			;
		close(fd);
	}
	printf("end %zd\n", got);
	return 0;
}
