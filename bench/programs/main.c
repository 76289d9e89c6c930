/* The harness around a benchmark program: PROGRAM [SIZE [REPEATS]].
 *
 * Prints the checksum on stdout, and on stderr the nanoseconds that each repeat of
 * the kernel took, one line each. The clock runs around the kernel alone: starting
 * the program, or booting a machine for it, is measured elsewhere. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void *bench_alloc(size_t size)
{
	void *memory = malloc(size);

	if (!memory) {
		fprintf(stderr, "cannot allocate %zu bytes\n", size);
		exit(1);
	}
	return memory;
}

int main(int argc, char **argv)
{
	uint32_t size = bench_default_size;
	unsigned long repeats = 1;
	uint64_t checksum = 0;

	if (argc > 1 && strtoul(argv[1], NULL, 10) > 0)
		size = (uint32_t)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		repeats = strtoul(argv[2], NULL, 10);

	for (unsigned long i = 0; i < repeats; i++) {
		uint64_t begin = now_ns();

		checksum = bench_kernel(size);
		fprintf(stderr, "%" PRIu64 "\n", now_ns() - begin);
	}
	printf("%016" PRIx64 "\n", checksum);
	return 0;
}
