/* All that a socket device has to do with the host: its connections, the ports that lead to
 * unix sockets, and one epoll instance for their descriptors. The queues are
 * virtio/vsock.c's, which hands packets in and takes packets out.
 *
 * The hub has an epoll instance of its own, nested in the device's loop, because a reset
 * by the guest closes connections on another thread than the loop's: what is waited for
 * is known by id, never by address. All calls are made with the device's lock held. */
#ifndef WALNUT_VMM_VSOCK_HUB_H
#define WALNUT_VMM_VSOCK_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vsock/conn.h"
#include "vsock/port.h"
#include "vsock/table.h"

struct failure;
struct vsock_config;

/* Answers to packets that belong to no connection. While so many wait for the guest's
 * buffers, no more of its packets are taken. */
#define VSOCK_REPLIES_MAX 256u

struct vsock_reply {
	struct vsock_header header;
	void *data; /* as much as the header says, or NULL */
};

struct vsock_hub {
	struct vsock_table table;
	struct vsock_conn *ready_first, *ready_last; /* those with a packet, in turn */
	struct vsock_reply replies[VSOCK_REPLIES_MAX];
	unsigned reply_first, reply_count;

	uint32_t conn_max;

	struct vsock_port *ports;
	unsigned port_count;
	uint32_t next_host_port; /* for connections that the host begins */
	bool open;
	bool guest_up;		 /* it has queues: connections may be offered to it */

	const struct net_policy *policy;
	struct resolver *resolver;
	bool tsi;      /* both sides have TSI */
	bool extended; /* and its extension */
	bool resolved; /* names were looked up */

	int epoll_fd;
	int timer_fd;
	bool timer_runs;
};

/* 0, or a negative errno and *failure. vsock_hub_close() is due in both cases, and accepts a
 * zeroed hub, too. */
int vsock_hub_open(struct vsock_hub *hub, const struct vsock_config *config, struct failure *failure);
void vsock_hub_close(struct vsock_hub *hub);

/* Ends all connections; the guest is not told, it is new. */
void vsock_hub_reset(struct vsock_hub *hub);

/* Takes the news of the host's descriptors. */
void vsock_hub_turn(struct vsock_hub *hub);

/* The guest can be offered connections from now on, and has agreed to these features. */
void vsock_hub_guest_up(struct vsock_hub *hub, uint64_t features);

/* A packet from the guest, with as much payload as the header says. */
void vsock_hub_packet(struct vsock_hub *hub, const struct vsock_header *header, const struct iovec *payload,
		      unsigned count);

/* Whether the hub takes another packet from the guest now. */
static inline bool vsock_hub_has_room(const struct vsock_hub *hub)
{
	return hub->reply_count < VSOCK_REPLIES_MAX;
}

/* Whether the guest should be sent something. */
static inline bool vsock_hub_has_packet(const struct vsock_hub *hub)
{
	return hub->reply_count > 0 || hub->ready_first || hub->resolved;
}

/* Makes the next packet for the guest, from each connection in turn, in a buffer with room
 * for more than a header. Returns its size; 0: there is none. */
size_t vsock_hub_make_packet(struct vsock_hub *hub, const struct iovec *iov, unsigned count);

/* Drops answers that the guest has not taken. */
void vsock_hub_forget_replies(struct vsock_hub *hub);

/* Waits, within limits, until the host has taken what the guest sent. */
void vsock_hub_drain(struct vsock_hub *hub);

/* The rest is for what makes connections. */

/* A new connection, without a socket yet. NULL: too many, or out of memory. */
struct vsock_conn *vsock_hub_add(struct vsock_hub *hub, uint32_t guest_port, uint32_t host_port);

/* Gives the connection its socket, which is closed if that fails (a negative errno). */
int vsock_hub_watch(struct vsock_hub *hub, struct vsock_conn *conn, int fd);

/* Both at once; the socket is closed when there is no connection (NULL). */
struct vsock_conn *vsock_hub_connect(struct vsock_hub *hub, uint32_t guest_port, uint32_t host_port, int fd);

/* Ends and frees a connection, without a word to the guest. */
void vsock_hub_drop(struct vsock_hub *hub, struct vsock_conn *conn, bool abort);

/* In answer to a packet: a packet with data. */
void vsock_hub_reply(struct vsock_hub *hub, const struct vsock_header *header, const void *data);

/* A number for the host's end that no connection has. */
uint32_t vsock_hub_free_port(struct vsock_hub *hub, uint32_t guest_port);

/* The connection may have something for the guest now. */
void vsock_hub_news(struct vsock_hub *hub, struct vsock_conn *conn);

/* Wakes the hub up in a moment: something failed for lack of descriptors or the like. */
void vsock_hub_retry_later(struct vsock_hub *hub);

#endif
