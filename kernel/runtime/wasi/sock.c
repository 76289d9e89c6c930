/* sock_*: preview 1's four functions. */
#include "wasi/sock.h"

#include "net/linux_errno.h"
#include "wasi/guest.h"

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

uint32_t wasi_sock_recv(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			uint32_t flags_out)
{
	struct descriptor *descriptor;
	uint32_t error, total, done;
	uint16_t done_flags;
	uint8_t *to;

	if (!sock_get(fd, &descriptor, &error))
		return error;
	if (flags & ~(WASI_RIFLAG_PEEK | WASI_RIFLAG_WAITALL))
		return WASI_EINVAL;
	error = guest_check_iovecs(iovecs, count, &total);
	if (error)
		return error;
	if (!guest_range(size, sizeof(uint32_t), &to) || !guest_range(flags_out, sizeof(uint16_t), &to))
		return WASI_EFAULT;
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
