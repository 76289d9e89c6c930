/* The FUSE protocol, version 7.31, as virtio-fs carries it (virtio 1.2, section 5.11): each
 * request is a fuse_in_header, arguments, names with their NUL, data; each answer a
 * fuse_out_header, a fixed part, data. All numbers are little-endian on this machine. */
#ifndef WALNUT_ABI_FUSE_H
#define WALNUT_ABI_FUSE_H

#include <stddef.h>
#include <stdint.h>

#define FUSE_VERSION_MAJOR 7
#define FUSE_VERSION_MINOR 31
#define FUSE_ROOT_ID 1ull
#define FUSE_NAME_MAX 255

enum fuse_opcode {
	FUSE_LOOKUP = 1,
	FUSE_FORGET = 2, /* no answer */
	FUSE_GETATTR = 3,
	FUSE_SETATTR = 4,
	FUSE_READLINK = 5,
	FUSE_SYMLINK = 6,
	FUSE_MKNOD = 8,
	FUSE_MKDIR = 9,
	FUSE_UNLINK = 10,
	FUSE_RMDIR = 11,
	FUSE_RENAME = 12,
	FUSE_LINK = 13,
	FUSE_OPEN = 14,
	FUSE_READ = 15,
	FUSE_WRITE = 16,
	FUSE_STATFS = 17,
	FUSE_RELEASE = 18,
	FUSE_FSYNC = 20,
	FUSE_SETXATTR = 21,
	FUSE_GETXATTR = 22,
	FUSE_LISTXATTR = 23,
	FUSE_REMOVEXATTR = 24,
	FUSE_FLUSH = 25,
	FUSE_INIT = 26,
	FUSE_OPENDIR = 27,
	FUSE_READDIR = 28,
	FUSE_RELEASEDIR = 29,
	FUSE_FSYNCDIR = 30,
	FUSE_ACCESS = 34,
	FUSE_CREATE = 35,
	FUSE_INTERRUPT = 36, /* no answer */
	FUSE_DESTROY = 38,
	FUSE_IOCTL = 39,
	FUSE_BATCH_FORGET = 42, /* no answer */
	FUSE_FALLOCATE = 43,
	FUSE_READDIRPLUS = 44,
	FUSE_RENAME2 = 45,
	FUSE_LSEEK = 46,
	FUSE_COPY_FILE_RANGE = 47,
	FUSE_OPCODE_COUNT = 48, /* not in the protocol: one more than the last known */
};

struct fuse_in_header {
	uint32_t len; /* of the whole request */
	uint32_t opcode;
	uint64_t unique; /* the answer has the same */
	uint64_t nodeid;
	uint32_t uid;
	uint32_t gid;
	uint32_t pid;
	uint32_t padding;
};

struct fuse_out_header {
	uint32_t len;  /* of the whole answer */
	int32_t error; /* 0 or a negative errno of Linux; then nothing follows */
	uint64_t unique;
};

/* INIT. The answer has the flags that both sides know. */
#define FUSE_ASYNC_READ (1u << 0)
#define FUSE_ATOMIC_O_TRUNC (1u << 3) /* OPEN may carry O_TRUNC */
#define FUSE_BIG_WRITES (1u << 5)
#define FUSE_AUTO_INVAL_DATA (1u << 12) /* cached data goes when mtime or size changed */
#define FUSE_DO_READDIRPLUS (1u << 13)
#define FUSE_READDIRPLUS_AUTO (1u << 14)
#define FUSE_ASYNC_DIO (1u << 15)
#define FUSE_PARALLEL_DIROPS (1u << 18)
#define FUSE_MAX_PAGES (1u << 22) /* max_pages is valid */
/* The server takes set-user-id and set-group-id bits away when it is told that the writer may not keep them; then the
 * client need not ask for a file's capabilities before each write. */
#define FUSE_HANDLE_KILLPRIV_V2 (1u << 28)

struct fuse_init_in {
	uint32_t major;
	uint32_t minor;
	uint32_t max_readahead;
	uint32_t flags; /* more may follow in later versions */
};

struct fuse_init_out {
	uint32_t major;
	uint32_t minor;
	uint32_t max_readahead;
	uint32_t flags;
	uint16_t max_background;
	uint16_t congestion_threshold;
	uint32_t max_write; /* bytes in one WRITE */
	uint32_t time_gran; /* nanoseconds */
	uint16_t max_pages; /* of 4096 bytes, in one request */
	uint16_t map_alignment;
	uint32_t unused[8];
};

struct fuse_attr {
	uint64_t ino;
	uint64_t size;
	uint64_t blocks; /* of 512 bytes */
	uint64_t atime;
	uint64_t mtime;
	uint64_t ctime;
	uint32_t atimensec;
	uint32_t mtimensec;
	uint32_t ctimensec;
	uint32_t mode;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint32_t rdev;
	uint32_t blksize;
	uint32_t flags;
};

/* Answer of LOOKUP, MKNOD, MKDIR, SYMLINK, LINK: counts as one look-up of the node, to be
 * given back by FORGET. Node 0: no such name, and the answer may be kept. */
struct fuse_entry_out {
	uint64_t nodeid;
	uint64_t generation;
	uint64_t entry_valid; /* seconds that the name may be kept */
	uint64_t attr_valid;
	uint32_t entry_valid_nsec;
	uint32_t attr_valid_nsec;
	struct fuse_attr attr;
};

struct fuse_forget_in {
	uint64_t nlookup;
};

struct fuse_forget_one {
	uint64_t nodeid;
	uint64_t nlookup;
};

struct fuse_batch_forget_in { /* fuse_forget_one[count] follow */
	uint32_t count;
	uint32_t dummy;
};

#define FUSE_GETATTR_FH (1u << 0) /* fh is valid */

struct fuse_getattr_in {
	uint32_t flags;
	uint32_t dummy;
	uint64_t fh;
};

struct fuse_attr_out { /* also of SETATTR */
	uint64_t attr_valid;
	uint32_t attr_valid_nsec;
	uint32_t dummy;
	struct fuse_attr attr;
};

#define FATTR_MODE (1u << 0)
#define FATTR_UID (1u << 1)
#define FATTR_GID (1u << 2)
#define FATTR_SIZE (1u << 3)
#define FATTR_ATIME (1u << 4)
#define FATTR_MTIME (1u << 5)
#define FATTR_FH (1u << 6)
#define FATTR_ATIME_NOW (1u << 7)
#define FATTR_MTIME_NOW (1u << 8)
#define FATTR_KILL_SUIDGID (1u << 11)

struct fuse_setattr_in {
	uint32_t valid; /* FATTR_* */
	uint32_t padding;
	uint64_t fh;
	uint64_t size;
	uint64_t lock_owner;
	uint64_t atime;
	uint64_t mtime;
	uint64_t ctime;
	uint32_t atimensec;
	uint32_t mtimensec;
	uint32_t ctimensec;
	uint32_t mode;
	uint32_t unused4;
	uint32_t uid;
	uint32_t gid;
	uint32_t unused5;
};

struct fuse_mknod_in { /* the name follows */
	uint32_t mode;
	uint32_t rdev;
	uint32_t umask;
	uint32_t padding;
};

struct fuse_mkdir_in { /* the name follows */
	uint32_t mode;
	uint32_t umask;
};

struct fuse_rename_in { /* the old name and the new one follow */
	uint64_t newdir;
};

#define FUSE_RENAME_NOREPLACE (1u << 0)
#define FUSE_RENAME_EXCHANGE (1u << 1)

struct fuse_rename2_in {
	uint64_t newdir;
	uint32_t flags;
	uint32_t padding;
};

struct fuse_link_in { /* the name follows; the header has the directory */
	uint64_t oldnodeid;
};

#define FUSE_OPEN_KILL_SUIDGID (1u << 0)

struct fuse_open_in { /* also of OPENDIR */
	uint32_t flags; /* O_* of Linux */
	uint32_t open_flags;
};

struct fuse_open_out {
	uint64_t fh;
	uint32_t open_flags;
	uint32_t padding;
};

struct fuse_create_in { /* the name follows; the answer: entry, then open */
	uint32_t flags;
	uint32_t mode;
	uint32_t umask;
	uint32_t open_flags;
};

struct fuse_release_in { /* also of RELEASEDIR */
	uint64_t fh;
	uint32_t flags;
	uint32_t release_flags;
	uint64_t lock_owner;
};

struct fuse_flush_in {
	uint64_t fh;
	uint32_t unused;
	uint32_t padding;
	uint64_t lock_owner;
};

struct fuse_read_in { /* also of READDIR and READDIRPLUS */
	uint64_t fh;
	uint64_t offset;
	uint32_t size;
	uint32_t read_flags;
	uint64_t lock_owner;
	uint32_t flags;
	uint32_t padding;
};

#define FUSE_WRITE_KILL_SUIDGID (1u << 2)

struct fuse_write_in { /* the data follow */
	uint64_t fh;
	uint64_t offset;
	uint32_t size;
	uint32_t write_flags;
	uint64_t lock_owner;
	uint32_t flags;
	uint32_t padding;
};

struct fuse_write_out { /* also of COPY_FILE_RANGE */
	uint32_t size;
	uint32_t padding;
};

struct fuse_setxattr_in { /* the name follows, then the value */
	uint32_t size;	/* of the value */
	uint32_t flags; /* XATTR_* of Linux */
};

/* Also of LISTXATTR; the name follows. The answer is the value, or the names with their NULs. */
struct fuse_getxattr_in {
	uint32_t size; /* 0: the answer is fuse_getxattr_out */
	uint32_t padding;
};

struct fuse_getxattr_out {
	uint32_t size;
	uint32_t padding;
};

struct fuse_statfs_out {
	uint64_t blocks;
	uint64_t bfree;
	uint64_t bavail;
	uint64_t files;
	uint64_t ffree;
	uint32_t bsize;
	uint32_t namelen;
	uint32_t frsize;
	uint32_t padding;
	uint32_t spare[6];
};

#define FUSE_FSYNC_FDATASYNC (1u << 0)

struct fuse_fsync_in { /* also of FSYNCDIR */
	uint64_t fh;
	uint32_t fsync_flags;
	uint32_t padding;
};

struct fuse_access_in {
	uint32_t mask; /* R_OK, W_OK, X_OK */
	uint32_t padding;
};

struct fuse_fallocate_in {
	uint64_t fh;
	uint64_t offset;
	uint64_t length;
	uint32_t mode;
	uint32_t padding;
};

struct fuse_lseek_in {
	uint64_t fh;
	uint64_t offset;
	uint32_t whence;
	uint32_t padding;
};

struct fuse_lseek_out {
	uint64_t offset;
};

struct fuse_ioctl_in {
	uint64_t fh;
	uint32_t flags;
	uint32_t cmd;
	uint64_t arg;
	uint32_t in_size;
	uint32_t out_size;
};

struct fuse_ioctl_out {
	int32_t result;
	uint32_t flags;
	uint32_t in_iovs;
	uint32_t out_iovs;
};

/* libkrun's: ioctl(2) on the root by which its first process tells the program's exit status. */
#define FUSE_IOCTL_EXIT_STATUS 0x7602

struct fuse_copy_file_range_in { /* the header has the source's node */
	uint64_t fh_in;
	uint64_t off_in;
	uint64_t nodeid_out;
	uint64_t fh_out;
	uint64_t off_out;
	uint64_t len;
	uint64_t flags;
};

/* Answer of READDIR: these one after the other, each with its name, padded to 8 bytes. */
struct fuse_dirent {
	uint64_t ino;
	uint64_t off; /* where the next READDIR goes on */
	uint32_t namelen;
	uint32_t type; /* DT_* of Linux */
	char name[];
};

/* Of READDIRPLUS. Node 0 in an entry: only the name is told. */
struct fuse_direntplus {
	struct fuse_entry_out entry_out;
	struct fuse_dirent dirent;
};

#define FUSE_DIRENT_ALIGN(size) (((size) + 7) & ~(size_t)7)

/* The device's configuration space. */
#define VIRTIO_FS_TAG_SIZE 36

struct virtio_fs_config {
	char tag[VIRTIO_FS_TAG_SIZE]; /* not terminated when it fills the field */
	uint32_t num_request_queues;
} __attribute__((packed));

_Static_assert(sizeof(struct fuse_in_header) == 40, "header");
_Static_assert(sizeof(struct fuse_out_header) == 16, "header");
_Static_assert(sizeof(struct fuse_init_in) == 16, "init");
_Static_assert(sizeof(struct fuse_init_out) == 64, "init");
_Static_assert(sizeof(struct fuse_attr) == 88, "attr");
_Static_assert(sizeof(struct fuse_entry_out) == 128, "entry");
_Static_assert(sizeof(struct fuse_attr_out) == 104, "attr");
_Static_assert(sizeof(struct fuse_setattr_in) == 88, "setattr");
_Static_assert(offsetof(struct fuse_setattr_in, mode) == 68, "setattr");
_Static_assert(sizeof(struct fuse_read_in) == 40, "read");
_Static_assert(sizeof(struct fuse_write_in) == 40, "write");
_Static_assert(sizeof(struct fuse_setxattr_in) == 8 && sizeof(struct fuse_getxattr_in) == 8, "xattr");
_Static_assert(sizeof(struct fuse_statfs_out) == 80, "statfs");
_Static_assert(sizeof(struct fuse_copy_file_range_in) == 56, "copy");
_Static_assert(sizeof(struct fuse_ioctl_in) == 32, "ioctl");
_Static_assert(offsetof(struct fuse_dirent, name) == 24, "dirent");
_Static_assert(offsetof(struct fuse_direntplus, dirent) == 128, "direntplus");
_Static_assert(sizeof(struct virtio_fs_config) == 40, "config");

#endif
