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
	WASI_EBUSY = 10,
	WASI_EDQUOT = 19,
	WASI_EEXIST = 20,
	WASI_EFAULT = 21,
	WASI_EFBIG = 22,
	WASI_EILSEQ = 25,
	WASI_EINPROGRESS = 26,
	WASI_EINTR = 27,
	WASI_EINVAL = 28,
	WASI_EIO = 29,
	WASI_EISDIR = 31,
	WASI_ELOOP = 32,
	WASI_EMFILE = 33,
	WASI_EMLINK = 34,
	WASI_ENAMETOOLONG = 37,
	WASI_ENFILE = 41,
	WASI_ENODEV = 43,
	WASI_ENOENT = 44,
	WASI_ENOMEM = 48,
	WASI_ENOPROTOOPT = 50,
	WASI_ENOSPC = 51,
	WASI_ENOSYS = 52,
	WASI_ENOTCONN = 53,
	WASI_ENOTDIR = 54,
	WASI_ENOTEMPTY = 55,
	WASI_ENOTSOCK = 57,
	WASI_ENOTSUP = 58,
	WASI_ENXIO = 60,
	WASI_EOVERFLOW = 61,
	WASI_EPERM = 63,
	WASI_EPIPE = 64,
	WASI_EPROTONOSUPPORT = 66,
	WASI_ERANGE = 68,
	WASI_EROFS = 69,
	WASI_ESPIPE = 70,
	WASI_ESTALE = 72,
	WASI_ETIMEDOUT = 73,
	WASI_ETXTBSY = 74,
	WASI_EXDEV = 75,
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
	WASI_FILETYPE_BLOCK_DEVICE = 1,
	WASI_FILETYPE_CHARACTER_DEVICE = 2,
	WASI_FILETYPE_DIRECTORY = 3,
	WASI_FILETYPE_REGULAR_FILE = 4,
	WASI_FILETYPE_SOCKET_DGRAM = 5,
	WASI_FILETYPE_SOCKET_STREAM = 6,
	WASI_FILETYPE_SYMBOLIC_LINK = 7,
};

#define WASI_FDFLAG_APPEND 0x1u
#define WASI_FDFLAG_DSYNC 0x2u
#define WASI_FDFLAG_NONBLOCK 0x4u
#define WASI_FDFLAG_RSYNC 0x8u
#define WASI_FDFLAG_SYNC 0x10u
#define WASI_FDFLAGS 0x1fu

#define WASI_LOOKUP_SYMLINK_FOLLOW 0x1u

#define WASI_OFLAG_CREAT 0x1u
#define WASI_OFLAG_DIRECTORY 0x2u
#define WASI_OFLAG_EXCL 0x4u
#define WASI_OFLAG_TRUNC 0x8u
#define WASI_OFLAGS 0xfu

#define WASI_FSTFLAG_ATIM 0x1u
#define WASI_FSTFLAG_ATIM_NOW 0x2u
#define WASI_FSTFLAG_MTIM 0x4u
#define WASI_FSTFLAG_MTIM_NOW 0x8u
#define WASI_FSTFLAGS 0xfu

enum wasi_whence {
	WASI_WHENCE_SET = 0,
	WASI_WHENCE_CUR = 1,
	WASI_WHENCE_END = 2,
};

#define WASI_ADVICE_MAX 5 /* noreuse */

#define WASI_RIGHT_FD_DATASYNC (UINT64_C(1) << 0)
#define WASI_RIGHT_FD_READ (UINT64_C(1) << 1)
#define WASI_RIGHT_FD_SEEK (UINT64_C(1) << 2)
#define WASI_RIGHT_FD_FDSTAT_SET_FLAGS (UINT64_C(1) << 3)
#define WASI_RIGHT_FD_SYNC (UINT64_C(1) << 4)
#define WASI_RIGHT_FD_TELL (UINT64_C(1) << 5)
#define WASI_RIGHT_FD_WRITE (UINT64_C(1) << 6)
#define WASI_RIGHT_FD_ADVISE (UINT64_C(1) << 7)
#define WASI_RIGHT_FD_ALLOCATE (UINT64_C(1) << 8)
#define WASI_RIGHT_PATH_CREATE_DIRECTORY (UINT64_C(1) << 9)
#define WASI_RIGHT_PATH_CREATE_FILE (UINT64_C(1) << 10)
#define WASI_RIGHT_PATH_LINK_SOURCE (UINT64_C(1) << 11)
#define WASI_RIGHT_PATH_LINK_TARGET (UINT64_C(1) << 12)
#define WASI_RIGHT_PATH_OPEN (UINT64_C(1) << 13)
#define WASI_RIGHT_FD_READDIR (UINT64_C(1) << 14)
#define WASI_RIGHT_PATH_READLINK (UINT64_C(1) << 15)
#define WASI_RIGHT_PATH_RENAME_SOURCE (UINT64_C(1) << 16)
#define WASI_RIGHT_PATH_RENAME_TARGET (UINT64_C(1) << 17)
#define WASI_RIGHT_PATH_FILESTAT_GET (UINT64_C(1) << 18)
#define WASI_RIGHT_PATH_FILESTAT_SET_SIZE (UINT64_C(1) << 19)
#define WASI_RIGHT_PATH_FILESTAT_SET_TIMES (UINT64_C(1) << 20)
#define WASI_RIGHT_FD_FILESTAT_GET (UINT64_C(1) << 21)
#define WASI_RIGHT_FD_FILESTAT_SET_SIZE (UINT64_C(1) << 22)
#define WASI_RIGHT_FD_FILESTAT_SET_TIMES (UINT64_C(1) << 23)
#define WASI_RIGHT_PATH_SYMLINK (UINT64_C(1) << 24)
#define WASI_RIGHT_PATH_REMOVE_DIRECTORY (UINT64_C(1) << 25)
#define WASI_RIGHT_PATH_UNLINK_FILE (UINT64_C(1) << 26)
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

/* What fd_readdir() writes, each followed by the name. */
struct wasi_dirent {
	uint64_t next; /* cookie of the entry behind this one */
	uint64_t inode;
	uint32_t name_size;
	uint8_t filetype;
	uint8_t pad[3];
};
_Static_assert(sizeof(struct wasi_dirent) == 24, "dirent");

struct wasi_prestat {
	uint32_t type; /* 0: a directory */
	uint32_t name_size;
};
_Static_assert(sizeof(struct wasi_prestat) == 8, "prestat");

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
