/* When may a digest be remembered? Whoever writes to a file changes its ctime, which
 * nobody can set, so equal identity means equal content, but for two cases:
 *
 *	A write in the same tick of the clock as an earlier one, and a write through a
 *	mapping to a page that is dirty already: neither changes the ctime. Pages are clean
 *	after half a minute, so the ctime has to be older than AGE_SECONDS.
 *
 *	File systems without such a ctime, or that write nothing back: only those named
 *	here take part. */
#include "digest.h"

#include <blake2.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MEMO_MAGIC UINT64_C(0x314d555354574c57)
#define REMEMBER_SIZE (UINT64_C(256) << 10) /* hashing less takes no time */
#define AGE_SECONDS 60
#define NAME_SIZE 16

static int hash_file(const struct source *source, uint8_t digest[DIGEST_SIZE])
{
	uint8_t buffer[1 << 13];
	blake2b_state state;
	uint64_t at = 0;

	if (blake2b_init(&state, DIGEST_SIZE))
		return -1;
	/* Read, not looked at through the mapping, whose pages would count as our memory
	 * from then on. */
	while (at < source->size) {
		ssize_t got = pread(source->fd, buffer, sizeof(buffer), (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		if ((uint64_t)got > source->size - at)
			got = (ssize_t)(source->size - at);
		blake2b_update(&state, buffer, (size_t)got);
		at += (uint64_t)got;
	}
	return blake2b_final(&state, digest, DIGEST_SIZE);
}

static bool file_system_is_known(int fd)
{
	static const uint64_t known[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
					  F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC };
	struct statfs system;

	if (fstatfs(fd, &system))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if ((uint64_t)system.f_type == known[i])
			return true;
	}
	return false;
}

/* False: nothing may be remembered of this file now. */
static bool identify(const struct source *source, time_t now, struct digest_memo *memo)
{
	struct stat status;

	if (source->size < REMEMBER_SIZE || fstat(source->fd, &status) ||
	    (uint64_t)status.st_size != source->size || status.st_ctim.tv_sec > now - AGE_SECONDS ||
	    !file_system_is_known(source->fd))
		return false;
	memo->magic = MEMO_MAGIC;
	memo->identity[0] = status.st_dev;
	memo->identity[1] = status.st_ino;
	memo->identity[2] = (uint64_t)status.st_size;
	memo->identity[3] = (uint64_t)status.st_mtim.tv_sec;
	memo->identity[4] = (uint64_t)status.st_mtim.tv_nsec;
	memo->identity[5] = (uint64_t)status.st_ctim.tv_sec;
	memo->identity[6] = (uint64_t)status.st_ctim.tv_nsec;
	return true;
}

static void name_of(const struct digest_memo *memo, char name[CACHE_NAME_MAX])
{
	uint8_t hash[NAME_SIZE];
	size_t at = (size_t)snprintf(name, CACHE_NAME_MAX, "%s", CACHE_MEMO_PREFIX);

	blake2b(hash, memo->identity, NULL, sizeof(hash), sizeof(memo->identity), 0);
	for (size_t i = 0; i < sizeof(hash); i++)
		at += (size_t)snprintf(name + at, CACHE_NAME_MAX - at, "%02x", hash[i]);
}

static void sum(struct digest_memo *memo, uint8_t out[sizeof(memo->sum)])
{
	blake2b(out, memo, NULL, sizeof(memo->sum), offsetof(struct digest_memo, sum), 0);
}

static bool recall(const struct cache *cache, const char *name, struct digest_memo *memo)
{
	uint8_t expected[sizeof(memo->sum)];
	struct digest_memo found;

	if (cache_get(cache, name, &found, sizeof(found)))
		return false;
	sum(&found, expected);
	if (memcmp(expected, found.sum, sizeof(expected)) || found.magic != MEMO_MAGIC ||
	    memcmp(found.identity, memo->identity, sizeof(found.identity)))
		return false;
	*memo = found;
	return true;
}

int digest_source(const struct cache *cache, const struct source *source, time_t now,
		  uint8_t digest[DIGEST_SIZE])
{
	struct digest_memo memo = { 0 }, after = { 0 };
	char name[CACHE_NAME_MAX];

	/* Before the bytes are read: what changes meanwhile has another ctime. */
	if (cache->folder_fd < 0 || !identify(source, now, &memo))
		return hash_file(source, digest);
	name_of(&memo, name);
	if (!recall(cache, name, &memo)) {
		if (hash_file(source, memo.digest))
			return -1;
		sum(&memo, memo.sum);
		if (identify(source, now, &after) && !memcmp(after.identity, memo.identity, sizeof(memo.identity)))
			cache_put(cache, name, &memo, sizeof(memo));
	}
	memcpy(digest, memo.digest, DIGEST_SIZE);
	return 0;
}
