/* The launch block: arguments, environment and stream kinds of one run, handed to
 * the guest as its initial ramdisk (so that every VMM can pass it). Where there is
 * none, the kernel takes arguments from the command line after "--".
 *
 * Layout: struct walnut_launch, then argc + envc strings, each NUL-terminated,
 * arguments first (argv[0] included). */
#ifndef WALNUT_ABI_LAUNCH_H
#define WALNUT_ABI_LAUNCH_H

#include <stdint.h>

#define WALNUT_LAUNCH_MAGIC 0x31484e554c544e57ull /* "WNTLUNH1", little-endian */

struct walnut_launch {
	uint64_t magic;
	uint32_t total_size; /* of the block, header included */
	uint32_t argc;
	uint32_t envc;
	uint32_t flags;	     /* WALNUT_LAUNCH_* */
	uint32_t invoke_offset; /* of a NUL-terminated export name to call instead of
				   _start, from the block's start; 0: none */
	uint32_t strings_offset; /* of the first string */
	uint32_t dirc; /* shared directories: the names that the program knows them by, in the
			  order of their virtio-fs devices */
	uint32_t dirs_offset; /* of the first of these strings */
	uint32_t mount_count; /* file systems besides */
	uint32_t mounts_offset; /* of an array of struct walnut_mount */
};
#define WALNUT_LAUNCH_TTY_STDIN (1u << 0)
#define WALNUT_LAUNCH_TTY_STDOUT (1u << 1)
#define WALNUT_LAUNCH_TTY_STDERR (1u << 2)

/* A file system of the guest's own. The ramdisk may go on behind the block, with archives. */
struct walnut_mount {
	uint32_t kind;	      /* WALNUT_MOUNT_* */
	uint32_t path_offset; /* the program's name for it, NUL-terminated, in the block */
	uint64_t size;	      /* bytes: of the archive; or what a TMPFS may hold, 0: half of the RAM */
	uint64_t offset;      /* of the ARCHIVE (cpio, "newc") from the block's start */
};
#define WALNUT_MOUNT_TMPFS 1
#define WALNUT_MOUNT_ARCHIVE 2

_Static_assert(sizeof(struct walnut_launch) == 48, "launch");
_Static_assert(sizeof(struct walnut_mount) == 24, "mount");

#endif
