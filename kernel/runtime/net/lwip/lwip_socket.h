/* Sockets that lwIP's protocol control blocks are behind: TCP's in stream.c, UDP's in datagram.c. */
#ifndef WALNUT_RUNTIME_LWIP_SOCKET_H
#define WALNUT_RUNTIME_LWIP_SOCKET_H

#include "lwip/tcp.h"
#include "lwip/udp.h"

#include "net/socket.h"

struct lwip_socket {
	struct socket base;
	struct tcp_pcb *tcp; /* NULL: over, or none yet */
	struct udp_pcb *udp;
};

static inline struct lwip_socket *lwip_socket(struct socket *socket)
{
	return (struct lwip_socket *)socket;
}

extern const struct socket_ops stream_ops, datagram_ops;

/* NULL: out of memory. Freed by lwip_socket_free(), without what is behind it. */
struct lwip_socket *lwip_socket_make(const struct socket_ops *ops, uint16_t family, uint16_t type);
void lwip_socket_free(struct lwip_socket *socket);

/* Ends all connections, and waits until the other ends have what was sent, a few seconds at most. */
void stream_finish_all(void);

#endif
