/* files OPERATION…: does each in the current folder and prints its name and nanoseconds on standard
 * error, and what all builds have to agree on on standard output. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (1u << 20)
#define BLOCKS 1024u /* 1 GiB */
#define PAGE 4096u
#define READS 20000u
#define FILES 10000u

static uint8_t block[BLOCK];

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "files: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* One number of each page, so that what was read has arrived. */
static uint64_t sum_of(const uint8_t *data, size_t size)
{
	uint64_t sum = 0, word;

	for (size_t at = 0; at < size; at += PAGE) {
		memcpy(&word, data + at, sizeof(word));
		sum += word;
	}
	return sum;
}

static uint64_t write_large(void)
{
	int fd = open("large", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	must(fd >= 0, "large");
	for (uint32_t i = 0; i < BLOCKS; i++) {
		for (uint32_t at = 0; at < BLOCK; at += PAGE)
			memcpy(block + at, &i, sizeof(i));
		must(write(fd, block, BLOCK) == BLOCK, "write");
	}
	close(fd);
	return BLOCKS;
}

static uint64_t read_large(void)
{
	int fd = open("large", O_RDONLY);
	uint64_t sum = 0;
	ssize_t got;

	must(fd >= 0, "large");
	while ((got = read(fd, block, BLOCK)) > 0)
		sum += sum_of(block, (size_t)got);
	must(got == 0, "read");
	close(fd);
	return sum;
}

static uint64_t read_random(void)
{
	int fd = open("large", O_RDONLY);
	uint64_t sum = 0;
	uint32_t page = 1;

	must(fd >= 0, "large");
	for (uint32_t i = 0; i < READS; i++) {
		page = page * 1664525u + 1013904223u;
		must(pread(fd, block, PAGE, (off_t)(page >> 14) * PAGE) == PAGE, "pread");
		sum += sum_of(block, PAGE);
	}
	close(fd);
	return sum;
}

/* What costs the host next to nothing: under Walnut it is an exit and what comes with every request. */
static uint64_t ask_size(void)
{
	int fd = open("large", O_RDONLY);
	struct stat status;
	uint64_t sum = 0;

	must(fd >= 0, "large");
	for (uint32_t i = 0; i < READS; i++) {
		must(fstat(fd, &status) == 0, "fstat");
		sum += (uint64_t)status.st_size;
	}
	close(fd);
	return sum;
}

static const char *name_of(uint32_t i)
{
	static char name[32];

	snprintf(name, sizeof(name), "small/%u", i);
	return name;
}

static uint64_t create_small(void)
{
	must(mkdir("small", 0755) == 0, "small");
	for (uint32_t i = 0; i < FILES; i++) {
		int fd = open(name_of(i), O_WRONLY | O_CREAT | O_EXCL, 0644);

		must(fd >= 0 && write(fd, block, 100) == 100, "create");
		close(fd);
	}
	return FILES;
}

static uint64_t stat_small(void)
{
	struct stat status;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < FILES; i++) {
		must(stat(name_of(i), &status) == 0, "stat");
		sum += (uint64_t)status.st_size;
	}
	return sum;
}

static uint64_t list_small(void)
{
	DIR *dir = opendir("small");
	struct dirent *entry;
	uint64_t count = 0;

	must(dir != NULL, "small");
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static uint64_t remove_small(void)
{
	for (uint32_t i = 0; i < FILES; i++)
		must(unlink(name_of(i)) == 0, "unlink");
	must(rmdir("small") == 0, "rmdir");
	return FILES;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t (*run)(void);
	} operations[] = {
		{ "write", write_large }, { "read", read_large }, { "random", read_random }, { "ask", ask_size },
		{ "create", create_small }, { "stat", stat_small }, { "list", list_small },
		{ "remove", remove_small },
	};

	memset(block, 1, sizeof(block)); /* touched, as in the second run */
	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]); k++) {
			uint64_t begin = now(), result;

			if (strcmp(argv[i], operations[k].name) != 0)
				continue;
			result = operations[k].run();
			fprintf(stderr, "%s %llu\n", argv[i], (unsigned long long)(now() - begin));
			printf("%s %llu\n", argv[i], (unsigned long long)result);
		}
	}
	return 0;
}
