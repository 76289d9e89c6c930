/* Takeuchi's function and the Ackermann function: calls and returns, little else. */
#include "bench.h"

const uint32_t bench_default_size = 22;

__attribute__((noinline)) static int32_t tak(int32_t x, int32_t y, int32_t z)
{
	if (y >= x)
		return z;
	return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

__attribute__((noinline)) static uint32_t ackermann(uint32_t m, uint32_t n)
{
	if (m == 0)
		return n + 1;
	if (n == 0)
		return ackermann(m - 1, 1);
	return ackermann(m - 1, ackermann(m, n - 1));
}

uint64_t bench_kernel(uint32_t size)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < 64; i++) {
		sum = bench_mix(sum, (uint64_t)tak((int32_t)size, 14 + (int32_t)(i % 3), 7));
		sum = bench_mix(sum, ackermann(2, size * 4));
		sum = bench_mix(sum, ackermann(3, 7));
	}
	return sum;
}
