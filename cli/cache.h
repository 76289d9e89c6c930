/* The image cache: $XDG_CACHE_HOME/walnut, or ~/.cache/walnut. One file per image,
 * named by its key: the image, then a trailer that tells a whole entry from a
 * damaged one. Entries appear by rename after fsync, so that concurrent runs, a full
 * disk and a power cut leave whole entries or none. A cache that cannot be used is
 * never an error: the caller works without. */
#ifndef WALNUT_CLI_CACHE_H
#define WALNUT_CLI_CACHE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

/* Beyond this the entries used least recently are removed. */
#define CACHE_BYTES_MAX (UINT64_C(4) << 30)

/* Small files beside the entries (cli/digest.h). */
#define CACHE_MEMO_PREFIX "sum-"
#define CACHE_NAME_MAX 80

struct cache {
	int folder_fd; /* -1: no cache */
};

/* Opens the cache, making its folders where they are missing. 0 or a negative errno, -EPERM
 * where it is not this user's or others may write to it
 * (folder_fd is -1 then, and the calls below do nothing). */
int cache_open(struct cache *cache);
void cache_close(struct cache *cache);

/* A descriptor of the entry, positioned anywhere, to be closed by the caller; a
 * negative errno where there is none. A damaged entry is removed. */
int cache_lookup(const struct cache *cache, const struct key *key);

/* A small file of exactly `size` bytes. It is written whole or not at all but for a power
 * cut, so the content has to tell damage. 0 or a negative errno. */
int cache_get(const struct cache *cache, const char *name, void *data, size_t size);
int cache_put(const struct cache *cache, const char *name, const void *data, size_t size);

/* Copies the image at `path` into the cache. 0 or a negative errno. */
int cache_store(const struct cache *cache, const struct key *key, const char *path);

#endif
