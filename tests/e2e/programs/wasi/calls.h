/* The functions of WASI preview 1 as the module sees them: numbers only, so that tests can pass any. */
#ifndef WASI_CALLS_H
#define WASI_CALLS_H

#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;

#define WASI(name, ...) \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) u32 name(__VA_ARGS__)

WASI(args_get, u32 pointers, u32 text);
WASI(args_sizes_get, u32 count, u32 size);
WASI(environ_get, u32 pointers, u32 text);
WASI(environ_sizes_get, u32 count, u32 size);
WASI(clock_res_get, u32 clock, u32 time);
WASI(clock_time_get, u32 clock, u64 precision, u32 time);
WASI(fd_advise, u32 fd, u64 offset, u64 size, u32 advice);
WASI(fd_allocate, u32 fd, u64 offset, u64 size);
WASI(fd_close, u32 fd);
WASI(fd_datasync, u32 fd);
WASI(fd_fdstat_get, u32 fd, u32 stat);
WASI(fd_fdstat_set_flags, u32 fd, u32 flags);
WASI(fd_fdstat_set_rights, u32 fd, u64 base, u64 inheriting);
WASI(fd_filestat_get, u32 fd, u32 stat);
WASI(fd_filestat_set_size, u32 fd, u64 size);
WASI(fd_filestat_set_times, u32 fd, u64 atim, u64 mtim, u32 flags);
WASI(fd_pread, u32 fd, u32 iovecs, u32 count, u64 offset, u32 size);
WASI(fd_prestat_get, u32 fd, u32 prestat);
WASI(fd_prestat_dir_name, u32 fd, u32 path, u32 size);
WASI(fd_pwrite, u32 fd, u32 iovecs, u32 count, u64 offset, u32 size);
WASI(fd_read, u32 fd, u32 iovecs, u32 count, u32 size);
WASI(fd_readdir, u32 fd, u32 buffer, u32 size, u64 cookie, u32 used);
WASI(fd_renumber, u32 from, u32 to);
WASI(fd_seek, u32 fd, u64 offset, u32 whence, u32 position);
WASI(fd_sync, u32 fd);
WASI(fd_tell, u32 fd, u32 position);
WASI(fd_write, u32 fd, u32 iovecs, u32 count, u32 size);
WASI(path_create_directory, u32 fd, u32 path, u32 size);
WASI(path_filestat_get, u32 fd, u32 lookup, u32 path, u32 size, u32 stat);
WASI(path_filestat_set_times, u32 fd, u32 lookup, u32 path, u32 size, u64 atim, u64 mtim, u32 flags);
WASI(path_link, u32 fd, u32 lookup, u32 path, u32 size, u32 new_fd, u32 new_path, u32 new_size);
WASI(path_open, u32 fd, u32 lookup, u32 path, u32 size, u32 oflags, u64 base, u64 inheriting, u32 flags, u32 opened);
WASI(path_readlink, u32 fd, u32 path, u32 size, u32 buffer, u32 room, u32 used);
WASI(path_remove_directory, u32 fd, u32 path, u32 size);
WASI(path_rename, u32 fd, u32 path, u32 size, u32 new_fd, u32 new_path, u32 new_size);
WASI(path_symlink, u32 target, u32 target_size, u32 fd, u32 path, u32 size);
WASI(path_unlink_file, u32 fd, u32 path, u32 size);
WASI(poll_oneoff, u32 subscriptions, u32 events, u32 count, u32 happened);
WASI(proc_raise, u32 signal);
WASI(random_get, u32 buffer, u32 size);
WASI(sched_yield, void);
WASI(sock_accept, u32 fd, u32 flags, u32 accepted);
WASI(sock_recv, u32 fd, u32 iovecs, u32 count, u32 flags, u32 size, u32 out_flags);
WASI(sock_send, u32 fd, u32 iovecs, u32 count, u32 flags, u32 size);
WASI(sock_shutdown, u32 fd, u32 how);

enum {
	SUCCESS, E2BIG, ACCES, ADDRINUSE, ADDRNOTAVAIL, AFNOSUPPORT, AGAIN, ALREADY, BADF, BADMSG, BUSY, CANCELED, CHILD,
	CONNABORTED, CONNREFUSED, CONNRESET, DEADLK, DESTADDRREQ, DOM, DQUOT, EXIST, FAULT, FBIG, HOSTUNREACH, IDRM, ILSEQ,
	INPROGRESS, INTR, INVAL, IO, ISCONN, ISDIR, LOOP, MFILE, MLINK, MSGSIZE, MULTIHOP, NAMETOOLONG, NETDOWN, NETRESET,
	NETUNREACH, NFILE, NOBUFS, NODEV, NOENT, NOEXEC, NOLCK, NOLINK, NOMEM, NOMSG, NOPROTOOPT, NOSPC, NOSYS, NOTCONN,
	NOTDIR, NOTEMPTY, NOTRECOVERABLE, NOTSOCK, NOTSUP, NOTTY, NXIO, OVERFLOW, OWNERDEAD, PERM, PIPE, PROTO,
	PROTONOSUPPORT, PROTOTYPE, RANGE, ROFS, SPIPE, SRCH, STALE, TIMEDOUT, TXTBSY, XDEV, NOTCAPABLE, ERRNOS
};

#define CREAT 1u
#define DIRECTORY 2u
#define EXCL 4u
#define TRUNC 8u

#define APPEND 1u
#define NONBLOCK 4u

#define FOLLOW 1u

#define RIGHT_READ (1ull << 1)
#define RIGHT_SEEK (1ull << 2)
#define RIGHT_SET_FLAGS (1ull << 3)
#define RIGHT_WRITE (1ull << 6)
#define RIGHT_ALLOCATE (1ull << 8)
#define ALL_RIGHTS 0xfffffffull /* but sockets' */
/* What a directory has none of. */
#define DIR_RIGHTS (ALL_RIGHTS & ~(RIGHT_READ | RIGHT_SEEK | RIGHT_WRITE | 1ull << 5 | RIGHT_ALLOCATE | 1ull << 22))

struct filestat {
	u64 device, inode;
	uint8_t type, pad[7];
	u64 links, size, atim, mtim, ctim;
};

struct fdstat {
	uint8_t type, pad;
	uint16_t flags;
	u32 pad2;
	u64 base, inheriting;
};

struct iovec32 {
	u32 address, size;
};

struct entry {
	u64 next, inode;
	u32 name_size;
	uint8_t type, pad[3];
};

struct subscription {
	u64 user;
	uint8_t tag, pad[7];
	u32 id, pad2; /* the clock, or the descriptor */
	u64 timeout, precision;
	uint16_t flags, pad3[3];
};

struct event {
	u64 user;
	uint16_t error;
	uint8_t type, pad[5];
	u64 bytes;
	uint16_t flags, pad2[3];
};

enum { TYPE_CHARACTER = 2, TYPE_DIRECTORY = 3, TYPE_FILE = 4, TYPE_SYMLINK = 7 };

#endif
