/* Sockets for C programs under WASI: WasmEdge's extension of preview 1, as Walnut and
 * WasmEdge provide it. Functions return 0 or an errno of WASI's (the C library's errno.h has
 * the same numbers). Addresses are the 4 or 16 bytes of an IPv4 or IPv6 address in network
 * order; ports are plain numbers. Descriptors work with read(), write(), close() and
 * poll(), and with fcntl() for O_NONBLOCK. */
#ifndef WALNUT_SOCKET_H
#define WALNUT_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#define SOCKET_INET 1
#define SOCKET_INET6 2
#define SOCKET_VSOCK 40 /* Walnut's: see below */
#define SOCKET_DATAGRAM 1
#define SOCKET_STREAM 2

#define SOCKET_SHUT_RECEIVE 1
#define SOCKET_SHUT_SEND 2

#define SOCKET_OPTION_REUSEADDR 0
#define SOCKET_OPTION_ERROR 2

struct socket_address {
	void *bytes;
	uint32_t size; /* 4 or 16 */
};

/* Addresses of AF_VSOCK, which has streams only, are 4 bytes: a CID, in the processor's order. Ports
 * have 32 bits. */
#define SOCKET_CID_HOST 2
#define SOCKET_CID_ANY 0xffffffff

struct socket_buffer {
	void *data;
	size_t size;
};

#define SOCKET_FUNCTION(name, ...) \
	uint32_t socket_##name(__VA_ARGS__) \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_" #name)))

SOCKET_FUNCTION(open, uint8_t family, uint8_t type, uint32_t *fd);
SOCKET_FUNCTION(bind, uint32_t fd, const struct socket_address *address, uint32_t port);
SOCKET_FUNCTION(connect, uint32_t fd, const struct socket_address *address, uint32_t port);
SOCKET_FUNCTION(listen, uint32_t fd, uint32_t backlog);
SOCKET_FUNCTION(accept_v2, uint32_t fd, uint32_t flags, uint32_t *client);
SOCKET_FUNCTION(shutdown, uint32_t fd, uint32_t how);
SOCKET_FUNCTION(getsockopt, uint32_t fd, uint32_t level, uint32_t name, void *value, uint32_t *size);
SOCKET_FUNCTION(setsockopt, uint32_t fd, uint32_t level, uint32_t name, const void *value, uint32_t size);

/* *kind becomes 4 or 6. */
SOCKET_FUNCTION(getlocaladdr, uint32_t fd, const struct socket_address *address, uint32_t *kind, uint32_t *port);
SOCKET_FUNCTION(getpeeraddr, uint32_t fd, const struct socket_address *address, uint32_t *kind, uint32_t *port);

/* The caller makes a list of `max` nodes, each with an address whose data has room for 26 bytes:
 * port, then the IPv4 address, or 4 bytes, the IPv6 address and the scope. */
struct socket_name_data {
	uint8_t family;
	uint32_t size;
	uint8_t *data;
};

struct socket_name {
	uint16_t flags;
	uint8_t family, type, protocol;
	uint32_t address_size;
	struct socket_name_data *address;
	char *canonical;
	uint32_t canonical_size;
	struct socket_name *next;
};

SOCKET_FUNCTION(getaddrinfo, const char *node, uint32_t node_size, const char *service, uint32_t service_size,
		const struct socket_name *hints, struct socket_name **list, uint32_t max, uint32_t *count);

SOCKET_FUNCTION(recv, uint32_t fd, const struct socket_buffer *buffers, uint32_t count, uint32_t flags,
		uint32_t *size, uint16_t *out_flags);
SOCKET_FUNCTION(send, uint32_t fd, const struct socket_buffer *buffers, uint32_t count, uint32_t flags,
		uint32_t *size);
SOCKET_FUNCTION(recv_from_v2, uint32_t fd, const struct socket_buffer *buffers, uint32_t count,
		const struct socket_address *address, uint32_t flags, uint32_t *port, uint32_t *size,
		uint16_t *out_flags);
SOCKET_FUNCTION(send_to, uint32_t fd, const struct socket_buffer *buffers, uint32_t count,
		const struct socket_address *address, uint32_t port, uint32_t flags, uint32_t *size);

#endif
