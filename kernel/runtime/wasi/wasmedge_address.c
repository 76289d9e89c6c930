/* See wasmedge.h. Socket addresses are Linux's: family, port in network order, then the
 * address at 4 (IPv4) or 8 (IPv6, behind the flow). */
#include "wasi/wasmedge.h"

#include "lib/string.h"
#include "wasi/guest.h"

#define PORT_AT 2
#define INET_AT 4
#define INET6_AT 8
#define INET_SIZE 4u
#define INET6_SIZE 16u

bool wasmedge_is_inet6(const struct socket_address *address)
{
	return address->size == SOCKET_ADDRESS_INET6;
}

uint32_t wasmedge_port(const struct socket_address *address)
{
	return (uint32_t)address->bytes[PORT_AT] << 8 | address->bytes[PORT_AT + 1];
}

static void set(struct socket_address *address, bool inet6, const uint8_t *bytes, uint32_t port)
{
	uint16_t family = inet6 ? SOCKET_INET6 : SOCKET_INET;

	*address = (struct socket_address){ .size = inet6 ? SOCKET_ADDRESS_INET6 : SOCKET_ADDRESS_INET };
	memcpy(address->bytes, &family, sizeof(family));
	address->bytes[PORT_AT] = (uint8_t)(port >> 8);
	address->bytes[PORT_AT + 1] = (uint8_t)port;
	memcpy(address->bytes + (inet6 ? INET6_AT : INET_AT), bytes, inet6 ? INET6_SIZE : INET_SIZE);
}

uint32_t wasmedge_get_address(uint32_t pointer, uint32_t port, struct socket_address *address)
{
	uint8_t storage[2 + INET6_SIZE], bytes[INET6_SIZE];
	struct wasmedge_address at;
	uint16_t family;

	if (!guest_read(pointer, &at, sizeof(at)))
		return WASI_EFAULT;
	if (at.size == INET_SIZE || at.size == INET6_SIZE) {
		if (!guest_read(at.buffer, bytes, at.size))
			return WASI_EFAULT;
		set(address, at.size == INET6_SIZE, bytes, port);
		return WASI_SUCCESS;
	}
	if (at.size != WASMEDGE_STORAGE_SIZE)
		return WASI_EINVAL;
	if (!guest_read(at.buffer, storage, sizeof(storage)))
		return WASI_EFAULT;
	memcpy(&family, storage, sizeof(family));
	if (family != WASMEDGE_INET && family != WASMEDGE_INET6)
		return WASI_EINVAL;
	set(address, family == WASMEDGE_INET6, storage + sizeof(family), port);
	return WASI_SUCCESS;
}

uint32_t wasmedge_put_address(uint32_t pointer, const struct socket_address *address)
{
	bool inet6 = wasmedge_is_inet6(address);
	uint16_t family = inet6 ? WASMEDGE_INET6 : WASMEDGE_INET;
	uint32_t size = inet6 ? INET6_SIZE : INET_SIZE, skip = 0;
	struct wasmedge_address at;
	uint8_t *to;

	if (!guest_read(pointer, &at, sizeof(at)) || !guest_range(at.buffer, at.size, &to))
		return WASI_EFAULT;
	if (at.size == WASMEDGE_STORAGE_SIZE) {
		memset(to, 0, at.size);
		memcpy(to, &family, sizeof(family));
		skip = sizeof(family);
	}
	if (at.size < skip + size)
		return WASI_EINVAL;
	memcpy((void *)((uintptr_t)to + skip), address->bytes + (inet6 ? INET6_AT : INET_AT), size);
	return WASI_SUCCESS;
}
