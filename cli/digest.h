/* The digest of a module's bytes. Hashing megabytes takes longer than starting a VM, so
 * the cache remembers the digest of a file that has been left alone for a while, by what
 * the kernel says of the file. */
#ifndef WALNUT_CLI_DIGEST_H
#define WALNUT_CLI_DIGEST_H

#include <stdint.h>
#include <time.h>

#include "cache.h"
#include "source.h"

#define DIGEST_SIZE 32 /* BLAKE2b-256 */

/* `now`: the time of day. 0, or -1 when the file cannot be read whole. */
int digest_source(const struct cache *cache, const struct source *source, time_t now,
		  uint8_t digest[DIGEST_SIZE]);

/* What is remembered, in a file of its own. */
struct digest_memo {
	uint64_t magic;
	/* Device, inode, size; seconds and nanoseconds of mtime and ctime. */
	uint64_t identity[7];
	uint8_t digest[DIGEST_SIZE];
	uint8_t sum[16]; /* BLAKE2b of all before */
};

#endif
