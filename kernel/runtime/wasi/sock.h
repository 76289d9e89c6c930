/* Sockets as descriptors, for the functions of preview 1 and WasmEdge's. */
#ifndef WALNUT_RUNTIME_WASI_SOCK_H
#define WALNUT_RUNTIME_WASI_SOCK_H

#include "net/socket.h"
#include "wasi/descriptor.h"

/* The socket that the descriptor is; *error says why there is none. */
struct socket *sock_get(uint32_t fd, struct descriptor **descriptor, uint32_t *error);

/* A new descriptor for it; the socket is closed when there is none. Returns an errno. */
uint32_t sock_add(struct socket *socket, uint16_t flags, uint32_t *fd);

/* What is to be checked wherever something is received: the descriptor, flags of WASI_RIFLAG_*, the
 * iovecs, and where size and flags go. Returns an errno. */
uint32_t sock_check_receive(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			    uint32_t flags_out, struct descriptor **descriptor);

/* Receiving, with `flags` of WASI_RIFLAG_*; *out_flags gets WASI_ROFLAG_*, and *sender, if
 * it is not NULL, a datagram's. Sending, to `to` or to whom it is connected (NULL). The
 * iovecs were checked. Both return an errno and wait unless the descriptor says not to. */
uint32_t sock_receive(struct descriptor *descriptor, uint32_t iovecs, uint32_t count, uint32_t flags,
		      uint32_t *size, uint16_t *out_flags, struct socket_address *sender);
uint32_t sock_transmit(struct descriptor *descriptor, uint32_t iovecs, uint32_t count,
		       const struct socket_address *to, uint32_t *size);

/* Waits for a client. Returns an errno. */
uint32_t sock_accept(uint32_t fd, uint16_t flags, uint32_t *accepted);

#endif
