/* The program's sockets, by TSI (abi/tsi.h): streams are vsock connections, listeners get
 * theirs from the host, datagram sockets talk in TSI's datagrams. Nothing here waits but
 * the requests that the host answers at once; wasi/ waits where the program wants to.
 *
 * The host is believed in nothing: packets for sockets that are not there, or not in the
 * state for them, or longer than was agreed, end the connection or are dropped. */
#ifndef WALNUT_RUNTIME_SOCKET_H
#define WALNUT_RUNTIME_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/queue.h"
#include "tsi.h"
#include "vsock.h"

/* As struct sockaddr_in and sockaddr_in6 of Linux: what TSI sends. */
struct socket_address {
	uint32_t size; /* TSI_ADDRESS_INET or _INET6; 0: none */
	uint8_t bytes[TSI_ADDRESS_INET6];
};

enum socket_state {
	SOCKET_NEW,
	SOCKET_CONNECTING, /* the host is asked to connect */
	SOCKET_REQUESTED,  /* it has; the stream is asked for */
	SOCKET_CONNECTED,
	SOCKET_LISTENING,
	SOCKET_WAITING,	   /* a client that was not accepted yet, nor answered */
	SOCKET_DGRAM,
	SOCKET_CLOSED,	   /* over; `error` says how */
};

struct socket {
	struct socket *hash_next;
	uint32_t port, peer_port; /* vsock's */
	enum socket_state state;
	uint16_t family, type; /* TSI_FAMILY_*, TSI_SOCKET_* */
	bool is_free;	       /* the program has closed it */
	bool has_proxy;	       /* the host knows of it */
	bool connected_dgram;
	uint8_t ended_by_host; /* VSOCK_SHUTDOWN_* */
	uint8_t ended_here;
	int32_t error; /* a negative errno of Linux's, to be told once */
	struct socket_address local, remote;

	struct queue input;
	uint32_t window, received, told; /* received: taken by the program, told: to the host */
	uint32_t sent, host_window, host_forwarded;
	uint8_t pending; /* packets to be sent, see socket.c */
	struct socket *pending_next;
	bool pending_listed;

	struct socket *clients, *last_client; /* LISTENING: to be accepted */
	uint32_t client_count, answered_count, backlog;
	struct socket *client_next;

	/* What the program has set. */
	uint32_t options; /* bits by option */
	uint64_t receive_timeout_ns, send_timeout_ns; /* 0: none */
	struct socket_address allowed; /* DGRAM: where the host let us send last */
};

/* NULL: out of memory. */
struct socket *socket_open(uint16_t family, uint16_t type);
void socket_close(struct socket *socket);

/* These return 0 or a negative errno of Linux's. connect: -EINPROGRESS, then see `state`. */
int32_t socket_bind(struct socket *socket, const struct socket_address *address);
int32_t socket_listen(struct socket *socket, uint32_t backlog);
int32_t socket_connect(struct socket *socket, const struct socket_address *address);
int32_t socket_shutdown(struct socket *socket, uint8_t directions);
int32_t socket_name(struct socket *socket, bool peer, struct socket_address *name);

/* The next client, or NULL. */
struct socket *socket_accept(struct socket *listener);

/* Takes what has arrived, from the `skip`th byte on; 0: nothing, see socket_readable(). */
size_t socket_peek(struct socket *socket, size_t skip, void *data, size_t size);
void socket_consume(struct socket *socket, size_t size);

/* Hands on what the host takes now. 0: nothing. */
size_t socket_send(struct socket *socket, const void *data, size_t size);

/* One datagram; `to` NULL: the connected one. */
int32_t socket_send_datagram(struct socket *socket, const struct socket_address *to, const void *data,
			     size_t size);

/* The sender of the datagram that socket_peek() shows, whose data begins SOCKET_PREFIX bytes
 * in; socket_next_datagram() takes it away. */
#define SOCKET_PREFIX sizeof(struct tsi_datagram)
void socket_sender(struct socket *socket, struct socket_address *sender);
void socket_next_datagram(struct socket *socket);

/* Whether receiving or accepting (sending) would not wait, be it for an error or an end. */
bool socket_readable(const struct socket *socket);
bool socket_writable(const struct socket *socket);
bool socket_at_end(const struct socket *socket); /* nothing more will come */

/* Takes the error away. */
int32_t socket_take_error(struct socket *socket);

/* For the link: a packet from the host, and a moment to send what could not be. */
void socket_packet(const struct vsock_header *header, const uint8_t *data);
void socket_flush(void);

#endif
