/* The program's sockets: what all have in common. What they are made of is behind
 * socket_ops: sockets of the host (tsi/), or a TCP/IP stack's (lwip/). Nothing here waits
 * but for what is answered at once; wasi/ waits where the program wants to. Errors are
 * negative errnos of Linux's. */
#ifndef WALNUT_RUNTIME_SOCKET_H
#define WALNUT_RUNTIME_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/queue.h"

/* Linux's numbers and layouts: struct sockaddr_in, sockaddr_in6 and sockaddr_vm. */
#define SOCKET_INET 2u
#define SOCKET_INET6 10u
#define SOCKET_VSOCK 40u
#define SOCKET_STREAM 1u
#define SOCKET_DATAGRAM 2u
#define SOCKET_ADDRESS_INET 16u
#define SOCKET_ADDRESS_INET6 28u
#define SOCKET_ADDRESS_VSOCK 16u

struct socket_address {
	uint32_t size; /* SOCKET_ADDRESS_*; 0: none */
	uint8_t bytes[SOCKET_ADDRESS_INET6];
};

enum socket_state {
	SOCKET_NEW,
	SOCKET_CONNECTING,
	SOCKET_CONNECTED,
	SOCKET_LISTENING,
	SOCKET_WAITING,	   /* a client that was not accepted yet, nor answered */
	SOCKET_DGRAM,
	SOCKET_CLOSED,	   /* over; `error` says how */
};

/* Directions, seen from the end that has closed them. */
#define SOCKET_END_RECEIVE 1u
#define SOCKET_END_SEND 2u
#define SOCKET_END_BOTH 3u

struct socket_ops;

struct socket {
	const struct socket_ops *ops;
	enum socket_state state;
	uint16_t family, type;	/* SOCKET_INET and so on */
	uint8_t ended_there;	/* SOCKET_END_*: by the other end */
	uint8_t ended_here;
	int32_t error;		/* to be told once */
	struct socket_address local, remote;

	struct queue input;
	uint32_t window; /* the most that `input` of a stream holds */

	struct socket *clients, *last_client; /* LISTENING: to be accepted */
	uint32_t client_count, backlog;
	struct socket *client_next;

	/* loop.c's. */
	struct socket *loop_next;	     /* of those that can be reached */
	struct socket *loop_peer;	     /* a stream's other end; NULL: gone */
	const struct socket_ops *loop_below; /* its ops before */

	/* What the program has set. */
	uint32_t options; /* bits by option */
	uint64_t receive_timeout_ns, send_timeout_ns; /* 0: none */
};

/* State and types were checked before. */
struct socket_ops {
	/* The socket is the ops' from then on. */
	void (*close)(struct socket *socket);

	/* These return 0 or an error. bind and listen set `local`, connect `remote`; listen sets
	 * SOCKET_LISTENING. connect of a stream: -EINPROGRESS, then `state` tells. */
	int32_t (*bind)(struct socket *socket, const struct socket_address *address);
	int32_t (*listen)(struct socket *socket);
	int32_t (*connect)(struct socket *socket, const struct socket_address *address);
	int32_t (*shutdown)(struct socket *socket, uint8_t directions);
	int32_t (*name)(struct socket *socket, bool peer, struct socket_address *name);

	/* The client has left its listener's queue: it is the program's. */
	void (*accepted)(struct socket *listener, struct socket *client);

	/* So much has left `input`. */
	void (*consumed)(struct socket *socket, size_t size);

	/* Of a connected stream, and whether it would take anything; 0: nothing now. */
	size_t (*send)(struct socket *socket, const void *data, size_t size);
	bool (*can_send)(const struct socket *socket);

	/* `to` NULL: the connected one. */
	int32_t (*send_datagram)(struct socket *socket, const struct socket_address *to, const void *data,
				 size_t size);
};

void socket_close(struct socket *socket);
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

/* Hands on what can be taken now. 0: nothing. */
size_t socket_send(struct socket *socket, const void *data, size_t size);

/* One datagram; `to` NULL: the connected one. */
int32_t socket_send_datagram(struct socket *socket, const struct socket_address *to, const void *data,
			     size_t size);

/* The sender of the datagram that socket_peek() shows, whose data begins SOCKET_PREFIX bytes
 * in; socket_next_datagram() takes it away. */
#define SOCKET_PREFIX sizeof(struct socket_address)
void socket_sender(struct socket *socket, struct socket_address *sender);
void socket_next_datagram(struct socket *socket);

/* Whether receiving or accepting (sending) would not wait, be it for an error or an end. */
bool socket_readable(const struct socket *socket);
bool socket_writable(const struct socket *socket);
bool socket_at_end(const struct socket *socket); /* nothing more will come */

/* Takes the error away. */
int32_t socket_take_error(struct socket *socket);

/* For the ops. A client joins its listener's queue. */
void socket_add_client(struct socket *listener, struct socket *client);

/* A datagram joins `input`, or is lost where there is no room. */
void socket_add_datagram(struct socket *socket, const struct socket_address *sender, const void *data,
			 size_t size);

/* No address, of the family. */
struct socket_address socket_any_address(uint16_t family);

#endif
