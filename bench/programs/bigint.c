/* Modular exponentiation of numbers with many 32-bit digits: 64-bit products and
 * carries, as in public-key cryptography. */
#include "bench.h"

#include <string.h>

const uint32_t bench_default_size = 64; /* digits of the modulus */

#define DIGITS_MAX 128

/* Montgomery's product a b / 2^(32 n) mod m. */
static void multiply(uint32_t n, const uint32_t *a, const uint32_t *b, const uint32_t *m,
		     uint32_t inverse, uint32_t *result)
{
	uint32_t t[DIGITS_MAX + 2] = { 0 };
	uint32_t borrow = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t carry = 0, q;

		for (uint32_t j = 0; j < n; j++) {
			carry += (uint64_t)a[i] * b[j] + t[j];
			t[j] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[n];
		t[n] = (uint32_t)carry;
		t[n + 1] = (uint32_t)(carry >> 32);

		q = t[0] * inverse;
		carry = (q * m[0] + t[0]) >> 32;
		for (uint32_t j = 1; j < n; j++) {
			carry += q * m[j] + t[j];
			t[j - 1] = (uint32_t)carry;
			carry >>= 32;
		}
		carry += t[n];
		t[n - 1] = (uint32_t)carry;
		t[n] = t[n + 1] + (uint32_t)(carry >> 32);
	}
	for (uint32_t j = 0; j < n; j++) {
		uint64_t difference = (uint64_t)t[j] - m[j] - borrow;

		result[j] = (uint32_t)difference;
		borrow = difference >> 63;
	}
	if (t[n] < borrow)
		memcpy(result, t, n * sizeof(uint32_t));
}

uint64_t bench_kernel(uint32_t size)
{
	uint32_t n = size > DIGITS_MAX ? DIGITS_MAX : size;
	uint32_t modulus[DIGITS_MAX], base[DIGITS_MAX], power[DIGITS_MAX], exponent[DIGITS_MAX];
	uint64_t state = 13, sum = 0;
	uint32_t inverse = 1;

	for (uint32_t i = 0; i < n; i++) {
		modulus[i] = (uint32_t)bench_random(&state);
		base[i] = (uint32_t)bench_random(&state);
		exponent[i] = (uint32_t)bench_random(&state);
	}
	modulus[0] |= 1;
	modulus[n - 1] |= 0x80000000u;
	base[n - 1] &= 0x7fffffffu;
	memcpy(power, base, sizeof(power));
	for (int i = 0; i < 5; i++) /* Newton: each step doubles the correct bits */
		inverse *= 2 - modulus[0] * inverse;
	inverse = -inverse;

	for (uint32_t repeat = 0; repeat < 4; repeat++) {
		for (uint32_t bit = 32 * n; bit-- > 0;) {
			multiply(n, power, power, modulus, inverse, power);
			if (exponent[bit / 32] >> bit % 32 & 1)
				multiply(n, power, base, modulus, inverse, power);
		}
	}
	for (uint32_t i = 0; i < n; i++)
		sum = bench_mix(sum, power[i]);
	return sum;
}
