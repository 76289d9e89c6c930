/* sock_*: preview 1's four functions. None of them makes a listener: a program finds its
 * listeners open. Each is TCP, IPv4, at all addresses as far as the VMM lets it appear there. */
#include "wasi/sock.h"

#include "exit.h"
#include "lib/string.h"
#include "lib/text.h"
#include "net/network.h"
#include "net/linux_errno.h"
#include "wasi/guest.h"
#include "wasi/sock_preopen.h"

#define BACKLOG 1024

WASI_EXPORT(sock_accept, uint32_t fd, uint32_t flags, uint32_t accepted);
WASI_EXPORT(sock_recv, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
	    uint32_t flags_out);
WASI_EXPORT(sock_send, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size);
WASI_EXPORT(sock_shutdown, uint32_t fd, uint32_t how);

uint32_t wasi_sock_accept(uint32_t fd, uint32_t flags, uint32_t accepted)
{
	uint32_t error, new_fd;
	uint8_t *to;

	if (flags & ~WASI_FDFLAG_NONBLOCK)
		return WASI_EINVAL;
	if (!guest_range(accepted, sizeof(new_fd), &to))
		return WASI_EFAULT;
	error = sock_accept(fd, (uint16_t)flags, &new_fd);
	if (!error)
		guest_write_u32(accepted, new_fd);
	return error;
}

uint32_t sock_check_receive(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			    uint32_t flags_out, struct descriptor **descriptor)
{
	uint32_t error, total;
	uint8_t *to;

	if (!sock_get(fd, descriptor, &error))
		return error;
	if (flags & ~(WASI_RIFLAG_PEEK | WASI_RIFLAG_WAITALL))
		return WASI_EINVAL;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	return guest_range(size, sizeof(uint32_t), &to) && guest_range(flags_out, sizeof(uint16_t), &to) ?
		       WASI_SUCCESS : WASI_EFAULT;
}

uint32_t wasi_sock_recv(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			uint32_t flags_out)
{
	struct descriptor *descriptor;
	uint32_t error = sock_check_receive(fd, iovecs, count, flags, size, flags_out, &descriptor);
	uint16_t done_flags;
	uint32_t done;

	if (!error)
		error = sock_receive(descriptor, iovecs, count, flags, &done, &done_flags, NULL);
	if (error)
		return error;
	guest_write_u32(size, done);
	guest_write(flags_out, &done_flags, sizeof(done_flags));
	return WASI_SUCCESS;
}

uint32_t wasi_sock_send(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size)
{
	struct descriptor *descriptor;
	uint32_t error, total, done;
	uint8_t *to;

	if (!sock_get(fd, &descriptor, &error))
		return error;
	if (flags)
		return WASI_EINVAL;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &to))
		return WASI_EFAULT;
	error = sock_transmit(descriptor, iovecs, count, NULL, &done);
	if (!error)
		guest_write_u32(size, done);
	return error;
}

uint32_t wasi_sock_shutdown(uint32_t fd, uint32_t how)
{
	struct descriptor *descriptor;
	uint32_t error;
	struct socket *socket = sock_get(fd, &descriptor, &error);

	if (!socket)
		return error;
	if (!how || (how & ~(WASI_SDFLAG_RECEIVE | WASI_SDFLAG_SEND)))
		return WASI_EINVAL;
	/* The bits are the same on the wire. */
	return linux_errno_to_wasi(socket_shutdown(socket, (uint8_t)how));
}

_Noreturn static void fail(struct cmdline_word port, const char *why)
{
	char buffer[128];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "cannot listen on port ");
	text_bytes(&text, port.text, port.size);
	text_string(&text, why);
	runtime_fail(buffer, text.used);
}

static void open_listener(struct cmdline_word word)
{
	struct socket_address address = { .size = SOCKET_ADDRESS_INET, .bytes = { SOCKET_INET } };
	struct socket *socket;
	uint64_t port;
	uint32_t fd;

	if (!cmdline_number(word, false, &port) || port > UINT16_MAX)
		fail(word, ": not a port");
	if (!network_start() || !network_has(SOCKET_INET))
		fail(word, ": there is no network");
	address.bytes[2] = (uint8_t)(port >> 8);
	address.bytes[3] = (uint8_t)port;
	socket = network_open(SOCKET_INET, SOCKET_STREAM);
	if (!socket || socket_bind(socket, &address))
		fail(word, ": no memory");
	switch (socket_listen(socket, BACKLOG)) {
	case 0:
		break;
	case -LINUX_EADDRINUSE:
		fail(word, ": the port is in use");
	case -LINUX_EACCES:
		fail(word, ": that takes privileges here");
	default:
		fail(word, ": the host refused");
	}
	if (sock_add(socket, 0, &fd))
		fail(word, ": no memory");
}

void sock_preopen(struct cmdline_word ports)
{
	while (ports.size) {
		struct cmdline_word port = { ports.text, 0 };

		while (port.size < ports.size && ports.text[port.size] != ',')
			port.size++;
		open_listener(port);
		ports.text += port.size;
		ports.size -= port.size;
		if (ports.size) { /* the comma */
			ports.text++;
			ports.size--;
		}
	}
}
