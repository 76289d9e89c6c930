/* Loops of the shapes that producers unroll and compiler/translate/reroll.c rolls up
 * again: every trip count up to 69, four alignments, overlapping and reversed operands.
 * Prints checksums over everything they wrote. */
#include <stdint.h>
#include <stdio.h>

#define ELEMENTS 300
#define UNROLL(count) _Pragma(#count)
#define FUNCTION __attribute__((noinline)) static

static struct {
	double a[ELEMENTS], b[ELEMENTS], c[ELEMENTS];
	int64_t wide[ELEMENTS];
	int32_t x[ELEMENTS], y[ELEMENTS];
	float single[ELEMENTS];
	uint8_t u[ELEMENTS], v[ELEMENTS];
} data;

FUNCTION void add_scaled(double *to, const double *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] += 2.5 * from[i];
}

FUNCTION void multiply_and_count(int32_t *to, const int32_t *from, int n, int k)
{
	for (int i = 0; i < n; i++)
		to[i] = from[i] * k + i;
}

FUNCTION void mix_bytes(uint8_t *to, const uint8_t *from, int n)
{
	for (int i = 0; i < n; i++)
		to[i] ^= (uint8_t)(from[i] + i);
}

FUNCTION void carry_down(int32_t *p, int n)
{
	for (int i = n - 1; i > 0; i--)
		p[i] += p[i - 1];
}

FUNCTION void spread(int64_t *p, int n, int step)
{
	for (int i = 0; i < n; i++)
		p[i * 2] = p[i] + step * i;
}

FUNCTION void multiply_reversed(double *to, const double *q, const double *r, int n)
{
	UNROLL(clang loop unroll_count(4))
	for (int i = 0; i < n; i++)
		to[i] = q[i] * r[n - 1 - i];
}

FUNCTION void gather(int32_t *to, const uint8_t *index, int n)
{
	UNROLL(clang loop unroll_count(8))
	for (int i = 0; i < n; i++)
		to[i] = to[index[i] % n] + 1;
}

FUNCTION void every_third(int32_t *p, int n)
{
	UNROLL(clang loop unroll_count(2))
	for (unsigned i = 0; i < (unsigned)n; i += 3)
		p[i] = (int)(i * i / 7);
}

FUNCTION int32_t *until_end(int32_t *p, const int32_t *end, int k)
{
	UNROLL(clang loop unroll_count(4))
	while (p != end) {
		*p = *p * 3 + k;
		p++;
	}
	return p;
}

FUNCTION void two_stores(int32_t *to, const int32_t *from, int n)
{
	UNROLL(clang loop unroll_count(4))
	for (int i = 0; i < n; i++) {
		to[i] = from[i] > 5 ? from[i] : i;
		to[i] += (int32_t)((uint32_t)from[n - i - 1] << (i & 7));
	}
}

FUNCTION void thirds(float *p, int n)
{
	UNROLL(clang loop unroll_count(4))
	for (int i = 0; i < n; i++)
		p[i] = (float)(unsigned)i / 3.0f;
}

static void fill(int n)
{
	for (int i = 0; i < ELEMENTS; i++) {
		data.a[i] = i * 1.25;
		data.b[i] = i * .5 + n;
		data.c[i] = n - i;
		data.wide[i] = i * 5;
		data.x[i] = i * 7 + n;
		data.y[i] = i * 13 - n;
		data.single[i] = 0;
		data.u[i] = (uint8_t)(i * 3);
		data.v[i] = (uint8_t)(i + n);
	}
}

static uint64_t run(int n, int at)
{
	uint64_t end;

	add_scaled(data.a + at, data.b, n);
	add_scaled(data.b + at, data.b, n);
	multiply_and_count(data.x + at, data.x, n, 3);
	multiply_and_count(data.y + at, data.y, n, 5);
	mix_bytes(data.u, data.v + at, n);
	mix_bytes(data.v + at, data.v, n);
	carry_down(data.x + at, n);
	spread(data.wide + at, n, 3);
	multiply_reversed(data.a, data.b + at, data.c, n);
	multiply_reversed(data.b, data.b + at, data.b, n);
	gather(data.x, data.u, n);
	every_third(data.y + at, n);
	end = (uint64_t)(until_end(data.x + at, data.x + n + at, n) - data.x);
	two_stores(data.y, data.x + at, n);
	two_stores(data.y + at, data.y, n);
	thirds(data.single + at, n);
	return end;
}

static uint64_t checksum(uint64_t sum)
{
	const uint8_t *bytes = (const uint8_t *)&data;

	for (size_t i = 0; i < sizeof(data); i++)
		sum = (sum ^ bytes[i]) * 1099511628211u;
	return sum;
}

int main(void)
{
	uint64_t sum = 14695981039346656037u;

	for (int n = 0; n < 70; n++) {
		for (int at = 0; at < 4; at++) {
			fill(n);
			sum = checksum(sum + run(n, at));
		}
		printf("%d %016llx\n", n, (unsigned long long)sum);
	}
	return 0;
}
