/* One stream connection between a port of the guest and a socket of the host: virtio 1.2,
 * section 5.10.6. It knows the protocol's states and both directions' credit; finding it
 * by its ports is table.h's, the queues are virtio/vsock.c's.
 *
 *	CONNECTING  the guest asked for it, the host's socket is not connected yet
 *	REQUESTED   the host's side asked for it, the guest has not answered yet
 *	OPEN	    both agree; each direction ends on its own
 *	DEAD	    the guest is still to be told RST; nothing else moves
 *	PROXY	    no connection (yet): a socket of TSI's, see tsi_proxy.h
 *	LINGERING   over for the guest; the host has yet to take what the guest sent
 *
 * Nothing here waits. What the guest sends and the host's socket does not take is kept, at
 * most a window's worth; what the host sends stays in its socket until the guest has both
 * credit and a buffer, and is read straight into that buffer. */
#ifndef WALNUT_VMM_VSOCK_CONN_H
#define WALNUT_VMM_VSOCK_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vsock.h"

enum vsock_conn_state {
	VSOCK_CONN_CONNECTING,
	VSOCK_CONN_REQUESTED,
	VSOCK_CONN_OPEN,
	VSOCK_CONN_DEAD,
	VSOCK_CONN_LINGERING,
	VSOCK_CONN_PROXY,
};

/* Packets that the guest is to be sent, in the order they go out; data is between
 * CREDIT_UPDATE and SHUTDOWN. */
#define VSOCK_PENDING_REQUEST 0x01
#define VSOCK_PENDING_RESPONSE 0x02
#define VSOCK_PENDING_CREDIT_UPDATE 0x04
#define VSOCK_PENDING_SHUTDOWN 0x08
#define VSOCK_PENDING_CREDIT_REQUEST 0x10
#define VSOCK_PENDING_RST 0x20

/* What the guest sent and the host has not taken. No memory while empty. */
struct vsock_backlog {
	uint8_t *data;
	uint32_t start, size, capacity;
};

struct tsi_proxy;
struct vsock_listener;
struct vsock_port;

struct vsock_conn {
	/* The table's. */
	struct vsock_conn *hash_next;
	uint64_t id;
	uint32_t guest_port, host_port;

	/* The device's: a place in the line of those with something for the guest. */
	struct vsock_conn *ready_next, *ready_prev;
	bool ready;

	enum vsock_conn_state state;
	uint8_t pending;
	uint8_t ended_by_guest; /* VSOCK_SHUTDOWN_*, as the guest said */
	uint8_t ended_by_host;	/* the same, as the guest is told */

	int fd;
	bool readable, writable; /* as far as known: edges of epoll set them */
	bool hung_up;		 /* end of file is near: a short read is not the last */
	struct vsock_listener *listener; /* REQUESTED: where it came from */
	const struct vsock_port *port;	 /* CONNECTING: where it goes */
	struct tsi_proxy *proxy;	 /* NULL: TSI has nothing to do with it */

	uint32_t window;    /* our receive buffer, as the guest is told */
	uint32_t received;  /* bytes, modulo 2^32 as all counts here */
	uint32_t forwarded; /* of them: taken by the host's socket */
	uint32_t forwarded_told;
	uint32_t sent;
	uint32_t guest_window;
	uint32_t guest_forwarded;
	bool credit_requested;

	struct vsock_backlog backlog;
	uint32_t idle_ticks; /* LINGERING: since the host took something */
};

/* What has become of a connection. */
enum vsock_conn_fate {
	VSOCK_CONN_LIVES,
	VSOCK_CONN_ENDS,       /* to be removed; the guest knows */
	VSOCK_CONN_ENDS_RESET, /* to be removed; the guest gets an RST in answer to its packet */
	VSOCK_CONN_LINGERS,    /* the same, but the socket still has to take the backlog */
};

/* A packet from the guest, whose ports named this connection. The header is a private
 * copy, the payload lies in guest memory. */
enum vsock_conn_fate vsock_conn_packet(struct vsock_conn *conn, const struct vsock_header *header,
				       const struct iovec *payload, unsigned count);

/* The host's socket has news: EPOLLIN and so on. */
enum vsock_conn_fate vsock_conn_events(struct vsock_conn *conn, uint32_t events);

/* The socket is connected after all, or never will be. */
void vsock_conn_connected(struct vsock_conn *conn);
void vsock_conn_kill(struct vsock_conn *conn);

/* Whether there is a packet for the guest. */
bool vsock_conn_has_packet(const struct vsock_conn *conn);

/* Makes the next packet in the guest's buffers, which hold more than a header. Returns its
 * size; 0: there was none after all. */
size_t vsock_conn_make_packet(struct vsock_conn *conn, const struct iovec *iov, unsigned count);

/* True when nothing is left to do: the guest has its RST, or the host all data. */
bool vsock_conn_is_over(const struct vsock_conn *conn);

/* Closes the socket and frees the backlog. With `abort`, a TCP peer sees a reset. */
void vsock_conn_close(struct vsock_conn *conn, bool abort);

#endif
