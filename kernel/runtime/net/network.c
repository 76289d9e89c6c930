/* See network.h. */
#include "net/network.h"

#include "virtio/console.h"

static const struct network *network;
static struct network_words words;

void network_configure(const struct cmdline *line)
{
	words = (struct network_words){ line->ip, line->gateway, line->dns, line->mtu };
}

bool network_start(void)
{
	static bool tried;

	if (tried)
		return network;
	tried = true;
	if (network_stack && network_stack->start(&words))
		network = network_stack;
	else if (network_tsi.start(&words))
		network = &network_tsi;
	return network;
}

bool network_has(uint16_t family)
{
	return network->has(family);
}

bool network_poll(void)
{
	return network->poll();
}

void network_finish(void)
{
	if (network && network->finish)
		network->finish();
}

void network_wait(uint64_t deadline)
{
	console_wait(0, deadline);
}

struct socket *network_open(uint16_t family, uint16_t type)
{
	return network->open(family, type);
}

int32_t network_resolve(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			uint32_t *count)
{
	return network->resolve(family, name, size, addresses, count);
}
