/* Unix sockets. A connect() to one whose listener has a full backlog fails with EAGAIN
 * instead of being in progress, and nothing tells when it would not: hence the tries. */
#include "vsock/port.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"

static int address(const struct vsock_port *port, struct sockaddr_un *to)
{
	size_t size = strlen(port->path);

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (size >= sizeof(to->sun_path))
		return -ENAMETOOLONG;
	memcpy(to->sun_path, port->path, size);
	return 0;
}

static int listen_at(struct vsock_port *port, int epoll_fd, uint64_t cookie)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = cookie };
	struct sockaddr_un to;
	int error = address(port, &to);
	int fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		error = -errno;
		close(fd);
		return error;
	}
	port->listener.fd = fd; /* and the file is ours to remove */
	if (listen(fd, SOMAXCONN) != 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return -errno;
	return 0;
}

int vsock_port_open(struct vsock_port *port, int epoll_fd, uint64_t cookie, struct failure *failure)
{
	int error = port->listen ? listen_at(port, epoll_fd, cookie) : 0;

	if (error)
		return failure_errno(failure, error, "vsock port %u: cannot listen at %s", port->number, port->path);
	return 0;
}

void vsock_port_close(struct vsock_port *port)
{
	if (port->listener.fd < 0)
		return;
	close(port->listener.fd);
	unlink(port->path);
	port->listener.fd = -1;
}

int vsock_port_try_again(const struct vsock_port *port, int fd)
{
	struct sockaddr_un to;
	int error = address(port, &to);

	if (error)
		return error;
	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : -errno;
}

int vsock_port_connect(const struct vsock_port *port, bool *connected)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = vsock_port_try_again(port, fd);
	*connected = error == 0;
	if (error == 0 || error == -EAGAIN)
		return fd;
	close(fd);
	return error;
}
