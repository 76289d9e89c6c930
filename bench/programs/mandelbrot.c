/* Escape times in the Mandelbrot set: a tight dependent chain of double operations
 * with an exit that is hard to predict. */
#include "bench.h"

const uint32_t bench_default_size = 1000;

#define ITERATIONS 200

static uint32_t escape_time(double cr, double ci)
{
	double r = 0, i = 0, rr = 0, ii = 0;
	uint32_t n = 0;

	while (n < ITERATIONS && rr + ii <= 4.0) {
		i = 2 * r * i + ci;
		r = rr - ii + cr;
		rr = r * r;
		ii = i * i;
		n++;
	}
	return n;
}

uint64_t bench_kernel(uint32_t size)
{
	uint64_t sum = 0;

	for (uint32_t y = 0; y < size; y++) {
		for (uint32_t x = 0; x < size; x++) {
			double cr = 3.0 * x / size - 2.0;
			double ci = 2.4 * y / size - 1.2;

			sum = bench_mix(sum, escape_time(cr, ci));
		}
	}
	return sum;
}
