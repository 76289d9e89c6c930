/* The TCP/IP stack as a network; see net/network.h. */
#include "lwip/dns.h"

#include "fs/heap.h"
#include "idle.h"
#include "lib/string.h"
#include "net/linux_errno.h"
#include "net/lwip/address.h"
#include "net/lwip/interface.h"
#include "net/lwip/lwip_socket.h"
#include "net/network.h"

struct lwip_socket *lwip_socket_make(const struct socket_ops *ops, uint16_t family, uint16_t type)
{
	struct lwip_socket *socket = fs_allocate(sizeof(*socket));

	if (socket)
		*socket = (struct lwip_socket){
			.base = { .ops = ops, .family = family, .type = type, .window = TCP_WND,
				  .state = type == SOCKET_DATAGRAM ? SOCKET_DGRAM : SOCKET_NEW },
		};
	return socket;
}

void lwip_socket_free(struct lwip_socket *socket)
{
	queue_clear(&socket->base.input);
	fs_free(socket, sizeof(*socket));
}

static struct socket *stack_open(uint16_t family, uint16_t type)
{
	struct lwip_socket *socket =
		lwip_socket_make(type == SOCKET_STREAM ? &stream_ops : &datagram_ops, family, type);

	return socket ? &socket->base : NULL;
}

struct question {
	bool answered, found;
	ip_addr_t address;
};

static void on_answer(const char *name, const ip_addr_t *address, void *argument)
{
	struct question *question = argument;

	question->answered = true;
	question->found = address;
	if (address)
		question->address = *address;
}

/* lwIP tells one address of a name, the first that it hears. */
static int32_t stack_resolve(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			     uint32_t *count)
{
	u8_t type = family == SOCKET_INET6 ? LWIP_DNS_ADDRTYPE_IPV6 :
		    family == SOCKET_INET  ? LWIP_DNS_ADDRTYPE_IPV4 : LWIP_DNS_ADDRTYPE_IPV4_IPV6;
	struct question question = { 0 };
	char text[NETWORK_NAME_MAX + 1];
	err_t error;

	*count = 0;
	memcpy(text, name, size);
	text[size] = '\0';
	if (!ipaddr_aton(text, &question.address))
		interface_await_address(SOCKET_INET);
	error = dns_gethostbyname_addrtype(text, &question.address, on_answer, &question, type);
	interface_flush();
	if (error == ERR_OK)
		question.found = true;
	/* lwIP gives up by itself after some seconds. */
	while (error == ERR_INPROGRESS && !question.answered)
		if (!network_poll())
			network_wait(IDLE_FOREVER);
	if (!question.found)
		return -LINUX_ENOENT;
	addresses[0] = address_from_lwip(&question.address, 0, IP_IS_V6(&question.address) ? SOCKET_INET6 : SOCKET_INET);
	if (family && addresses[0].size != socket_any_address(family).size)
		return -LINUX_ENOENT;
	*count = 1;
	return 0;
}

static bool stack_start(const struct network_words *words)
{
	return interface_start(words);
}

static bool stack_has(uint16_t family)
{
	return family == SOCKET_INET || family == SOCKET_INET6;
}

static const struct network stack = {
	.start = stack_start, .has = stack_has, .poll = interface_poll, .finish = stream_finish_all, .open = stack_open, .resolve = stack_resolve,
};

const struct network *const network_stack = &stack;
