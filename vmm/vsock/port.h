/* A port of the host's address that leads to a unix socket, in one of two directions: the
 * guest connects to the port and gets the socket at the path; or the host listens at the
 * path and every client becomes a connection to the guest's port. */
#ifndef WALNUT_VMM_VSOCK_PORT_H
#define WALNUT_VMM_VSOCK_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "vsock/listener.h"

struct failure;
/* Clients that were offered to the guest and not answered. */
#define VSOCK_PORT_UNANSWERED_MAX 128u

struct vsock_port {
	uint32_t number;
	const char *path; /* the configuration's */
	bool listen;
	struct vsock_listener listener;
};

/* Listens, where the port is of that kind; epoll's news for it carry `cookie`. 0, or a
 * negative errno and *failure. */
int vsock_port_open(struct vsock_port *port, int epoll_fd, uint64_t cookie, struct failure *failure);
void vsock_port_close(struct vsock_port *port);

/* A non-blocking socket on its way to the port's path: *connected tells whether it has arrived;
 * if not, vsock_port_try_again() is due some time later. Or a negative errno. */
int vsock_port_connect(const struct vsock_port *port, bool *connected);

/* 0: connected, -EAGAIN: not yet, or another negative errno. */
int vsock_port_try_again(const struct vsock_port *port, int fd);

#endif
