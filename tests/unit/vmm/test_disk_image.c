/* vmm/block/: opening, locking, reading and writing disk images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/disk_image.h"
#include "failure.h"

#define SIZE (256u << 10)
#define SKIPPED 77

struct fixture {
	char folder[64];
	char path[96];
	int file;
	uint8_t model[SIZE]; /* what the image should contain */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->folder, "/tmp/walnut-test-image-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/disk", f->folder);
	f->file = open(f->path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(f->file >= 0);
	srandom(1);
	for (size_t i = 0; i < SIZE; i++)
		f->model[i] = (uint8_t)random();
	assert_int_equal(pwrite(f->file, f->model, SIZE, 0), SIZE);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->file);
	unlink(f->path);
	rmdir(f->folder);
	free(f);
	return 0;
}

static int try_open(const char *path, bool read_only, struct failure *failure)
{
	struct disk_image image = { 0 };
	int error = disk_image_open(&image, path, read_only, false, failure);

	disk_image_close(&image);
	return error;
}

static void what_is_no_image_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct failure failure;
	char path[128];

	assert_int_equal(try_open("/nonexistent/disk", false, &failure), -ENOENT);
	assert_string_equal(failure.text, "disk /nonexistent/disk: No such file or directory");
	assert_int_equal(try_open(f->folder, false, &failure), -EISDIR);
	assert_int_equal(try_open(f->folder, true, &failure), -EISDIR);
	assert_non_null(strstr(failure.text, "is a directory"));
	assert_int_equal(try_open("/dev/zero", true, &failure), -EINVAL);
	assert_string_equal(failure.text, "disk /dev/zero: neither a file nor a block device");
	snprintf(path, sizeof(path), "%s/pipe", f->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(try_open(path, true, &failure), -EINVAL); /* and does not wait for a writer */
	unlink(path);
	assert_int_equal(ftruncate(f->file, 511), 0);
	assert_int_equal(try_open(f->path, false, &failure), -EINVAL);
	assert_non_null(strstr(failure.text, "smaller than a sector"));
}

/* Runs the function in a process of its own; its value. */
static int in_child(int (*function)(struct fixture *f), struct fixture *f)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(function(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int as_nobody(struct fixture *f)
{
	struct failure failure;

	if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return SKIPPED;
	if (try_open(f->path, false, &failure) != -EACCES || !strstr(failure.text, "Permission denied"))
		return 1;
	return try_open(f->path, true, &failure) == 0 ? 0 : 2;
}

static void permissions_are_respected(void **state)
{
	struct fixture *f = *state;
	int result;

	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0444), 0);
	result = in_child(as_nobody, f);
	if (result == SKIPPED)
		skip();
	assert_int_equal(result, 0);
}

static void an_image_has_one_writer_or_many_readers(void **state)
{
	struct fixture *f = *state;
	struct disk_image first = { 0 };
	struct failure failure;

	assert_int_equal(disk_image_open(&first, f->path, false, false, &failure), 0);
	assert_int_equal(try_open(f->path, false, &failure), -EBUSY);
	assert_non_null(strstr(failure.text, "disk image busy"));
	assert_int_equal(try_open(f->path, true, &failure), -EBUSY);
	disk_image_close(&first);

	first = (struct disk_image){ 0 };
	assert_int_equal(disk_image_open(&first, f->path, true, false, &failure), 0);
	assert_int_equal(try_open(f->path, true, &failure), 0);
	assert_int_equal(try_open(f->path, false, &failure), -EBUSY);
	disk_image_close(&first);
	assert_int_equal(try_open(f->path, false, &failure), 0);
}

/* As in a program that was started with its standard input closed. */
static int with_descriptor_0(struct fixture *f)
{
	struct disk_image image = { 0 };
	struct failure failure;

	close(0);
	if (disk_image_open(&image, f->path, false, false, &failure) != 0 || image.fd != 0)
		return 1;
	disk_image_close(&image);
	return fcntl(0, F_GETFD) < 0 && try_open(f->path, false, &failure) == 0 ? 0 : 2;
}

static void descriptor_0_is_an_image_like_others(void **state)
{
	assert_int_equal(in_child(with_descriptor_0, *state), 0);
}

static void half_a_sector_at_the_end_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;

	assert_int_equal(ftruncate(f->file, 4096 + 300), 0);
	assert_int_equal(disk_image_open(&image, f->path, false, false, &failure), 0);
	assert_int_equal(image.size, 4096);
	disk_image_close(&image);
}

static uint64_t blocks(struct fixture *f)
{
	struct stat st;

	assert_int_equal(fstat(f->file, &st), 0);
	return (uint64_t)st.st_blocks;
}

static void images_stay_sparse(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;
	uint8_t byte[512] = { 1 };
	struct iovec iov = { byte, sizeof(byte) };

	assert_int_equal(ftruncate(f->file, 0), 0);
	assert_int_equal(ftruncate(f->file, 1 << 30), 0);
	assert_int_equal(disk_image_open(&image, f->path, false, false, &failure), 0);
	assert_int_equal(disk_image_write(&image, &iov, 1, 512 << 20), 0);
	assert_int_equal(disk_image_flush(&image), 0);
	assert_true(blocks(f) > 0 && blocks(f) < 1024);
	assert_int_equal(disk_image_zero(&image, 0, 64 << 20, true), 0);
	assert_true(blocks(f) < 1024);
	assert_int_equal(disk_image_discard(&image, 512 << 20, 4096), 0);
	assert_int_equal(blocks(f), 0);
	disk_image_close(&image);
}

static void a_file_that_shrank_gives_no_data(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;
	uint8_t bytes[1024];
	struct iovec iov = { bytes, sizeof(bytes) };

	assert_int_equal(disk_image_open(&image, f->path, false, false, &failure), 0);
	assert_int_equal(ftruncate(f->file, 512), 0);
	assert_int_equal(disk_image_read(&image, &iov, 1, 0), -ENODATA);
	disk_image_close(&image);
}

/* Random reads, writes and clearings of any alignment, compared with memory. */
static void compare_with_memory(struct fixture *f, struct disk_image *image)
{
	uint8_t *buffer = aligned_alloc(4096, SIZE + 4096);

	for (int i = 0; i < 2000; i++) {
		uint64_t offset = (uint64_t)random() % (SIZE / 512) * 512;
		uint64_t size = ((uint64_t)random() % (i % 10 ? 16 : SIZE / 512) + 1) * 512;
		uint8_t *at = buffer + (random() % 2 ? 0 : random() % 4096);
		uint64_t cut;
		struct iovec iov[2];

		if (i % 3 == 0) {
			offset &= ~4095ull;
			size = (size + 4095) & ~4095ull;
		}
		if (size > SIZE - offset)
			size = SIZE - offset;
		cut = (uint64_t)random() % (size + 1);
		iov[0] = (struct iovec){ at, cut };
		iov[1] = (struct iovec){ at + cut, size - cut };
		switch (random() % 4) {
		case 0:
			memset(f->model + offset, 0, size);
			assert_int_equal(disk_image_zero(image, offset, size, random() % 2), 0);
			break;
		case 1:
			memset(at, i, size);
			memcpy(f->model + offset, at, size);
			assert_int_equal(disk_image_write(image, iov, 2, offset), 0);
			break;
		default:
			assert_int_equal(disk_image_read(image, iov, 2, offset), 0);
			assert_memory_equal(at, f->model + offset, size);
		}
	}
	assert_int_equal(pread(f->file, buffer, SIZE, 0), SIZE);
	assert_memory_equal(buffer, f->model, SIZE);
	free(buffer);
}

static void cached_access_of_any_alignment(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;

	assert_int_equal(disk_image_open(&image, f->path, false, false, &failure), 0);
	compare_with_memory(f, &image);
	disk_image_close(&image);
}

static void direct_access_of_any_alignment(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;

	if (disk_image_open(&image, f->path, false, true, &failure) != 0)
		skip(); /* not on this file system */
	compare_with_memory(f, &image);
	/* As on a disk with large blocks. */
	image.memory_align = image.offset_align = 4096;
	compare_with_memory(f, &image);
	disk_image_close(&image);
}

/* However much of it there is, it is from the start of the range, and right. */
static void what_is_in_memory_is_read_at_once(void **state)
{
	struct fixture *f = *state;
	struct disk_image image = { 0 };
	struct failure failure;
	uint8_t *bytes = malloc(SIZE);

	assert_int_equal(disk_image_open(&image, f->path, false, false, &failure), 0);
	for (int round = 0; round < 3; round++) {
		struct iovec iov[2] = { { bytes, 1000 }, { bytes + 1000, SIZE - 1000 } };
		uint64_t done;

		if (round == 1) { /* away with it; the middle comes back */
			assert_int_equal(fdatasync(f->file), 0);
			assert_int_equal(posix_fadvise(f->file, 0, 0, POSIX_FADV_DONTNEED), 0);
			assert_int_equal(pread(f->file, bytes, 4096, SIZE / 2), 4096);
		}
		memset(bytes, 0, SIZE);
		done = disk_image_read_cached(&image, iov, 2, 0);
		assert_true(done <= SIZE);
		assert_memory_equal(bytes, f->model, done);
		assert_int_equal(disk_image_read(&image, iov, 2, 0), 0);
		assert_memory_equal(bytes, f->model, SIZE);
	}
	disk_image_close(&image);
	free(bytes);
}

/* A file system with no room left. */
static int on_a_full_disk(struct fixture *f)
{
	struct disk_image image = { 0 };
	struct failure failure;
	static uint8_t bytes[128 << 10] = { 1 };
	struct iovec iov = { bytes, sizeof(bytes) };
	int fd;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", f->folder, "tmpfs", 0, "size=64k") != 0)
		return SKIPPED;
	fd = open(f->path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 1 << 20) != 0)
		return SKIPPED;
	if (disk_image_open(&image, f->path, false, false, &failure) != 0)
		return 1;
	if (disk_image_write(&image, &iov, 1, 0) != -ENOSPC)
		return 2;
	iov = (struct iovec){ bytes, 4096 };
	if (disk_image_read(&image, &iov, 1, 0) != 0)
		return 3;
	return disk_image_discard(&image, 0, 1 << 20) == 0 ? 0 : 4;
}

static void a_full_file_system_is_told(void **state)
{
	struct fixture *f = *state;
	int result = in_child(on_a_full_disk, f);

	if (result == SKIPPED)
		skip();
	assert_int_equal(result, 0);
}

#define ON_AN_IMAGE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_AN_IMAGE(what_is_no_image_is_refused_by_name),
		ON_AN_IMAGE(permissions_are_respected),
		ON_AN_IMAGE(an_image_has_one_writer_or_many_readers),
		ON_AN_IMAGE(descriptor_0_is_an_image_like_others),
		ON_AN_IMAGE(half_a_sector_at_the_end_is_left_out),
		ON_AN_IMAGE(images_stay_sparse),
		ON_AN_IMAGE(a_file_that_shrank_gives_no_data),
		ON_AN_IMAGE(cached_access_of_any_alignment),
		ON_AN_IMAGE(direct_access_of_any_alignment),
		ON_AN_IMAGE(what_is_in_memory_is_read_at_once),
		ON_AN_IMAGE(a_full_file_system_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
