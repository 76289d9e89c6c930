/* sock_*: what WasmEdge adds to preview 1. The second generation of its functions differs
 * in names, and in a few in parameters; the variants "%v1" are of the first. */
#include "wasi/wasmedge.h"

#include "net/network.h"
#include "net/linux_errno.h"
#include "wasi/guest.h"
#include "wasi/sock.h"

#define FAMILY_V1_INET 4u
#define FAMILY_V1_INET6 6u

/* The same function under two names. */
#define ALIAS(other, name, ...) \
	uint32_t wasmedge_##other(__VA_ARGS__) __asm__("wasi_snapshot_preview1." #other) \
	__attribute__((alias("wasi_snapshot_preview1." #name)))

WASI_EXPORT(sock_open, uint32_t family, uint32_t type, uint32_t opened);
WASI_EXPORT(sock_bind, uint32_t fd, uint32_t address, uint32_t port);
WASI_EXPORT(sock_connect, uint32_t fd, uint32_t address, uint32_t port);
WASI_EXPORT(sock_listen, uint32_t fd, uint32_t backlog);
WASI_EXPORT(sock_accept_v2, uint32_t fd, uint32_t flags, uint32_t accepted);
WASI_EXPORT(sock_recv_v2, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
	    uint32_t flags_out);
WASI_EXPORT(sock_send_v2, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size);
WASI_EXPORT(sock_recv_from, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t flags,
	    uint32_t port, uint32_t size, uint32_t flags_out);
WASI_EXPORT(sock_send_to, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t port,
	    uint32_t flags, uint32_t size);
WASI_EXPORT(sock_getlocaladdr, uint32_t fd, uint32_t address, uint32_t type, uint32_t port);
WASI_EXPORT(sock_getpeeraddr, uint32_t fd, uint32_t address, uint32_t type, uint32_t port);
WASI_EXPORT(sock_getlocaladdr_v2, uint32_t fd, uint32_t address, uint32_t port);
WASI_EXPORT(sock_getpeeraddr_v2, uint32_t fd, uint32_t address, uint32_t port);
uint32_t wasi_sock_accept_v1(uint32_t fd, uint32_t accepted) __asm__("wasi_snapshot_preview1.sock_accept%v1");
uint32_t wasi_sock_recv_from_v1(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t flags,
				uint32_t size, uint32_t flags_out)
	__asm__("wasi_snapshot_preview1.sock_recv_from%v1");

/* Preview 1's, in sock.c. */
WASI_EXPORT(sock_accept, uint32_t fd, uint32_t flags, uint32_t accepted);
WASI_EXPORT(sock_recv, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
	    uint32_t flags_out);
WASI_EXPORT(sock_send, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size);

uint32_t wasi_sock_open(uint32_t family, uint32_t type, uint32_t opened)
{
	uint16_t of = family == WASMEDGE_VSOCK ? SOCKET_VSOCK : family == WASMEDGE_INET6 ? SOCKET_INET6 : SOCKET_INET;
	struct socket *socket;
	uint32_t fd, error;
	uint8_t *to;

	if ((family != WASMEDGE_INET && family != WASMEDGE_INET6 && family != WASMEDGE_VSOCK) ||
	    (type != WASMEDGE_DGRAM && type != WASMEDGE_STREAM))
		return WASI_EINVAL;
	if (family == WASMEDGE_VSOCK && type == WASMEDGE_DGRAM)
		return WASI_EPROTONOSUPPORT;
	if (!guest_range(opened, sizeof(fd), &to))
		return WASI_EFAULT;
	/* No device: the VMM was told to allow nothing. */
	if (!network_start() || !network_has(of))
		return WASI_EACCES;
	socket = network_open(of, type == WASMEDGE_STREAM ? SOCKET_STREAM : SOCKET_DATAGRAM);
	if (!socket)
		return WASI_ENOMEM;
	error = sock_add(socket, 0, &fd);
	if (!error)
		guest_write_u32(opened, fd);
	return error;
}

/* The arguments that most functions begin with. */
static uint32_t get_with_address(uint32_t fd, uint32_t pointer, uint32_t port, struct descriptor **descriptor,
				 struct socket **socket, struct socket_address *address)
{
	uint32_t error;

	*socket = sock_get(fd, descriptor, &error);
	if (!*socket)
		return error;
	return wasmedge_get_address(pointer, (*socket)->family, port, address);
}

uint32_t wasi_sock_bind(uint32_t fd, uint32_t pointer, uint32_t port)
{
	struct socket_address address;
	struct descriptor *descriptor;
	struct socket *socket;
	uint32_t error = get_with_address(fd, pointer, port, &descriptor, &socket, &address);

	return error ? error : linux_errno_to_wasi(socket_bind(socket, &address));
}

uint32_t wasi_sock_connect(uint32_t fd, uint32_t pointer, uint32_t port)
{
	struct socket_address address;
	struct descriptor *descriptor;
	struct socket *socket;
	uint32_t error = get_with_address(fd, pointer, port, &descriptor, &socket, &address);
	int32_t result;

	if (error)
		return error;
	result = socket_connect(socket, &address);
	if (result != -LINUX_EINPROGRESS || (descriptor->flags & WASI_FDFLAG_NONBLOCK))
		return linux_errno_to_wasi(result);
	while (socket->state == SOCKET_CONNECTING) {
		if (!network_poll())
			network_wait(UINT64_MAX);
	}
	return linux_errno_to_wasi(socket_take_error(socket));
}

uint32_t wasi_sock_listen(uint32_t fd, uint32_t backlog)
{
	struct descriptor *descriptor;
	uint32_t error;
	struct socket *socket = sock_get(fd, &descriptor, &error);

	return socket ? linux_errno_to_wasi(socket_listen(socket, backlog)) : error;
}

uint32_t wasi_sock_accept_v1(uint32_t fd, uint32_t accepted)
{
	return wasi_sock_accept(fd, 0, accepted);
}

uint32_t wasi_sock_accept_v2(uint32_t fd, uint32_t flags, uint32_t accepted)
{
	return wasi_sock_accept(fd, flags, accepted);
}

uint32_t wasi_sock_recv_v2(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			   uint32_t flags_out)
{
	return wasi_sock_recv(fd, iovecs, count, flags, size, flags_out);
}

uint32_t wasi_sock_send_v2(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size)
{
	return wasi_sock_send(fd, iovecs, count, flags, size);
}

/* `port` 0: not wanted. Nothing of the program's begins at 0 but what it chose to put there. */
static uint32_t receive_from(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t flags,
			     bool with_port, uint32_t port, uint32_t size, uint32_t flags_out)
{
	struct descriptor *descriptor;
	uint32_t error = sock_check_receive(fd, iovecs, count, flags, size, flags_out, &descriptor);
	struct socket_address sender;
	uint16_t done_flags;
	uint32_t done;
	uint8_t *to;

	if (error)
		return error;
	if (!guest_range(address, sizeof(struct wasmedge_address), &to) ||
	    (with_port && !guest_range(port, sizeof(uint32_t), &to)))
		return WASI_EFAULT;
	error = sock_receive(descriptor, iovecs, count, flags, &done, &done_flags, &sender);
	if (!error && sender.size)
		error = wasmedge_put_address(address, &sender);
	if (error)
		return error;
	if (with_port)
		guest_write_u32(port, sender.size ? wasmedge_port(&sender) : 0);
	guest_write_u32(size, done);
	guest_write(flags_out, &done_flags, sizeof(done_flags));
	return WASI_SUCCESS;
}

uint32_t wasi_sock_recv_from(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t flags,
			     uint32_t port, uint32_t size, uint32_t flags_out)
{
	return receive_from(fd, iovecs, count, address, flags, true, port, size, flags_out);
}

uint32_t wasi_sock_recv_from_v1(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address, uint32_t flags,
				uint32_t size, uint32_t flags_out)
{
	return receive_from(fd, iovecs, count, address, flags, false, 0, size, flags_out);
}

uint32_t wasi_sock_send_to(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t pointer, uint32_t port,
			   uint32_t flags, uint32_t size)
{
	struct socket_address address;
	struct descriptor *descriptor;
	struct socket *socket;
	uint32_t error = get_with_address(fd, pointer, port, &descriptor, &socket, &address), total, done;
	uint8_t *to;

	if (error)
		return error;
	if (flags)
		return WASI_EINVAL;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	error = sock_transmit(descriptor, iovecs, count, &address, &done);
	if (!error)
		guest_write_u32(size, done);
	return error;
}

static uint32_t get_name(uint32_t fd, bool peer, uint32_t pointer, uint32_t port, struct socket_address *name)
{
	struct descriptor *descriptor;
	uint32_t error;
	struct socket *socket = sock_get(fd, &descriptor, &error);
	uint8_t *to;

	if (!socket)
		return error;
	if (!guest_range(port, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	error = linux_errno_to_wasi(socket_name(socket, peer, name));
	if (!error)
		error = wasmedge_put_address(pointer, name);
	if (!error)
		guest_write_u32(port, wasmedge_port(name));
	return error;
}

static uint32_t get_name_v1(uint32_t fd, bool peer, uint32_t pointer, uint32_t type, uint32_t port)
{
	struct socket_address name;
	uint32_t error;
	uint8_t *to;

	if (!guest_range(type, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	error = get_name(fd, peer, pointer, port, &name);
	if (!error)
		guest_write_u32(type, wasmedge_is_inet6(&name) ? FAMILY_V1_INET6 : FAMILY_V1_INET);
	return error;
}

uint32_t wasi_sock_getlocaladdr(uint32_t fd, uint32_t address, uint32_t type, uint32_t port)
{
	return get_name_v1(fd, false, address, type, port);
}

uint32_t wasi_sock_getpeeraddr(uint32_t fd, uint32_t address, uint32_t type, uint32_t port)
{
	return get_name_v1(fd, true, address, type, port);
}

uint32_t wasi_sock_getlocaladdr_v2(uint32_t fd, uint32_t address, uint32_t port)
{
	struct socket_address name;

	return get_name(fd, false, address, port, &name);
}

uint32_t wasi_sock_getpeeraddr_v2(uint32_t fd, uint32_t address, uint32_t port)
{
	struct socket_address name;

	return get_name(fd, true, address, port, &name);
}

ALIAS(sock_open_v2, sock_open, uint32_t family, uint32_t type, uint32_t opened);
ALIAS(sock_bind_v2, sock_bind, uint32_t fd, uint32_t address, uint32_t port);
ALIAS(sock_connect_v2, sock_connect, uint32_t fd, uint32_t address, uint32_t port);
ALIAS(sock_listen_v2, sock_listen, uint32_t fd, uint32_t backlog);
ALIAS(sock_recv_from_v2, sock_recv_from, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address,
      uint32_t flags, uint32_t port, uint32_t size, uint32_t flags_out);
ALIAS(sock_send_to_v2, sock_send_to, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t address,
      uint32_t port, uint32_t flags, uint32_t size);
