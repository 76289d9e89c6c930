/* See address.h. */
#include "net/lwip/address.h"

#include "lib/string.h"
#include "net/linux_errno.h"

#define PORT_AT 2
#define INET_AT 4
#define INET6_AT 8

void address_to_lwip(const struct socket_address *address, ip_addr_t *ip, u16_t *port)
{
	*port = (u16_t)(address->bytes[PORT_AT] << 8 | address->bytes[PORT_AT + 1]);
	if (address->size == SOCKET_ADDRESS_INET6) {
		IP_SET_TYPE(ip, IPADDR_TYPE_V6);
		memcpy(ip_2_ip6(ip)->addr, address->bytes + INET6_AT, 16);
		ip6_addr_clear_zone(ip_2_ip6(ip));
	} else {
		IP_SET_TYPE(ip, IPADDR_TYPE_V4);
		memcpy(&ip_2_ip4(ip)->addr, address->bytes + INET_AT, 4);
	}
}

struct socket_address address_from_lwip(const ip_addr_t *ip, u16_t port, uint16_t family)
{
	struct socket_address address = socket_any_address(family);

	address.bytes[PORT_AT] = (uint8_t)(port >> 8);
	address.bytes[PORT_AT + 1] = (uint8_t)port;
	if (family == SOCKET_INET6 && IP_IS_V6(ip))
		memcpy(address.bytes + INET6_AT, ip_2_ip6(ip)->addr, 16);
	else if (family == SOCKET_INET && IP_IS_V4(ip))
		memcpy(address.bytes + INET_AT, &ip_2_ip4(ip)->addr, 4);
	return address;
}

int32_t error_from_lwip(err_t error)
{
	switch (error) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
	case ERR_BUF:
		return -LINUX_ENOBUFS;
	case ERR_TIMEOUT:
	case ERR_ABRT: /* gave up, or made room for others */
		return -LINUX_ETIMEDOUT;
	case ERR_RTE:
	case ERR_IF:
		return -LINUX_ENETUNREACH;
	case ERR_USE:
		return -LINUX_EADDRINUSE;
	case ERR_ALREADY:
		return -LINUX_EALREADY;
	case ERR_ISCONN:
		return -LINUX_EISCONN;
	case ERR_CONN:
	case ERR_CLSD:
		return -LINUX_ENOTCONN;
	case ERR_RST:
		return -LINUX_ECONNRESET;
	default:
		return -LINUX_EINVAL;
	}
}
