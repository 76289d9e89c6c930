#include "cache.h"

#include <blake2.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "files.h"

#define TRAILER_MAGIC UINT64_C(0x3143544e4c4157) /* "WALNTC1" */
#define TEMPORARY_PREFIX "tmp-"
#define TEMPORARY_AGE_SECONDS 3600
#define TOUCH_AGE_SECONDS 3600
#define MEMO_AGE_SECONDS (30 * 86400) /* then it is made anew */
#define SUM_SIZE 16

/* After the image's bytes; ELF loaders never look there. */
struct trailer {
	uint64_t magic;
	uint64_t image_size;
	uint8_t key[KEY_SIZE];
	uint8_t sum[SUM_SIZE]; /* BLAKE2b of a sample, see image_sum() */
};

/* A rename that reached the disk before the data is what the sum has to notice; a
 * sample of pages does that without reading a large image whole. */
#define SAMPLE_SIZE 4096
#define SAMPLE_COUNT 16

static int image_sum(int fd, uint64_t size, uint8_t sum[SUM_SIZE])
{
	uint8_t sample[SAMPLE_SIZE];
	blake2b_state state;
	uint64_t step = size / SAMPLE_COUNT;

	if (blake2b_init(&state, SUM_SIZE))
		return -EINVAL;
	for (unsigned i = 0; i <= SAMPLE_COUNT; i++) {
		uint64_t at = i < SAMPLE_COUNT ? i * step : size - (size < SAMPLE_SIZE ? size : SAMPLE_SIZE);
		uint64_t want = size - at < SAMPLE_SIZE ? size - at : SAMPLE_SIZE;
		ssize_t got = pread(fd, sample, want, (off_t)at);

		if (got < 0 || (uint64_t)got != want)
			return got < 0 ? -errno : -EIO;
		blake2b_update(&state, sample, want);
	}
	return blake2b_final(&state, sum, SUM_SIZE) ? -EINVAL : 0;
}

/* mkdir -p, each folder private to the user (XDG base directory specification). */
static int make_folders(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST) {
			int code = -errno;

			*slash = '/';
			return code;
		}
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* What others can write to may hold images that no module of ours has made. */
static int open_folder(struct cache *cache, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH)) {
		close(fd);
		return -EPERM;
	}
	cache->folder_fd = fd;
	return 0;
}

int cache_open(struct cache *cache)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	int size, code;

	cache->folder_fd = -1;
	/* The specification has relative paths ignored. */
	if (base && base[0] == '/')
		size = snprintf(path, sizeof(path), "%s/walnut", base);
	else if (home && home[0] == '/')
		size = snprintf(path, sizeof(path), "%s/.cache/walnut", home);
	else
		return -ENOENT;
	if (size >= (int)sizeof(path))
		return -ENAMETOOLONG;
	code = open_folder(cache, path);
	if (code != -ENOENT)
		return code;
	code = make_folders(path);
	return code ? code : open_folder(cache, path);
}

void cache_close(struct cache *cache)
{
	if (cache->folder_fd >= 0)
		close(cache->folder_fd);
	cache->folder_fd = -1;
}

static bool entry_is_whole(int fd, const struct stat *status, const struct key *key)
{
	struct trailer trailer;
	uint8_t sum[SUM_SIZE];
	off_t at = status->st_size - (off_t)sizeof(trailer);

	return S_ISREG(status->st_mode) && at > 0 &&
	       pread(fd, &trailer, sizeof(trailer), at) == sizeof(trailer) &&
	       trailer.magic == TRAILER_MAGIC && trailer.image_size == (uint64_t)at &&
	       memcmp(trailer.key, key->bytes, KEY_SIZE) == 0 &&
	       image_sum(fd, trailer.image_size, sum) == 0 && memcmp(sum, trailer.sum, SUM_SIZE) == 0;
}

int cache_lookup(const struct cache *cache, const struct key *key)
{
	char name[2 * KEY_SIZE + 1];
	struct stat status;
	int fd;

	if (cache->folder_fd < 0)
		return -ENOENT;
	key_text(key, name);
	fd = openat(cache->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !entry_is_whole(fd, &status, key)) {
		close(fd);
		unlinkat(cache->folder_fd, name, 0);
		return -ENOENT;
	}
	/* Modification time is the time of last use, kept coarse: a hit costs no write. */
	if (time(NULL) - status.st_mtime > TOUCH_AGE_SECONDS)
		futimens(fd, NULL);
	return fd;
}

static int write_entry(int fd, const struct key *key, const char *path)
{
	struct trailer trailer = { .magic = TRAILER_MAGIC };
	struct stat status;
	int code, image_fd = open(path, O_RDONLY | O_CLOEXEC);

	if (image_fd < 0)
		return -errno;
	code = fstat(image_fd, &status) ? -errno : 0;
	if (!code) {
		trailer.image_size = (uint64_t)status.st_size;
		memcpy(trailer.key, key->bytes, KEY_SIZE);
		code = image_sum(image_fd, trailer.image_size, trailer.sum);
	}
	if (!code)
		code = files_copy(image_fd, fd);
	close(image_fd);
	if (!code)
		code = files_write_all(fd, &trailer, sizeof(trailer));
	if (!code && fsync(fd))
		code = -errno;
	return code;
}

struct entry {
	char name[2 * KEY_SIZE + 1];
	time_t used;
	uint64_t size;
};

static int by_age(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return (left->used > right->used) - (left->used < right->used);
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Files that are no entries have an age that ends them. */
static bool is_outdated(const char *name, time_t age)
{
	return (has_prefix(name, TEMPORARY_PREFIX) && age > TEMPORARY_AGE_SECONDS) ||
	       (has_prefix(name, CACHE_MEMO_PREFIX) && age > MEMO_AGE_SECONDS);
}

/* Removes old entries above the limit, and temporary files whose run was killed. */
static void prune(const struct cache *cache)
{
	struct entry *entries = NULL;
	size_t count = 0, room = 0;
	uint64_t total = 0;
	struct dirent *item;
	int fd = openat(cache->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	while (folder && (item = readdir(folder))) {
		struct stat status;

		if (item->d_name[0] == '.' || fstatat(fd, item->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		if (is_outdated(item->d_name, time(NULL) - status.st_mtime))
			unlinkat(fd, item->d_name, 0);
		if (strlen(item->d_name) != 2 * KEY_SIZE)
			continue;
		if (count == room) {
			struct entry *grown = realloc(entries, (room = room ? 2 * room : 64) * sizeof(*entries));

			if (!grown)
				break;
			entries = grown;
		}
		memcpy(entries[count].name, item->d_name, sizeof(entries[count].name));
		entries[count].used = status.st_mtime;
		entries[count].size = (uint64_t)status.st_size;
		total += entries[count++].size;
	}
	if (total > CACHE_BYTES_MAX)
		qsort(entries, count, sizeof(*entries), by_age);
	for (size_t i = 0; i < count && total > CACHE_BYTES_MAX; i++) {
		unlinkat(fd, entries[i].name, 0);
		total -= entries[i].size;
	}
	free(entries);
	if (folder)
		closedir(folder);
}

/* Opens a new file of a name that prune() knows. A descriptor or a negative errno. */
static int temporary_open(const struct cache *cache, char name[CACHE_NAME_MAX])
{
	struct timespec now;
	int fd;

	if (cache->folder_fd < 0)
		return -ENOENT;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(name, CACHE_NAME_MAX, TEMPORARY_PREFIX "%ld-%lld%09ld", (long)getpid(),
		 (long long)now.tv_sec, now.tv_nsec);
	fd = openat(cache->folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Closes it and gives it its name, or removes it where `code` says that something failed. */
static int temporary_finish(const struct cache *cache, int fd, const char *temporary, const char *name, int code)
{
	if (close(fd) && !code)
		code = -errno;
	if (!code && renameat(cache->folder_fd, temporary, cache->folder_fd, name))
		code = -errno;
	if (code)
		unlinkat(cache->folder_fd, temporary, 0);
	return code;
}

int cache_get(const struct cache *cache, const char *name, void *data, size_t size)
{
	int fd = openat(cache->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, data, size);
	close(fd);
	return got == (ssize_t)size ? 0 : -EINVAL;
}

int cache_put(const struct cache *cache, const char *name, const void *data, size_t size)
{
	char temporary[CACHE_NAME_MAX];
	int fd = temporary_open(cache, temporary);

	if (fd < 0)
		return fd;
	return temporary_finish(cache, fd, temporary, name, files_write_all(fd, data, size));
}

int cache_store(const struct cache *cache, const struct key *key, const char *path)
{
	char name[2 * KEY_SIZE + 1], temporary[CACHE_NAME_MAX];
	int code, fd = temporary_open(cache, temporary);

	if (fd < 0)
		return fd;
	key_text(key, name);
	code = temporary_finish(cache, fd, temporary, name, write_entry(fd, key, path));
	if (code)
		return code;
	fsync(cache->folder_fd);
	prune(cache);
	return 0;
}
