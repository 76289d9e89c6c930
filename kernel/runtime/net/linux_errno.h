/* The errnos that TSI speaks in: Linux's, by name, and as WASI's. */
#ifndef WALNUT_RUNTIME_LINUX_ERRNO_H
#define WALNUT_RUNTIME_LINUX_ERRNO_H

#include <stdint.h>

enum {
	LINUX_EPERM = 1,
	LINUX_EIO = 5,
	LINUX_ENOMEM = 12,
	LINUX_EACCES = 13,
	LINUX_EINVAL = 22,
	LINUX_EMSGSIZE = 90,
	LINUX_EDESTADDRREQ = 89,
	LINUX_EOPNOTSUPP = 95,
	LINUX_EAFNOSUPPORT = 97,
	LINUX_EADDRINUSE = 98,
	LINUX_ECONNRESET = 104,
	LINUX_EISCONN = 106,
	LINUX_ENOTCONN = 107,
	LINUX_ECONNREFUSED = 111,
	LINUX_EALREADY = 114,
	LINUX_EINPROGRESS = 115,
};

/* 0 or a negative errno of Linux's as WASI's; what WASI has no name for is EIO. */
uint32_t linux_errno_to_wasi(int32_t error);

#endif
