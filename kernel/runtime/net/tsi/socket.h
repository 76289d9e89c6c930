/* Sockets by TSI (abi/tsi.h): streams are vsock connections, listeners get theirs from the
 * host, datagram sockets talk in TSI's datagrams.
 *
 * The host is believed in nothing: packets for sockets that are not there, or not in the
 * state for them, or longer than was agreed, end the connection or are dropped. */
#ifndef WALNUT_RUNTIME_TSI_SOCKET_H
#define WALNUT_RUNTIME_TSI_SOCKET_H

#include "net/network.h"
#include "tsi.h"
#include "vsock.h"

_Static_assert(SOCKET_INET == TSI_FAMILY_INET && SOCKET_INET6 == TSI_FAMILY_INET6, "families");
_Static_assert(SOCKET_STREAM == TSI_SOCKET_STREAM && SOCKET_DATAGRAM == TSI_SOCKET_DGRAM, "types");
_Static_assert(SOCKET_ADDRESS_INET == TSI_ADDRESS_INET && SOCKET_ADDRESS_INET6 == TSI_ADDRESS_INET6, "addresses");
_Static_assert(SOCKET_END_RECEIVE == VSOCK_SHUTDOWN_RECEIVE && SOCKET_END_SEND == VSOCK_SHUTDOWN_SEND, "ends");
_Static_assert(NETWORK_ADDRESSES_MAX == TSI_RESOLVED_MAX && NETWORK_NAME_MAX == TSI_NAME_MAX, "names");

struct tsi_socket {
	struct socket base;
	struct tsi_socket *hash_next;
	uint32_t port, peer_port; /* vsock's */
	bool requested;		  /* CONNECTING: the host has; the stream is asked for */
	bool is_free;		  /* the program has closed it */
	bool has_proxy;		  /* the host knows of it */

	uint32_t received, told; /* received: taken by the program, told: to the host */
	uint32_t sent, host_window, host_forwarded;
	uint8_t pending; /* packets to be sent, see stream.c */
	bool pending_listed;
	struct tsi_socket *pending_next;

	struct socket_address allowed; /* DGRAM: where the host let us send last */
};

static inline struct tsi_socket *tsi_socket(struct socket *socket)
{
	return (struct tsi_socket *)socket;
}

/* Sockets of AF_VSOCK are streams, too, whose ports the program chooses: direct.c. */
extern const struct socket_ops direct_ops;

struct socket *tsi_open(uint16_t family, uint16_t type);
int32_t tsi_send_datagram(struct socket *socket, const struct socket_address *to, const void *data, size_t size);

/* For direct.c: gives the socket other ports (false: another socket has them), asks the host for the
 * connection, and the ops that are the same. */
bool stream_move(struct tsi_socket *socket, uint32_t port, uint32_t peer_port);
void stream_request(struct tsi_socket *socket);
void stream_close(struct socket *base);
int32_t stream_shutdown(struct socket *base, uint8_t directions);
void stream_accepted(struct socket *listener, struct socket *client);
void stream_consumed(struct socket *base, size_t size);
size_t stream_send(struct socket *base, const void *data, size_t size);
bool stream_can_send(const struct socket *base);

/* For the link: a packet from the host, and a moment to send what could not be. */
void tsi_packet(const struct vsock_header *header, const uint8_t *data);
void tsi_flush(void);

#endif
