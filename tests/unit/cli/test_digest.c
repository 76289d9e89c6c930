/* The digest of a module: remembered only where that cannot go wrong. */
#include "support.h"

#include <blake2.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "digest.h"

#define SIZE (1u << 20)
#define LATER (time(NULL) + 1000) /* when the files of this test have been left alone */

static uint8_t content[SIZE];

static struct source open_module(const char *path, size_t size)
{
	struct source source = { .name = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .size = size };

	assert_true(source.fd >= 0);
	return source;
}

static struct cache open_cache(const char *folder)
{
	struct cache cache;

	setenv("XDG_CACHE_HOME", folder, 1);
	assert_int_equal(cache_open(&cache), 0);
	return cache;
}

static void expect(const struct cache *cache, const struct source *source, time_t now)
{
	uint8_t got[DIGEST_SIZE], expected[DIGEST_SIZE];

	assert_int_equal(digest_source(cache, source, now, got), 0);
	blake2b(expected, content, NULL, DIGEST_SIZE, source->size, 0);
	assert_memory_equal(got, expected, DIGEST_SIZE);
}

/* Their number; the first one's name. */
static size_t memos(char path[PATH_MAX])
{
	glob_t found;
	size_t count = glob("walnut/" CACHE_MEMO_PREFIX "*", 0, NULL, &found) ? 0 : found.gl_pathc;

	if (count)
		snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
	globfree(&found);
	return count;
}

static bool remembers(void)
{
	struct statfs system;

	return statfs(".", &system) == 0 && system.f_type != TMPFS_MAGIC;
}

static void rewrite(const char *path, const struct digest_memo *memo)
{
	write_file(path, memo, sizeof(*memo));
}

static void what_is_remembered_is_used(void **state)
{
	struct cache cache = open_cache(*state);
	struct digest_memo memo;
	uint8_t got[DIGEST_SIZE];
	struct source source;
	char path[PATH_MAX];
	char *bytes;
	size_t size;

	write_file("module", content, SIZE);
	source = open_module("module", SIZE);
	expect(&cache, &source, LATER);
	expect(&cache, &source, LATER);
	if (!remembers())
		skip();
	assert_int_equal(memos(path), 1);
	bytes = read_file(path, &size);
	assert_int_equal(size, sizeof(memo));
	memcpy(&memo, bytes, size);
	free(bytes);
	/* Another digest with a good sum: it is taken, so nothing was hashed. */
	memo.digest[0] ^= 1;
	blake2b(memo.sum, &memo, NULL, sizeof(memo.sum), offsetof(struct digest_memo, sum), 0);
	rewrite(path, &memo);
	assert_int_equal(digest_source(&cache, &source, LATER, got), 0);
	assert_memory_equal(got, memo.digest, DIGEST_SIZE);
	/* Damaged, it is not. */
	memo.digest[1] ^= 1;
	rewrite(path, &memo);
	expect(&cache, &source, LATER);
	expect(&cache, &source, LATER);
	/* Nor as another file's. */
	memo.identity[1]++;
	blake2b(memo.sum, &memo, NULL, sizeof(memo.sum), offsetof(struct digest_memo, sum), 0);
	rewrite(path, &memo);
	expect(&cache, &source, LATER);
	write_file(path, "cut", 3);
	expect(&cache, &source, LATER);
	close(source.fd);
	cache_close(&cache);
}

/* The same size and times, as far as they can be set. */
static void a_changed_file_has_another_digest(void **state)
{
	struct cache cache = open_cache(*state);
	struct timespec times[2];
	struct source source;
	struct stat status;
	int fd;

	write_file("module", content, SIZE);
	source = open_module("module", SIZE);
	expect(&cache, &source, LATER);
	assert_int_equal(fstat(source.fd, &status), 0);
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	for (int turn = 0; turn < 3; turn++) {
		content[turn * 1000] ^= 1;
		usleep(20000); /* a tick, as whatever is remembered is far older than one */
		fd = open("module", O_WRONLY);
		assert_int_equal(pwrite(fd, content, SIZE, 0), SIZE);
		assert_int_equal(futimens(fd, times), 0);
		close(fd);
		expect(&cache, &source, LATER);
	}
	close(source.fd);
	cache_close(&cache);
}

static void nothing_is_remembered_of_new_small_or_changed_files(void **state)
{
	struct cache cache = open_cache(*state), none = { .folder_fd = -1 };
	struct source source;
	char path[PATH_MAX];

	write_file("module", content, SIZE);
	source = open_module("module", SIZE);
	expect(&cache, &source, time(NULL));
	expect(&none, &source, LATER);
	assert_int_equal(memos(path), 0);
	source.size = SIZE - 1; /* it has grown since it was mapped */
	expect(&cache, &source, LATER);
	close(source.fd);
	write_file("small", content, 1000);
	source = open_module("small", 1000);
	expect(&cache, &source, LATER);
	assert_int_equal(memos(path), 0);
	close(source.fd);
	cache_close(&cache);
}

static void a_file_that_shrinks_has_no_digest(void **state)
{
	struct cache cache = open_cache(*state);
	uint8_t digest[DIGEST_SIZE];
	struct source source;

	write_file("module", content, SIZE);
	source = open_module("module", SIZE);
	assert_int_equal(truncate("module", SIZE - 1), 0);
	assert_int_equal(digest_source(&cache, &source, LATER, digest), -1);
	close(source.fd);
	cache_close(&cache);
}

/* A run must not depend on it: as a full disk or a cache that is not ours would have it. */
static void what_cannot_be_remembered_is_hashed(void **state)
{
	struct cache cache = open_cache(*state);
	struct source source;
	char path[PATH_MAX];

	write_file("module", content, SIZE);
	source = open_module("module", SIZE);
	assert_int_equal(rmdir("walnut"), 0); /* the folder is gone, its descriptor is not */
	expect(&cache, &source, LATER);
	assert_int_equal(memos(path), 0);
	close(source.fd);
	cache_close(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(what_is_remembered_is_used),
		test_in_folder(a_changed_file_has_another_digest),
		test_in_folder(nothing_is_remembered_of_new_small_or_changed_files),
		test_in_folder(a_file_that_shrinks_has_no_digest),
		test_in_folder(what_cannot_be_remembered_is_hashed),
	};

	for (size_t i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 11);
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
