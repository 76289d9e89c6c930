/* Reads the launch block (abi/launch.h): what this run was given. */
#ifndef WALNUT_RUNTIME_LAUNCH_H
#define WALNUT_RUNTIME_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` NUL-terminated strings, one after the other: WASI's own format. */
struct strings {
	const char *data;
	uint32_t count;
	uint32_t size;
};

/* See struct walnut_mount. */
struct launch_mount {
	uint32_t kind;
	const char *path;
	const void *archive; /* ARCHIVE */
	uint64_t size;
};

struct launch {
	struct strings arguments;
	struct strings environment;
	struct strings directories; /* shared ones: the program's names */
	uint32_t flags;	    /* WALNUT_LAUNCH_* */
	const char *invoke; /* NULL: _start */
	const void *block;  /* and all behind it: where the mounts are */
	uint64_t block_size;
	uint32_t mount_count;
	uint32_t mounts_offset;
	bool archive_only;  /* the block is none, but an archive */
};

/* False: not a launch block, or a broken one. The result points into it. */
bool launch_parse(struct launch *out, const void *block, size_t size);

/* A ramdisk that is a cpio archive instead. False: it does not look like one. */
bool launch_parse_archive(struct launch *out, const void *block, size_t size);

/* Mount number `index` < mount_count. False: it is broken. */
bool launch_mount(const struct launch *launch, uint32_t index, struct launch_mount *mount);

#endif
