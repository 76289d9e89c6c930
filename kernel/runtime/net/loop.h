/* Sockets of the program that reach each other without the host, for networks that have no
 * loopback of their own: listeners and bound datagram sockets by their ports. */
#ifndef WALNUT_RUNTIME_LOOP_H
#define WALNUT_RUNTIME_LOOP_H

#include "net/socket.h"

/* The listener or datagram socket, whose `local` is set, can be reached from now on. Port 0
 * becomes one that is free here. 0, or -EADDRINUSE. */
int32_t loop_add(struct socket *socket);

/* Nothing if it was not added. Due before the socket goes. */
void loop_remove(struct socket *socket);

/* Whom the address leads to: one of this machine, and a port of a socket that was added. NULL:
 * nobody here. */
struct socket *loop_find(uint16_t type, const struct socket_address *to);

/* Connects a new stream; from then on its ops are this file's. 0 or a negative errno of Linux's. */
int32_t loop_connect(struct socket *socket, struct socket *listener, const struct socket_address *to);

/* The same for datagram sockets, whose ops stay. */
void loop_connect_datagram(struct socket *socket, const struct socket_address *to);
int32_t loop_send_datagram(struct socket *from, struct socket *target, const struct socket_address *to,
			   const void *data, size_t size);

#endif
