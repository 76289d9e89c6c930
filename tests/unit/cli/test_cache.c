/* The image cache: whole entries or none. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>

#include "cache.h"

#define IMAGE_SIZE 300000

static struct cache opened(const char *folder)
{
	struct cache cache;

	setenv("XDG_CACHE_HOME", folder, 1);
	assert_int_equal(cache_open(&cache), 0);
	assert_true(cache.folder_fd >= 0);
	return cache;
}

static struct key key_of(uint8_t byte)
{
	struct key key;

	memset(key.bytes, byte, sizeof(key.bytes));
	return key;
}

static void make_image(const char *path)
{
	uint8_t *image = malloc(IMAGE_SIZE);

	assert_non_null(image);
	for (size_t i = 0; i < IMAGE_SIZE; i++)
		image[i] = (uint8_t)(i * 2654435761u >> 13);
	write_file(path, image, IMAGE_SIZE);
	free(image);
}

static void entry_path(const char *folder, const struct key *key, char path[PATH_MAX])
{
	char name[2 * KEY_SIZE + 1];

	key_text(key, name);
	snprintf(path, PATH_MAX, "%s/walnut/%s", folder, name);
}

static unsigned files_in(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *item;
	unsigned count = 0;

	assert_non_null(folder);
	while ((item = readdir(folder)))
		count += item->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void what_was_stored_is_found(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(1), other = key_of(2);
	uint8_t *image, *kept = malloc(IMAGE_SIZE);
	size_t size;
	int fd;

	make_image("image");
	assert_int_equal(cache_lookup(&cache, &key), -ENOENT);
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	assert_int_equal(cache_lookup(&cache, &other), -ENOENT);
	fd = cache_lookup(&cache, &key);
	assert_true(fd >= 0);
	image = (uint8_t *)read_file("image", &size);
	assert_int_equal(pread(fd, kept, IMAGE_SIZE, 0), IMAGE_SIZE);
	assert_memory_equal(kept, image, IMAGE_SIZE);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
	free(image);
	free(kept);
	cache_close(&cache);
}

static void storing_again_replaces(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(1);
	struct stat status;
	int fd;

	make_image("image");
	write_file("small", "elf", 3);
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	assert_int_equal(cache_store(&cache, &key, "small"), 0);
	fd = cache_lookup(&cache, &key);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(status.st_size < 1000);
	close(fd);
	assert_int_equal(files_in("walnut"), 1);
	cache_close(&cache);
}

/* Each damage is noticed, the entry removed, and a new one accepted. */
static void a_damaged_entry_is_not_used(void **state)
{
	static const struct {
		const char *what;
		off_t size; /* cut to, or -1 */
		off_t at;   /* byte that is changed, from the end where negative; size -1 */
	} cases[] = {
		{ "empty", 0, 0 },
		{ "one byte", 1, 0 },
		{ "half", IMAGE_SIZE / 2, 0 },
		{ "image without trailer", IMAGE_SIZE, 0 },
		{ "cut by a byte", IMAGE_SIZE + 71, 0 },
		{ "first byte changed", -1, 0 },
		{ "last image byte changed", -1, IMAGE_SIZE - 1 },
		{ "trailer's magic changed", -1, IMAGE_SIZE },
		{ "trailer's size changed", -1, IMAGE_SIZE + 8 },
		{ "trailer's key changed", -1, IMAGE_SIZE + 16 },
		{ "trailer's sum changed", -1, -1 },
	};
	struct cache cache = opened(*state);
	struct key key = key_of(7);
	char path[PATH_MAX];

	make_image("image");
	entry_path(*state, &key, path);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd;

		assert_int_equal(cache_store(&cache, &key, "image"), 0);
		fd = open(path, O_RDWR);
		assert_true(fd >= 0);
		if (cases[i].size >= 0) {
			assert_int_equal(ftruncate(fd, cases[i].size), 0);
		} else {
			off_t end = lseek(fd, 0, SEEK_END);
			off_t at = cases[i].at < 0 ? end + cases[i].at : cases[i].at;
			uint8_t byte;

			assert_int_equal(pread(fd, &byte, 1, at), 1);
			byte ^= 0x10;
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
		close(fd);
		fd = cache_lookup(&cache, &key);
		if (fd != -ENOENT || access(path, F_OK) == 0)
			fail_msg("%s: %d", cases[i].what, fd);
	}
	cache_close(&cache);
}

/* Zeros where data should be are what a file system leaves after a power cut. */
static void a_hole_in_an_entry_is_noticed(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(7);
	char path[PATH_MAX];
	int fd;

	make_image("image");
	entry_path(*state, &key, path);
	for (size_t start = 0; start < 64 * 1024; start += 16 * 1024) {
		char zeros[32 * 1024] = { 0 };

		assert_int_equal(cache_store(&cache, &key, "image"), 0);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros), (off_t)start), sizeof(zeros));
		close(fd);
		assert_int_equal(cache_lookup(&cache, &key), -ENOENT);
	}
	cache_close(&cache);
}

static void a_link_or_folder_is_no_entry(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(3), folder_key = key_of(4);
	char path[PATH_MAX];

	make_image("image");
	entry_path(*state, &key, path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_true(cache_lookup(&cache, &key) < 0);
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	close(cache_lookup(&cache, &key));
	entry_path(*state, &folder_key, path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(cache_lookup(&cache, &folder_key) < 0);
	cache_close(&cache);
}

static void folders_are_made_private(void **state)
{
	char path[PATH_MAX];
	struct cache cache;
	struct stat status;

	snprintf(path, sizeof(path), "%s/a/b", (char *)*state);
	cache = opened(path);
	assert_int_equal(stat("a/b/walnut", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	cache_close(&cache);
}

static void home_is_used_where_xdg_says_nothing(void **state)
{
	struct cache cache;

	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", *state, 1);
	assert_int_equal(cache_open(&cache), 0);
	assert_int_equal(access(".cache/walnut", F_OK), 0);
	cache_close(&cache);
	setenv("XDG_CACHE_HOME", "relative", 1);
	assert_int_equal(cache_open(&cache), 0);
	assert_int_equal(access("relative", F_OK), -1);
	cache_close(&cache);
}

static void without_a_place_there_is_no_cache(void **state)
{
	struct key key = key_of(1);
	struct cache cache;

	(void)state;
	make_image("image");
	unsetenv("HOME");
	for (unsigned i = 0; i < 3; i++) {
		static const char *const places[] = { "", "/dev/null/cache", "/proc/nowhere" };

		setenv("XDG_CACHE_HOME", places[i], 1);
		assert_true(cache_open(&cache) < 0);
		assert_int_equal(cache.folder_fd, -1);
		assert_int_equal(cache_lookup(&cache, &key), -ENOENT);
		assert_int_equal(cache_store(&cache, &key, "image"), -ENOENT);
		cache_close(&cache);
	}
}

/* A limit on the size of files behaves as a disk that fills up. */
static void a_full_disk_leaves_nothing(void **state)
{
	struct cache cache = opened(*state);
	struct rlimit old, small = { IMAGE_SIZE / 2, RLIM_INFINITY };
	struct key key = key_of(1);

	make_image("image");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(cache_store(&cache, &key, "image"), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(files_in("walnut"), 0);
	assert_int_equal(cache_lookup(&cache, &key), -ENOENT);
	cache_close(&cache);
}

static void a_missing_image_is_an_error(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(1);

	assert_int_equal(cache_store(&cache, &key, "nothing"), -ENOENT);
	assert_int_equal(files_in("walnut"), 0);
	cache_close(&cache);
}

/* Whoever can put an image there decides what runs. */
static void a_cache_that_others_write_to_is_not_used(void **state)
{
	struct cache cache;

	setenv("XDG_CACHE_HOME", *state, 1);
	assert_int_equal(mkdir("walnut", 0700), 0);
	assert_int_equal(chmod("walnut", 0770), 0);
	assert_int_equal(cache_open(&cache), -EPERM);
	assert_int_equal(cache.folder_fd, -1);
	assert_int_equal(chmod("walnut", 0702), 0);
	assert_int_equal(cache_open(&cache), -EPERM);
	assert_int_equal(chmod("walnut", 0755), 0);
	assert_int_equal(cache_open(&cache), 0);
	cache_close(&cache);
	if (geteuid() == 0) {
		assert_int_equal(chown("walnut", 1, (gid_t)-1), 0);
		assert_int_equal(cache_open(&cache), -EPERM);
	}
}

static void old_temporary_files_go_young_ones_stay(void **state)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - 7200 }, { .tv_sec = time(NULL) - 7200 } };
	struct cache cache = opened(*state);
	struct key key = key_of(1);

	make_image("image");
	write_file("walnut/tmp-1-1", "old", 3);
	write_file("walnut/tmp-2-2", "young", 5);
	write_file("walnut/sum-1", "old", 3);
	write_file("walnut/sum-2", "young", 5);
	assert_int_equal(utimensat(AT_FDCWD, "walnut/sum-1", (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), 0);
	write_file("walnut/notes.txt", "the user's", 10);
	assert_int_equal(utimensat(AT_FDCWD, "walnut/tmp-1-1", times, 0), 0);
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	assert_int_equal(access("walnut/tmp-1-1", F_OK), -1);
	assert_int_equal(access("walnut/tmp-2-2", F_OK), 0);
	assert_int_equal(access("walnut/sum-1", F_OK), -1);
	assert_int_equal(access("walnut/sum-2", F_OK), 0);
	assert_int_equal(access("walnut/notes.txt", F_OK), 0);
	cache_close(&cache);
}

/* Sparse files stand for large images. */
static void the_entries_used_least_recently_go_first(void **state)
{
	struct cache cache = opened(*state);
	struct key key = key_of(0);
	char path[PATH_MAX];

	make_image("image");
	for (uint8_t i = 1; i <= 3; i++) {
		time_t used = time(NULL) - 100000 * i;
		struct timespec times[2] = { { .tv_sec = used }, { .tv_sec = used } };
		struct key old = key_of(i);

		entry_path(*state, &old, path);
		write_file(path, "", 0);
		if (truncate(path, (off_t)(CACHE_BYTES_MAX / 4 * 3 / 2)) != 0) {
			cache_close(&cache);
			skip();
		}
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	}
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	for (uint8_t i = 0; i <= 3; i++) {
		struct key entry = key_of(i);

		entry_path(*state, &entry, path);
		assert_int_equal(access(path, F_OK), i == 3 ? -1 : 0);
	}
	cache_close(&cache);
}

static void using_an_entry_makes_it_young(void **state)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - 100000 }, { .tv_sec = time(NULL) - 100000 } };
	struct cache cache = opened(*state);
	struct key key = key_of(1);
	struct stat status;
	char path[PATH_MAX];
	int fd;

	make_image("image");
	assert_int_equal(cache_store(&cache, &key, "image"), 0);
	entry_path(*state, &key, path);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	fd = cache_lookup(&cache, &key);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_true(time(NULL) - status.st_mtime < 1000);
	close(fd);
	cache_close(&cache);
}

/* Writers and readers of one key at once: a reader finds a whole entry or none. */
static void concurrent_use_is_safe(void **state)
{
	pid_t writers[3];

	make_image("image");
	for (unsigned i = 0; i < 3; i++) {
		writers[i] = fork();
		if (writers[i] == 0) {
			struct cache cache = opened(*state);
			struct key key = key_of(9);
			int failures = 0;

			for (unsigned round = 0; round < 20; round++) {
				int fd;

				failures += cache_store(&cache, &key, "image") != 0;
				fd = cache_lookup(&cache, &key);
				failures += fd < 0;
				close(fd);
			}
			_exit(failures);
		}
	}
	for (unsigned i = 0; i < 3; i++) {
		int status;

		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(files_in("walnut"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(what_was_stored_is_found),
		test_in_folder(storing_again_replaces),
		test_in_folder(a_damaged_entry_is_not_used),
		test_in_folder(a_hole_in_an_entry_is_noticed),
		test_in_folder(a_link_or_folder_is_no_entry),
		test_in_folder(folders_are_made_private),
		test_in_folder(home_is_used_where_xdg_says_nothing),
		test_in_folder(without_a_place_there_is_no_cache),
		test_in_folder(a_full_disk_leaves_nothing),
		test_in_folder(a_missing_image_is_an_error),
		test_in_folder(a_cache_that_others_write_to_is_not_used),
		test_in_folder(old_temporary_files_go_young_ones_stay),
		test_in_folder(the_entries_used_least_recently_go_first),
		test_in_folder(using_an_entry_makes_it_young),
		test_in_folder(concurrent_use_is_safe),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
