/* sock_getsockopt and sock_setsockopt. */
#include "lib/string.h"
#include "net/linux_errno.h"
#include "wasi/guest.h"
#include "wasi/sock.h"
#include "wasi/wasmedge.h"

WASI_EXPORT(sock_setsockopt, uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t size);
WASI_EXPORT(sock_getsockopt, uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t size);

#define NS_PER_S UINT64_C(1000000000)
#define BUFFER_SIZE (128u << 10)

enum wasmedge_option {
	OPTION_REUSEADDR = 0,
	OPTION_TYPE = 1,
	OPTION_ERROR = 2,
	OPTION_DONTROUTE = 3,
	OPTION_BROADCAST = 4,
	OPTION_SNDBUF = 5,
	OPTION_RCVBUF = 6,
	OPTION_KEEPALIVE = 7,
	OPTION_OOBINLINE = 8,
	OPTION_LINGER = 9,
	OPTION_RCVLOWAT = 10,
	OPTION_RCVTIMEO = 11,
	OPTION_SNDTIMEO = 12,
	OPTION_ACCEPTCONN = 13,
};

/* What the host's socket does anyway (addresses are reused), or what makes no difference to
 * the bytes: it is remembered and read back. */
static bool is_remembered(uint32_t option)
{
	return option == OPTION_REUSEADDR || option == OPTION_KEEPALIVE || option == OPTION_SNDBUF ||
	       option == OPTION_RCVBUF;
}

static uint32_t set_timeout(uint64_t *timeout_ns, uint32_t value, uint32_t size)
{
	struct { int64_t seconds, microseconds; } time;

	if (size != sizeof(time))
		return WASI_EINVAL;
	if (!guest_read(value, &time, sizeof(time)))
		return WASI_EFAULT;
	if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1000000)
		return WASI_EINVAL;
	if ((uint64_t)time.seconds > UINT32_MAX)
		time.seconds = 0; /* a century: for ever */
	*timeout_ns = (uint64_t)time.seconds * NS_PER_S + (uint64_t)time.microseconds * 1000;
	return WASI_SUCCESS;
}

uint32_t wasi_sock_setsockopt(uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t size)
{
	struct descriptor *descriptor;
	uint32_t error, flag;
	struct socket *socket = sock_get(fd, &descriptor, &error);

	if (!socket)
		return error;
	if (level != 0)
		return WASI_ENOPROTOOPT;
	if (name == OPTION_RCVTIMEO)
		return set_timeout(&socket->receive_timeout_ns, value, size);
	if (name == OPTION_SNDTIMEO)
		return set_timeout(&socket->send_timeout_ns, value, size);
	if (!is_remembered(name))
		return WASI_ENOPROTOOPT;
	if (size != sizeof(flag))
		return WASI_EINVAL;
	if (!guest_read(value, &flag, sizeof(flag)))
		return WASI_EFAULT;
	socket->options = flag ? socket->options | 1u << name : socket->options & ~(1u << name);
	return WASI_SUCCESS;
}

static uint32_t put_timeout(uint64_t timeout_ns, uint32_t value, uint32_t size, uint32_t given)
{
	struct { int64_t seconds, microseconds; } time = {
		(int64_t)(timeout_ns / NS_PER_S), (int64_t)(timeout_ns % NS_PER_S / 1000),
	};

	if (given < sizeof(time))
		return WASI_EINVAL;
	return guest_write(value, &time, sizeof(time)) && guest_write_u32(size, sizeof(time)) ? WASI_SUCCESS
											      : WASI_EFAULT;
}

uint32_t wasi_sock_getsockopt(uint32_t fd, uint32_t level, uint32_t name, uint32_t value, uint32_t size)
{
	struct descriptor *descriptor;
	uint32_t error, given, result;
	struct socket *socket = sock_get(fd, &descriptor, &error);

	if (!socket)
		return error;
	if (level != 0)
		return WASI_ENOPROTOOPT;
	if (!guest_read(size, &given, sizeof(given)))
		return WASI_EFAULT;
	switch (name) {
	case OPTION_TYPE:
		result = socket->type == SOCKET_STREAM ? WASMEDGE_STREAM : WASMEDGE_DGRAM;
		break;
	case OPTION_ERROR:
		result = linux_errno_to_wasi(socket_take_error(socket));
		break;
	case OPTION_ACCEPTCONN:
		result = socket->state == SOCKET_LISTENING;
		break;
	case OPTION_SNDBUF:
	case OPTION_RCVBUF:
		result = BUFFER_SIZE;
		break;
	case OPTION_RCVTIMEO:
		return put_timeout(socket->receive_timeout_ns, value, size, given);
	case OPTION_SNDTIMEO:
		return put_timeout(socket->send_timeout_ns, value, size, given);
	default:
		if (!is_remembered(name))
			return WASI_ENOPROTOOPT;
		result = socket->options >> name & 1;
	}
	if (given < sizeof(result))
		return WASI_EINVAL;
	return guest_write_u32(value, result) && guest_write_u32(size, sizeof(result)) ? WASI_SUCCESS : WASI_EFAULT;
}
