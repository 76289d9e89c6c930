/* WASI preview 1 ("wasi_snapshot_preview1"): numbers, layouts in linear memory, and
 * the names under which compiled code calls it. The interface is documented in
 * WebAssembly/WASI, legacy/preview1/docs.md. */
#ifndef WALNUT_RUNTIME_WASI_H
#define WALNUT_RUNTIME_WASI_H

#include <stdint.h>

/* Declares function `name` as the import that programs know; all return an errno. */
#define WASI_EXPORT(name, ...) \
	uint32_t wasi_##name(__VA_ARGS__) __asm__("wasi_snapshot_preview1." #name)

enum wasi_errno {
	WASI_SUCCESS = 0,
	WASI_E2BIG = 1,
	WASI_EACCES = 2,
	WASI_EAFNOSUPPORT = 5,
	WASI_EAGAIN = 6,
	WASI_EBADF = 8,
	WASI_EFAULT = 21,
	WASI_EINPROGRESS = 26,
	WASI_EINVAL = 28,
	WASI_EIO = 29,
	WASI_EMFILE = 33,
	WASI_ENOMEM = 48,
	WASI_ENOPROTOOPT = 50,
	WASI_ENOSYS = 52,
	WASI_ENOTCONN = 53,
	WASI_ENOTDIR = 54,
	WASI_ENOTSOCK = 57,
	WASI_ENOTSUP = 58,
	WASI_EPIPE = 64,
	WASI_EPROTONOSUPPORT = 66,
	WASI_ESPIPE = 70,
	WASI_ETIMEDOUT = 73,
	WASI_ENOTCAPABLE = 76,
	/* WasmEdge's, of getaddrinfo */
	WASI_EAIFAMILY = 81,
	WASI_EAIMEMORY = 82,
	WASI_EAINONAME = 84,
	WASI_EAISERVICE = 85,
};

enum wasi_clock {
	WASI_CLOCK_REALTIME = 0,
	WASI_CLOCK_MONOTONIC = 1,
	WASI_CLOCK_PROCESS_CPUTIME = 2,
	WASI_CLOCK_THREAD_CPUTIME = 3,
};

enum wasi_filetype {
	WASI_FILETYPE_UNKNOWN = 0,
	WASI_FILETYPE_CHARACTER_DEVICE = 2,
	WASI_FILETYPE_SOCKET_DGRAM = 5,
	WASI_FILETYPE_SOCKET_STREAM = 6,
};

#define WASI_FDFLAG_APPEND 0x1u
#define WASI_FDFLAG_NONBLOCK 0x4u

#define WASI_RIGHT_FD_READ (UINT64_C(1) << 1)
#define WASI_RIGHT_FD_FDSTAT_SET_FLAGS (UINT64_C(1) << 3)
#define WASI_RIGHT_FD_WRITE (UINT64_C(1) << 6)
#define WASI_RIGHT_FD_FILESTAT_GET (UINT64_C(1) << 21)
#define WASI_RIGHT_POLL_FD_READWRITE (UINT64_C(1) << 27)
#define WASI_RIGHT_SOCK_SHUTDOWN (UINT64_C(1) << 28)
#define WASI_RIGHT_SOCK_ACCEPT (UINT64_C(1) << 29)

#define WASI_RIFLAG_PEEK 0x1u
#define WASI_RIFLAG_WAITALL 0x2u
#define WASI_ROFLAG_TRUNCATED 0x1u
#define WASI_SDFLAG_RECEIVE 0x1u
#define WASI_SDFLAG_SEND 0x2u

struct wasi_iovec {
	uint32_t address;
	uint32_t size;
};
_Static_assert(sizeof(struct wasi_iovec) == 8, "iovec");

struct wasi_fdstat {
	uint8_t filetype;
	uint8_t pad;
	uint16_t flags;
	uint32_t pad2;
	uint64_t rights_base;
	uint64_t rights_inheriting;
};
_Static_assert(sizeof(struct wasi_fdstat) == 24, "fdstat");

struct wasi_filestat {
	uint64_t device;
	uint64_t inode;
	uint8_t filetype;
	uint8_t pad[7];
	uint64_t link_count;
	uint64_t size;
	uint64_t access_time;
	uint64_t modification_time;
	uint64_t change_time;
};
_Static_assert(sizeof(struct wasi_filestat) == 64, "filestat");

enum wasi_eventtype {
	WASI_EVENT_CLOCK = 0,
	WASI_EVENT_FD_READ = 1,
	WASI_EVENT_FD_WRITE = 2,
};

struct wasi_subscription {
	uint64_t userdata;
	uint8_t type; /* enum wasi_eventtype */
	uint8_t pad[7];
	union {
		struct {
			uint32_t id;
			uint32_t pad;
			uint64_t timeout;
			uint64_t precision;
			uint16_t flags;
		} clock;
		struct {
			uint32_t fd;
		} stream;
	};
};
_Static_assert(sizeof(struct wasi_subscription) == 48, "subscription");
#define WASI_SUBCLOCK_ABSOLUTE 0x1u

struct wasi_event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type;
	uint8_t pad[5];
	uint64_t size;
	uint16_t flags;
	uint8_t pad2[6];
};
_Static_assert(sizeof(struct wasi_event) == 32, "event");
#define WASI_EVENT_HANGUP 0x1u

#endif
