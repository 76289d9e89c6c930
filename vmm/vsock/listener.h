/* A listening socket of the host whose clients become connections to a port of the guest. */
#ifndef WALNUT_VMM_VSOCK_LISTENER_H
#define WALNUT_VMM_VSOCK_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

struct vsock_conn;
struct vsock_hub;

struct vsock_listener {
	int fd; /* -1: it does not listen */
	uint32_t guest_port;
	bool readable;
	unsigned unanswered; /* clients offered to the guest and not answered */
	struct vsock_conn *owner; /* TSI's socket that it is, or NULL */
	unsigned limit;	     /* of them; more wait in the socket's backlog */
};

/* Takes waiting clients, as many as may be. */
void vsock_listener_accept(struct vsock_listener *listener, struct vsock_hub *hub);

/* Whether clients wait that could not be taken for want of descriptors or the like. */
bool vsock_listener_is_stuck(const struct vsock_listener *listener);

#endif
