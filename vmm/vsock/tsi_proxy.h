/* TSI: the guest's sockets as sockets of the host; abi/tsi.h has the messages, docs/net.md
 * the protocol. Each socket of the guest that the host has a part in is a struct vsock_conn
 * with a struct tsi_proxy, known by the guest's port and TSI_STREAM_PORT. Policy is checked
 * here, whatever the guest believes.
 *
 * A stream's proxy becomes an ordinary connection when the guest asks for it after CONNECT;
 * a listener's clients are connections of their own. */
#ifndef WALNUT_VMM_VSOCK_TSI_PROXY_H
#define WALNUT_VMM_VSOCK_TSI_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vsock/listener.h"
#include "vsock/policy.h"

#include "tsi.h"

struct vsock_conn;
struct vsock_header;
struct vsock_hub;

enum tsi_state {
	TSI_NEW,
	TSI_CONNECTING,
	TSI_CONNECTED, /* until the guest asks for the connection */
	TSI_LISTENING,
	TSI_DGRAM,
};

/* To whom a published datagram socket may answer: those it heard from, as far as they fit. */
#define TSI_PEERS 1024u

struct tsi_proxy {
	enum tsi_state state;
	uint16_t type;
	struct vsock_listener listener;
	unsigned tickets;    /* clients that the guest may still ask for by ACCEPT */
	uint32_t reply_port; /* CONNECT's or ACCEPT's reply is due; 0: none is */
	enum tsi_port reply_to;
	int32_t reply;
	bool reply_ready;
	union net_address sendto; /* of SENDTO_ADDRESS; family 0: none */
	union net_address *peers; /* TSI_PEERS of them, or NULL */
};

/* A datagram to one of TSI's ports. */
void tsi_datagram(struct vsock_hub *hub, const struct vsock_header *header, const struct iovec *payload,
		  unsigned count);

/* For connections in the state PROXY: a packet of the stream (false: the guest is wrong), the
 * host's news, packets for the guest. */
bool tsi_stream_packet(struct vsock_hub *hub, struct vsock_conn *conn, const struct vsock_header *header);
void tsi_events(struct vsock_hub *hub, struct vsock_conn *conn, uint32_t events);
bool tsi_has_packet(const struct vsock_conn *conn);
size_t tsi_make_packet(struct vsock_hub *hub, struct vsock_conn *conn, const struct iovec *iov, unsigned count);

/* The guest answered a client of the proxy's listener. */
void tsi_client_answered(struct vsock_hub *hub, struct vsock_conn *conn);

/* Replies to one question whose name was looked up. False: there was none. */
bool tsi_resolved(struct vsock_hub *hub);

/* Frees the proxy; the connection is on its way out. */
void tsi_close(struct vsock_hub *hub, struct vsock_conn *conn);

/* For tsi_udp.c. */
struct vsock_conn *tsi_find(struct vsock_hub *hub, uint32_t svm_port, uint16_t type);
int tsi_open_socket(struct vsock_hub *hub, struct vsock_conn *conn, uint16_t family);
void tsi_reply(struct vsock_hub *hub, const struct vsock_header *to, const void *data, uint32_t size);
void tsi_reply_result(struct vsock_hub *hub, const struct vsock_header *to, int result);
void tsi_reply_name(struct vsock_hub *hub, const struct vsock_header *to, int result,
		    const union net_address *name);
size_t tsi_write_packet(const struct iovec *iov, unsigned count, uint32_t from_port, uint32_t to_port,
			const void *data, uint32_t size);

/* Datagram sockets: tsi_udp.c. */
void tsi_udp_bind(struct vsock_hub *hub, const struct vsock_header *header, const struct tsi_to_address *to);
void tsi_udp_connect(struct vsock_hub *hub, const struct vsock_header *header, struct vsock_conn *conn,
		     const union net_address *to);
void tsi_udp_send(struct vsock_hub *hub, const struct vsock_header *header, const struct tsi_datagram *to,
		  const struct iovec *payload, unsigned count);
void tsi_udp_set_address(struct vsock_hub *hub, const struct tsi_to_address *to);
void tsi_udp_send_to_address(struct vsock_hub *hub, const struct vsock_header *header,
			     const struct iovec *payload, unsigned count);
void tsi_udp_send_connected(struct vsock_hub *hub, const struct vsock_header *header,
			    const struct iovec *payload, unsigned count);
size_t tsi_udp_receive(struct vsock_hub *hub, struct vsock_conn *conn, const struct iovec *iov, unsigned count);

#endif
