/* First sequence numbers (RFC 6528): a counter of time, begun at a place that only who knows the
 * key can tell from the connection's addresses and ports; so nobody can guess a connection's
 * numbers from those of his own. The function is SipHash-2-4 (Aumasson and Bernstein, 2012). */
#include "net/lwip/hooks.h"

#include "clock.h"
#include "lib/string.h"
#include "net/lwip/random.h"

#define TICK_NS 4000

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t siphash(const uint64_t key[2], const uint64_t *words, unsigned count)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	};
	uint64_t last = (uint64_t)count * 8 << 56;

	for (unsigned i = 0; i <= count; i++) {
		uint64_t word = i < count ? words[i] : last;

		v[3] ^= word;
		rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void put_address(uint8_t to[16], const ip_addr_t *address)
{
	if (IP_IS_V6(address))
		memcpy(to, ip_2_ip6(address)->addr, 16);
	else
		memcpy(to, &ip_2_ip4(address)->addr, 4);
}

u32_t lwip_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port)
{
	static uint64_t key[2];
	uint64_t words[5] = { 0 };

	while (!key[0])
		lwip_random_bytes(key, sizeof(key));
	put_address((uint8_t *)&words[0], local);
	put_address((uint8_t *)&words[2], remote);
	words[4] = (uint64_t)local_port << 16 | remote_port;
	return (u32_t)(siphash(key, words, 5) + clock_monotonic_ns() / TICK_NS);
}
