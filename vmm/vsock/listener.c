#include "vsock/listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vsock/hub.h"

bool vsock_listener_is_stuck(const struct vsock_listener *listener)
{
	return listener->fd >= 0 && listener->readable && listener->unanswered < listener->limit;
}

/* Offers one client to the guest. False: there is none, or no means to. */
static bool accept_one(struct vsock_listener *listener, struct vsock_hub *hub)
{
	struct vsock_conn *conn;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
		return true;
	if (fd < 0 && errno == EAGAIN) {
		listener->readable = false;
		return false;
	}
	if (fd < 0) { /* no descriptors, no memory */
		vsock_hub_retry_later(hub);
		return false;
	}
	conn = vsock_hub_connect(hub, listener->guest_port, vsock_hub_free_port(hub, listener->guest_port), fd);
	if (!conn)
		return true;
	conn->listener = listener;
	listener->unanswered++;
	conn->state = VSOCK_CONN_REQUESTED;
	conn->pending = VSOCK_PENDING_REQUEST;
	vsock_hub_news(hub, conn);
	return true;
}

void vsock_listener_accept(struct vsock_listener *listener, struct vsock_hub *hub)
{
	while (hub->guest_up && vsock_listener_is_stuck(listener)) {
		if (hub->table.count >= hub->conn_max) {
			vsock_hub_retry_later(hub);
			return;
		}
		if (!accept_one(listener, hub))
			return;
	}
}
