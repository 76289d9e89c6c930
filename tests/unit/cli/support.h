/* A folder of the test's own, and files in it. */
#ifndef TEST_CLI_SUPPORT_H
#define TEST_CLI_SUPPORT_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The command has a function of this name. */
#undef fail
#undef fail_msg
#define fail_msg(message, ...)                                                                     \
	do {                                                                                       \
		print_error("ERROR: " message "\n", ##__VA_ARGS__);                               \
		_fail(__FILE__, __LINE__);                                                         \
	} while (0)

/* Group or test setup: *state is the folder's path, also the current folder. */
static inline int folder_make(void **state)
{
	char *path = strdup("/tmp/walnut-unit-XXXXXX");

	*state = path;
	return path && mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static inline int folder_remove(void **state)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", (char *)*state, (char *)*state);
	free(*state);
	return chdir("/") || system(command);
}

#define test_in_folder(function) cmocka_unit_test_setup_teardown(function, folder_make, folder_remove)

static inline void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* The file's content with a NUL after it, from malloc. */
static inline char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(data);
	*size = fread(data, 1, (1 << 20) - 1, file);
	data[*size] = '\0';
	fclose(file);
	return data;
}

/* Runs `call` with `stream` (1 or 2) going to a file in the current folder, and gives
 * what it wrote, from malloc. */
#define CAPTURE_FILE "captured"
static inline int capture_begin(int stream)
{
	int saved = dup(stream);
	FILE *file;

	fflush(NULL);
	file = fopen(CAPTURE_FILE, "w+b");
	assert_non_null(file);
	dup2(fileno(file), stream);
	fclose(file);
	return saved;
}

static inline char *capture_end(int stream, int saved)
{
	size_t size;

	fflush(NULL);
	dup2(saved, stream);
	close(saved);
	return read_file(CAPTURE_FILE, &size);
}

#endif
