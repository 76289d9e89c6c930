/* sock_getaddrinfo: names and services to addresses, in a list that the program has made:
 * nodes with room for an address each, which are filled in in their order. */
#include "lib/string.h"
#include "net/network.h"
#include "net/linux_errno.h"
#include "wasi/guest.h"
#include "wasi/wasmedge.h"

WASI_EXPORT(sock_getaddrinfo, uint32_t node, uint32_t node_size, uint32_t service, uint32_t service_size,
	    uint32_t hints, uint32_t list, uint32_t max, uint32_t count);

#define PASSIVE 0x1u
#define PROTOCOL_TCP 1u
#define PROTOCOL_UDP 2u
#define DATA_INET_SIZE 14u
#define DATA_INET6_SIZE 26u
#define SERVICE_MAX 8u

struct address_info {
	uint16_t flags;
	uint8_t family, type, protocol;
	uint8_t pad[3];
	uint32_t address_size;
	uint32_t address; /* of a struct address_data */
	uint32_t name, name_size;
	uint32_t next;
};
_Static_assert(sizeof(struct address_info) == 28, "addrinfo");

struct address_data {
	uint8_t family;
	uint8_t pad[3];
	uint32_t size;
	uint32_t data;
};
_Static_assert(sizeof(struct address_data) == 12, "sockaddr");

/* Copies a string without the NULs that may end it. False: not there, or too long. */
static bool get_text(uint32_t pointer, uint32_t size, char *to, uint32_t max, uint32_t *length)
{
	uint8_t *from;

	if (!guest_range(pointer, size, &from))
		return false;
	while (size && !from[size - 1])
		size--;
	if (size > max)
		return false;
	memcpy(to, from, size);
	*length = size;
	return true;
}

static uint32_t service_port(const char *text, uint32_t size, uint32_t *port)
{
	*port = 0;
	for (uint32_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return WASI_EAISERVICE;
		*port = *port * 10 + (uint32_t)(text[i] - '0');
		if (*port > UINT16_MAX)
			return WASI_EAISERVICE;
	}
	return WASI_SUCCESS;
}

/* Without a name: this machine, or, for listening, all of its addresses. */
static const char *own_name(uint8_t family, uint16_t flags)
{
	if (family == WASMEDGE_INET6)
		return flags & PASSIVE ? "::" : "::1";
	return flags & PASSIVE ? "0.0.0.0" : "127.0.0.1";
}

static uint32_t name_error(int32_t error)
{
	switch (error) {
	case -2: /* ENOENT */
		return WASI_EAINONAME;
	case -LINUX_ENOMEM:
		return WASI_EAIMEMORY;
	default:
		return linux_errno_to_wasi(error);
	}
}

/* Fills in the node; *next is the one after it. Returns an errno. */
static uint32_t fill_in(uint32_t node, const struct socket_address *address, uint32_t port,
			const struct address_info *hints, uint32_t *next)
{
	bool inet6 = wasmedge_is_inet6(address);
	uint8_t bytes[DATA_INET6_SIZE] = { (uint8_t)(port >> 8), (uint8_t)port };
	uint32_t size = inet6 ? DATA_INET6_SIZE : DATA_INET_SIZE;
	struct address_info info;
	struct address_data data;

	if (!guest_read(node, &info, sizeof(info)) || !guest_read(info.address, &data, sizeof(data)))
		return WASI_EFAULT;
	/* Linux's layout behind family and port, without IPv4's padding. */
	memcpy(bytes + 2, address->bytes + 4, inet6 ? DATA_INET6_SIZE - 2 : 4);
	data.family = inet6 ? WASMEDGE_INET6 : WASMEDGE_INET;
	data.size = size;
	info.family = data.family;
	info.type = hints->type ? hints->type : WASMEDGE_STREAM;
	info.protocol = info.type == WASMEDGE_STREAM ? PROTOCOL_TCP : PROTOCOL_UDP;
	info.address_size = size + (uint32_t)sizeof(uint16_t);
	info.name_size = 0;
	*next = info.next;
	return guest_write(data.data, bytes, size) && guest_write(info.address, &data, sizeof(data)) &&
		       guest_write(node, &info, sizeof(info)) ? WASI_SUCCESS : WASI_EFAULT;
}

static uint32_t put_list(uint32_t list, uint32_t max, const struct socket_address *addresses, uint32_t found,
			 uint32_t port, const struct address_info *hints, uint32_t *done)
{
	uint32_t node, error = WASI_SUCCESS;

	if (!guest_read(list, &node, sizeof(node)))
		return WASI_EFAULT;
	for (*done = 0; *done < found && *done < max && node && !error; (*done)++)
		error = fill_in(node, &addresses[*done], port, hints, &node);
	return error;
}

uint32_t wasi_sock_getaddrinfo(uint32_t node, uint32_t node_size, uint32_t service, uint32_t service_size,
			       uint32_t hints_at, uint32_t list, uint32_t max, uint32_t count)
{
	static struct socket_address addresses[NETWORK_ADDRESSES_MAX];
	uint32_t name_size, text_size, port, found, done, error;
	char name[NETWORK_NAME_MAX + 1], text[SERVICE_MAX];
	struct address_info hints;
	uint16_t family = 0;
	int32_t result;
	uint8_t *to;

	if (!guest_read(hints_at, &hints, sizeof(hints)) || !guest_range(count, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	if (!max)
		return WASI_EAIMEMORY;
	if (hints.family > WASMEDGE_INET6)
		return WASI_EAIFAMILY;
	if (!get_text(node, node_size, name, NETWORK_NAME_MAX, &name_size))
		return WASI_EAINONAME;
	if (!get_text(service, service_size, text, sizeof(text), &text_size))
		return WASI_EAISERVICE;
	if (!name_size && !text_size)
		return WASI_EAINONAME;
	error = service_port(text, text_size, &port);
	if (error)
		return error;
	if (!network_start())
		return WASI_EACCES;
	if (!name_size) {
		name_size = (uint32_t)strlen(own_name(hints.family, hints.flags));
		memcpy(name, own_name(hints.family, hints.flags), name_size);
	}
	if (hints.family)
		family = hints.family == WASMEDGE_INET ? SOCKET_INET : SOCKET_INET6;
	result = network_resolve(family, name, name_size, addresses, &found);
	if (result)
		return name_error(result);
	error = put_list(list, max, addresses, found, port, &hints, &done);
	if (!error)
		guest_write_u32(count, done);
	return error;
}
