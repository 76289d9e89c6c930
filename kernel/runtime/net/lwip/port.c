/* What lwIP asks of the place where it runs: time, random numbers, an end; see arch/cc.h. */
#include "lwip/opt.h"

#include "lwip/sys.h"

#include <string.h>

#include "clock.h"
#include "exit.h"
#include "lib/text.h"
#include "net/lwip/random.h"
#include "virtio/entropy.h"

#define NS_PER_MS 1000000

u32_t sys_now(void)
{
	return (u32_t)(clock_monotonic_ns() / NS_PER_MS);
}

void lwip_random_bytes(void *data, size_t size)
{
	if (!entropy_get(data, size))
		lwip_panic("there are no random numbers");
}

uint32_t lwip_random(void)
{
	uint32_t value;

	lwip_random_bytes(&value, sizeof(value));
	return value;
}

void lwip_panic(const char *what)
{
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "lwIP: ");
	text_string(&text, what);
	runtime_fail(buffer, text.used);
}

int strncmp(const char *left, const char *right, size_t size)
{
	for (size_t at = 0; at < size; at++) {
		if (left[at] != right[at] || !left[at])
			return (unsigned char)left[at] - (unsigned char)right[at];
	}
	return 0;
}

int strcmp(const char *left, const char *right)
{
	return strncmp(left, right, SIZE_MAX);
}
