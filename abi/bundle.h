/* Files that come with an image: section walnut_bundle (kernel/walnut.ld) holds any number
 * of these, one behind the other, each a read-only file system for the program. */
#ifndef WALNUT_ABI_BUNDLE_H
#define WALNUT_ABI_BUNDLE_H

#include <stdint.h>

#define WALNUT_BUNDLE_MAGIC 0x31444e4242544e57ull /* "WNTBBND1", little-endian */
#define WALNUT_BUNDLE_ALIGN 8

struct walnut_bundle {
	uint64_t magic;
	uint64_t size; /* from here to the next, a multiple of WALNUT_BUNDLE_ALIGN */
	uint64_t archive_size;
	uint32_t path_offset;	 /* the guest's name for it, NUL-terminated */
	uint32_t archive_offset; /* a cpio archive, "newc" */
};
_Static_assert(sizeof(struct walnut_bundle) == 32, "bundle");

#endif
