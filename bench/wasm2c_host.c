/* Runs a benchmark program that wasm2c 1.0.32 turned into C (module name "bench"):
 * just the WASI calls that the programs make, straight on Linux. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wasm2c_bench.h"

#define ERRNO_BADF 8
#define ERRNO_INVAL 28
#define ERRNO_SPIPE 70
#define FILETYPE_CHARACTER_DEVICE 2

typedef struct Z_wasi_snapshot_preview1_instance_t {
	wasm_rt_memory_t *memory;
	int argc;
	char **argv;
} host;

/* Addresses come from our own benchmark programs; a wrong one is a bug, not an attack. */
static uint8_t *at(host *host, u32 address)
{
	return host->memory->data + address;
}

static void put32(host *host, u32 address, u32 value)
{
	memcpy(at(host, address), &value, sizeof(value));
}

static u32 get32(host *host, u32 address)
{
	u32 value;

	memcpy(&value, at(host, address), sizeof(value));
	return value;
}

u32 Z_wasi_snapshot_preview1Z_args_sizes_get(host *host, u32 count, u32 size)
{
	u32 bytes = 0;

	for (int i = 0; i < host->argc; i++)
		bytes += (u32)strlen(host->argv[i]) + 1;
	put32(host, count, (u32)host->argc);
	put32(host, size, bytes);
	return 0;
}

u32 Z_wasi_snapshot_preview1Z_args_get(host *host, u32 pointers, u32 strings)
{
	for (int i = 0; i < host->argc; i++) {
		size_t size = strlen(host->argv[i]) + 1;

		put32(host, pointers + 4 * (u32)i, strings);
		memcpy(at(host, strings), host->argv[i], size);
		strings += (u32)size;
	}
	return 0;
}

u32 Z_wasi_snapshot_preview1Z_clock_time_get(host *host, u32 clock, u64 precision, u32 result)
{
	struct timespec now;
	uint64_t ns;

	(void)precision;
	if (clock_gettime(clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now) < 0)
		return ERRNO_INVAL;
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	memcpy(at(host, result), &ns, sizeof(ns));
	return 0;
}

u32 Z_wasi_snapshot_preview1Z_fd_close(host *host, u32 fd)
{
	(void)host;
	return fd < 3 ? 0 : ERRNO_BADF;
}

u32 Z_wasi_snapshot_preview1Z_fd_fdstat_get(host *host, u32 fd, u32 result)
{
	if (fd > 2)
		return ERRNO_BADF;
	memset(at(host, result), 0, 24);
	*at(host, result) = FILETYPE_CHARACTER_DEVICE;
	memset(at(host, result) + 8, 0xff, 8); /* all rights */
	return 0;
}

u32 Z_wasi_snapshot_preview1Z_fd_seek(host *host, u32 fd, u64 offset, u32 whence, u32 result)
{
	(void)host, (void)fd, (void)offset, (void)whence, (void)result;
	return ERRNO_SPIPE;
}

u32 Z_wasi_snapshot_preview1Z_fd_write(host *host, u32 fd, u32 vectors, u32 count, u32 result)
{
	u32 total = 0;

	for (u32 i = 0; i < count; i++) {
		u32 address = get32(host, vectors + 8 * i), size = get32(host, vectors + 8 * i + 4);
		ssize_t written = write((int)fd, at(host, address), size);

		if (written < 0)
			return ERRNO_BADF;
		total += (u32)written;
	}
	put32(host, result, total);
	return 0;
}

void Z_wasi_snapshot_preview1Z_proc_exit(host *host, u32 status)
{
	(void)host;
	exit((int)status);
}

int main(int argc, char **argv)
{
	static Z_bench_instance_t instance;
	host host = { .argc = argc, .argv = argv };

	wasm_rt_init();
	Z_bench_init_module();
	host.memory = Z_benchZ_memory(&instance);
	Z_bench_instantiate(&instance, &host);
	Z_benchZ__start(&instance);
	return 0;
}
