/* read_ahead ONE TWO [PIECE]: what reading in order finds while this program changes the file by other ways. ONE and
 * TWO are the same folder. With PIECE: reads ONE/data to its end that many bytes at a time, nothing else. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SIZE 1000003

static uint8_t memory[100000];
static const char *folders[2];
static uint32_t seed = 1;

static uint32_t next(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static int open_in(int folder, const char *name, int flags)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folders[folder], name);
	fd = open(path, flags, 0644);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static uint32_t sum(uint32_t value, ssize_t size)
{
	for (ssize_t i = 0; i < size; i++)
		value = value * 31 + memory[i];
	return value;
}

static uint32_t read_all(int fd, size_t piece, int writer)
{
	uint32_t value = 0;
	ssize_t got;

	while ((got = read(fd, memory, piece)) > 0) {
		value = sum(value, got);
		if (writer >= 0)
			write(writer, memory, (size_t)got);
	}
	return value;
}

static void make(void)
{
	int fd = open_in(0, "data", O_WRONLY | O_CREAT | O_TRUNC);

	for (size_t left = SIZE, size; left; left -= size) {
		size = left < sizeof(memory) ? left : sizeof(memory);
		for (size_t i = 0; i < size; i++)
			memory[i] = (uint8_t)next();
		write(fd, memory, size);
	}
	close(fd);
}

static void in_pieces(void)
{
	static const size_t pieces[] = { 100, 4096, 65535, 65536, 65537, 99999 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		int fd = open_in(0, "data", O_RDONLY), copy = open_in(0, "copy", O_RDWR | O_CREAT | O_TRUNC);

		printf("%zu %x", pieces[i], read_all(fd, pieces[i], -1));
		lseek(fd, 0, SEEK_SET);
		printf(" %x", read_all(fd, pieces[i], copy));
		lseek(copy, 0, SEEK_SET);
		printf(" %x\n", read_all(copy, 70000 - pieces[i] % 70000, -1));
		close(fd);
		close(copy);
	}
}

/* Somewhere behind where it reads, byte by byte or more, through both folders and by the same file too. */
static void written_meanwhile(void)
{
	int reader = open_in(0, "data", O_RDWR), writers[2] = { open_in(0, "data", O_RDWR), open_in(1, "data", O_RDWR) };
	uint32_t value = 0;
	off_t at = 0;
	ssize_t got;

	while ((got = read(reader, memory, 1 + next() % 8000)) > 0) {
		uint8_t byte = (uint8_t)next();
		off_t to = at + got + next() % 140000;

		value = sum(value, got);
		at += got;
		if (to < SIZE && next() % 2)
			pwrite(next() % 3 ? writers[next() % 2] : reader, &byte, 1, to);
		if (next() % 50 == 0)
			at = lseek(reader, at + next() % 3000, SEEK_SET);
	}
	printf("written %x %lld\n", value, (long long)at);
}

static void by_turns(void)
{
	int one = open_in(0, "data", O_RDONLY), two = open_in(1, "copy", O_RDONLY);
	uint32_t values[2] = { 0, 0 };

	for (int i = 0; i < 400; i++) {
		values[0] = sum(values[0], read(one, memory, 2500));
		if (i % 90 == 0)
			values[1] = sum(values[1], read(two, memory, 2500));
	}
	printf("turns %x %x\n", values[0], values[1]);
}

static void cut_off(void)
{
	int reader = open_in(0, "data", O_RDONLY), other = open_in(1, "data", O_RDWR);
	ssize_t got = 0, last;

	for (int i = 0; i < 60; i++)
		got += read(reader, memory, 4096);
	ftruncate(other, got + 5000);
	while ((last = read(reader, memory, 4096)) > 0)
		got += last;
	write(other, "x", 1);
	printf("cut %zd %zd\n", got, last);
}

int main(int argc, char **argv)
{
	folders[0] = argv[1];
	folders[1] = argv[2];
	if (argc > 3) {
		printf("%x\n", read_all(open_in(0, "data", O_RDONLY), (size_t)atoi(argv[3]), -1));
		return 0;
	}
	make();
	in_pieces();
	written_meanwhile();
	by_turns();
	cut_off();
	return 0;
}
