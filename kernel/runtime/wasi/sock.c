/* sock_*: no descriptor is a socket. */
#include "wasi/descriptor.h"

WASI_EXPORT(sock_accept, uint32_t fd, uint32_t flags, uint32_t accepted);
WASI_EXPORT(sock_recv, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
	    uint32_t flags_out);
WASI_EXPORT(sock_send, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size);
WASI_EXPORT(sock_shutdown, uint32_t fd, uint32_t how);

static uint32_t refuse(uint32_t fd)
{
	return descriptor_get(fd) ? WASI_ENOTSOCK : WASI_EBADF;
}

uint32_t wasi_sock_accept(uint32_t fd, uint32_t flags, uint32_t accepted)
{
	return refuse(fd);
}

uint32_t wasi_sock_recv(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size,
			uint32_t flags_out)
{
	return refuse(fd);
}

uint32_t wasi_sock_send(uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags, uint32_t size)
{
	return refuse(fd);
}

uint32_t wasi_sock_shutdown(uint32_t fd, uint32_t how)
{
	return refuse(fd);
}
