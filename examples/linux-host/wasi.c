/* A small part of WASI preview 1: enough for programs that read their arguments
 * and standard input and write to standard output. A WASI function is a C function
 * whose symbol is MODULE.FIELD; pointers are offsets into linear memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define WASI(name) __asm__("wasi_snapshot_preview1." #name)

enum { WASI_SUCCESS = 0, WASI_BADF = 8, WASI_FAULT = 21, WASI_INVAL = 28, WASI_IO = 29, WASI_NOSYS = 52,
       WASI_SPIPE = 70 };

struct wasi_iovec {
	uint32_t buffer, size;
};

static int put_u32(uint32_t address, uint32_t value)
{
	void *at = host_pointer(address, sizeof(value));

	if (!at)
		return WASI_FAULT;
	memcpy(at, &value, sizeof(value));
	return WASI_SUCCESS;
}

static uint32_t string_sizes(char **strings, uint32_t count_address, uint32_t size_address)
{
	uint32_t count = 0, size = 0;

	for (; strings[count]; count++)
		size += (uint32_t)strlen(strings[count]) + 1;
	return put_u32(count_address, count) || put_u32(size_address, size) ? WASI_FAULT : WASI_SUCCESS;
}

static uint32_t string_copies(char **strings, uint32_t pointers, uint32_t buffer)
{
	for (uint32_t i = 0; strings[i]; i++) {
		size_t size = strlen(strings[i]) + 1;
		void *to = host_pointer(buffer, size);

		if (!to || put_u32(pointers + 4 * i, buffer))
			return WASI_FAULT;
		memcpy(to, strings[i], size);
		buffer += (uint32_t)size;
	}
	return WASI_SUCCESS;
}

uint32_t args_sizes_get(uint32_t count, uint32_t size) WASI(args_sizes_get);
uint32_t args_sizes_get(uint32_t count, uint32_t size)
{
	return string_sizes(host.argv, count, size);
}

uint32_t args_get(uint32_t pointers, uint32_t buffer) WASI(args_get);
uint32_t args_get(uint32_t pointers, uint32_t buffer)
{
	return string_copies(host.argv, pointers, buffer);
}

uint32_t environ_sizes_get(uint32_t count, uint32_t size) WASI(environ_sizes_get);
uint32_t environ_sizes_get(uint32_t count, uint32_t size)
{
	return string_sizes(host.envp, count, size);
}

uint32_t environ_get(uint32_t pointers, uint32_t buffer) WASI(environ_get);
uint32_t environ_get(uint32_t pointers, uint32_t buffer)
{
	return string_copies(host.envp, pointers, buffer);
}

uint32_t clock_time_get(uint32_t id, uint64_t precision, uint32_t result) WASI(clock_time_get);
uint32_t clock_time_get(uint32_t id, uint64_t precision, uint32_t result)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
					    CLOCK_THREAD_CPUTIME_ID };
	struct timespec now;
	uint64_t time_ns;
	void *at = host_pointer(result, sizeof(time_ns));

	(void)precision;
	if (id >= 4 || clock_gettime(clocks[id], &now))
		return WASI_INVAL;
	if (!at)
		return WASI_FAULT;
	time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	memcpy(at, &time_ns, sizeof(time_ns));
	return WASI_SUCCESS;
}

uint32_t random_get(uint32_t buffer, uint32_t size) WASI(random_get);
uint32_t random_get(uint32_t buffer, uint32_t size)
{
	uint8_t *at = host_pointer(buffer, size);

	if (!at)
		return WASI_FAULT;
	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0)
			return WASI_IO;
		at += got;
		size -= (uint32_t)got;
	}
	return WASI_SUCCESS;
}

static uint32_t transfer(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t result,
			 ssize_t (*move)(int, const struct iovec *, int))
{
	struct iovec native[16];
	ssize_t moved;

	if (fd > 2)
		return WASI_BADF;
	if (count > 16)
		count = 16; /* a short transfer; the program goes on with the rest */
	for (uint32_t i = 0; i < count; i++) {
		const void *at = host_pointer(vectors + 8 * i, sizeof(struct wasi_iovec));
		struct wasi_iovec vector;

		if (!at)
			return WASI_FAULT;
		memcpy(&vector, at, sizeof(vector));
		native[i].iov_base = host_pointer(vector.buffer, vector.size);
		native[i].iov_len = vector.size;
		if (!native[i].iov_base && (!host.memory || host.memory->base))
			return WASI_FAULT;
	}
	moved = move((int)fd, native, (int)count);
	if (moved < 0)
		return errno == EBADF ? WASI_BADF : WASI_IO;
	return (uint32_t)put_u32(result, (uint32_t)moved);
}

uint32_t fd_write(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t result) WASI(fd_write);
uint32_t fd_write(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t result)
{
	return transfer(fd, vectors, count, result, writev);
}

uint32_t fd_read(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t result) WASI(fd_read);
uint32_t fd_read(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t result)
{
	return transfer(fd, vectors, count, result, readv);
}

uint32_t fd_close(uint32_t fd) WASI(fd_close);
uint32_t fd_close(uint32_t fd)
{
	return fd > 2 ? WASI_BADF : WASI_SUCCESS;
}

uint32_t fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t result) WASI(fd_seek);
uint32_t fd_seek(uint32_t fd, uint64_t offset, uint32_t whence, uint32_t result)
{
	(void)offset, (void)whence, (void)result;
	return fd > 2 ? WASI_BADF : WASI_SPIPE;
}

/* A character device with all rights. */
uint32_t fd_fdstat_get(uint32_t fd, uint32_t result) WASI(fd_fdstat_get);
uint32_t fd_fdstat_get(uint32_t fd, uint32_t result)
{
	uint8_t *at = host_pointer(result, 24);

	if (fd > 2)
		return WASI_BADF;
	if (!at)
		return WASI_FAULT;
	memset(at, 0xff, 24);
	memset(at, 0, 8);
	at[0] = 2;
	return WASI_SUCCESS;
}

uint32_t fd_fdstat_set_flags(uint32_t fd, uint32_t flags) WASI(fd_fdstat_set_flags);
uint32_t fd_fdstat_set_flags(uint32_t fd, uint32_t flags)
{
	(void)fd, (void)flags;
	return WASI_NOSYS;
}

uint32_t fd_prestat_get(uint32_t fd, uint32_t result) WASI(fd_prestat_get);
uint32_t fd_prestat_get(uint32_t fd, uint32_t result)
{
	(void)fd, (void)result;
	return WASI_BADF; /* no directories */
}

uint32_t fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size) WASI(fd_prestat_dir_name);
uint32_t fd_prestat_dir_name(uint32_t fd, uint32_t path, uint32_t size)
{
	(void)fd, (void)path, (void)size;
	return WASI_BADF;
}

uint32_t path_open(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t path_size, uint32_t oflags,
		   uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t result) WASI(path_open);
uint32_t path_open(uint32_t fd, uint32_t dirflags, uint32_t path, uint32_t path_size, uint32_t oflags,
		   uint64_t rights, uint64_t inheriting, uint32_t flags, uint32_t result)
{
	(void)fd, (void)dirflags, (void)path, (void)path_size, (void)oflags, (void)rights;
	(void)inheriting, (void)flags, (void)result;
	return WASI_BADF;
}

uint32_t sched_yield(void) WASI(sched_yield);
uint32_t sched_yield(void)
{
	return WASI_SUCCESS;
}

_Noreturn void proc_exit(uint32_t status) WASI(proc_exit);
_Noreturn void proc_exit(uint32_t status)
{
	exit((int)status);
}
