/* TSI's messages from a socket to the host. Those with a result wait for it: the host
 * answers at once, or the machine does not go on. */
#ifndef WALNUT_RUNTIME_NET_REQUEST_H
#define WALNUT_RUNTIME_NET_REQUEST_H

#include "net/tsi/socket.h"

/* All return 0 or a negative errno of Linux's. */
int32_t request_bind(struct tsi_socket *socket, const struct socket_address *address);
int32_t request_listen(struct tsi_socket *socket);
int32_t request_connect_dgram(struct tsi_socket *socket, const struct socket_address *address);
int32_t request_name(struct tsi_socket *socket, bool peer, struct socket_address *name);

/* The addresses of a name, at most TSI_RESOLVED_MAX; *count tells how many. family: 0: any. */
int32_t request_resolve(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			uint32_t *count);

/* The result comes to tsi_packet(). */
void request_connect(struct tsi_socket *socket, const struct socket_address *address);

void request_release(struct tsi_socket *socket);

/* Whether the datagram was a result that is waited for. */
bool request_reply(const struct vsock_header *header, const uint8_t *data);

#endif
