/* See wasmedge.h. Socket addresses are Linux's: family, port in network order, then the
 * address at 4 (IPv4) or 8 (IPv6, behind the flow); of AF_VSOCK port and CID at 4 and 8. */
#include "wasi/wasmedge.h"

#include "lib/string.h"
#include "wasi/guest.h"

#define PORT_AT 2
#define INET_AT 4
#define INET6_AT 8
#define INET_SIZE 4u
#define INET6_SIZE 16u
#define VSOCK_PORT_AT 4
#define VSOCK_CID_AT 8
#define VSOCK_SIZE 4u

/* Where the address is, and how long. */
struct place {
	uint16_t family; /* WasmEdge's */
	uint32_t at, size;
};

static uint16_t family_of(const struct socket_address *address)
{
	uint16_t family;

	memcpy(&family, address->bytes, sizeof(family));
	return family;
}

static struct place place_of(uint16_t family)
{
	switch (family) {
	case SOCKET_VSOCK:
		return (struct place){ WASMEDGE_VSOCK, VSOCK_CID_AT, VSOCK_SIZE };
	case SOCKET_INET6:
		return (struct place){ WASMEDGE_INET6, INET6_AT, INET6_SIZE };
	default:
		return (struct place){ WASMEDGE_INET, INET_AT, INET_SIZE };
	}
}

bool wasmedge_is_inet6(const struct socket_address *address)
{
	return address->size == SOCKET_ADDRESS_INET6;
}

uint32_t wasmedge_port(const struct socket_address *address)
{
	uint32_t port;

	if (family_of(address) != SOCKET_VSOCK)
		return (uint32_t)address->bytes[PORT_AT] << 8 | address->bytes[PORT_AT + 1];
	memcpy(&port, address->bytes + VSOCK_PORT_AT, sizeof(port));
	return port;
}

static void set(struct socket_address *address, uint16_t family, const uint8_t *bytes, uint32_t port)
{
	struct place place = place_of(family);

	*address = (struct socket_address){ .size = family == SOCKET_INET6 ? SOCKET_ADDRESS_INET6 : SOCKET_ADDRESS_INET };
	memcpy(address->bytes, &family, sizeof(family));
	if (family == SOCKET_VSOCK) {
		memcpy(address->bytes + VSOCK_PORT_AT, &port, sizeof(port));
	} else {
		address->bytes[PORT_AT] = (uint8_t)(port >> 8);
		address->bytes[PORT_AT + 1] = (uint8_t)port;
	}
	memcpy(address->bytes + place.at, bytes, place.size);
}

uint32_t wasmedge_get_address(uint32_t pointer, uint16_t family, uint32_t port, struct socket_address *address)
{
	uint8_t storage[2 + INET6_SIZE];
	struct place place = place_of(family);
	struct wasmedge_address at;
	uint16_t stored;

	if (!guest_read(pointer, &at, sizeof(at)))
		return WASI_EFAULT;
	if (at.size == INET_SIZE || at.size == INET6_SIZE) {
		if (at.size != place.size)
			return WASI_EAFNOSUPPORT;
		if (!guest_read(at.buffer, storage, at.size))
			return WASI_EFAULT;
		set(address, family, storage, port);
		return WASI_SUCCESS;
	}
	if (at.size != WASMEDGE_STORAGE_SIZE)
		return WASI_EINVAL;
	if (!guest_read(at.buffer, storage, sizeof(storage)))
		return WASI_EFAULT;
	memcpy(&stored, storage, sizeof(stored));
	if (stored != WASMEDGE_INET && stored != WASMEDGE_INET6 && stored != WASMEDGE_VSOCK)
		return WASI_EINVAL;
	if (stored != place.family)
		return WASI_EAFNOSUPPORT;
	set(address, family, storage + sizeof(stored), port);
	return WASI_SUCCESS;
}

uint32_t wasmedge_put_address(uint32_t pointer, const struct socket_address *address)
{
	struct place place = place_of(family_of(address));
	struct wasmedge_address at;
	uint32_t skip = 0;
	uint8_t *to;

	if (!guest_read(pointer, &at, sizeof(at)) || !guest_range(at.buffer, at.size, &to))
		return WASI_EFAULT;
	if (at.size == WASMEDGE_STORAGE_SIZE) {
		memset(to, 0, at.size);
		memcpy(to, &place.family, sizeof(place.family));
		skip = sizeof(place.family);
	}
	if (at.size < skip + place.size)
		return WASI_EINVAL;
	memcpy((void *)((uintptr_t)to + skip), address->bytes + place.at, place.size);
	return WASI_SUCCESS;
}
