#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "process.h"

static int map(struct source *source, const char *path, struct stat *status)
{
	void *memory;

	/* A pipe without a writer must not hold us up. */
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (source->fd < 0)
		return fail("%s: %s", source->name, strerror(errno));
	if (fstat(source->fd, status))
		return fail("%s: %s", source->name, strerror(errno));
	if (!S_ISREG(status->st_mode))
		return fail("%s: %s", source->name,
			    S_ISDIR(status->st_mode) ? "is a directory" : "not a regular file");
	source->size = (size_t)status->st_size;
	if (!source->size)
		return fail("%s: the file is empty", source->name);
	memory = mmap(NULL, source->size, PROT_READ, MAP_PRIVATE, source->fd, 0);
	if (memory == MAP_FAILED)
		return fail("%s: %s", source->name, strerror(errno));
	source->bytes = memory;
	/* Whoever reads it next has to see this file, not one that has taken its name. */
	snprintf(source->path, sizeof(source->path), "/proc/%ld/fd/%d", (long)getpid(), source->fd);
	return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t size = strlen(name), suffix_size = strlen(suffix);

	return size >= suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

/* The text format begins with "(" or a comment; the suffix decides for the rest. */
static bool looks_like_text(const struct source *source)
{
	size_t at = 0;

	if (has_suffix(source->name, ".wat") || has_suffix(source->name, ".wast"))
		return true;
	while (at < source->size && at < 4096 && isspace(source->bytes[at]))
		at++;
	return at < source->size && source->bytes[at] == '(';
}

int source_open(struct source *source, const char *name)
{
	*source = (struct source){ .name = name, .fd = -1 };
	if (strlen(name) >= PATH_MAX)
		return fail("%.60s…: %s", name, strerror(ENAMETOOLONG));
	if (map(source, name, &source->opened)) {
		source_close(source);
		return EXIT_WALNUT_FAILED;
	}
	if (source->size >= 4 && memcmp(source->bytes, "\0asm", 4) == 0)
		source->kind = SOURCE_MODULE;
	else if (source->size >= 4 && memcmp(source->bytes, "\177ELF", 4) == 0)
		source->kind = SOURCE_ELF;
	else
		source->kind = looks_like_text(source) ? SOURCE_TEXT : SOURCE_MODULE;
	return 0;
}

/* Passes on the first line that wat2wasm printed. It begins with the path it was given. */
static int convert_failed(const struct source *source, char *text)
{
	size_t size = strlen(source->path);

	*strchrnul(text, '\n') = '\0';
	if (strncmp(text, source->path, size) == 0)
		return fail("%s%s", source->name, text + size);
	return fail("%s: wat2wasm: %s", source->name, *text ? text : "no reason given");
}

int source_convert(struct source *source, struct scratch *scratch)
{
	const char *name = source->name;
	char output[PATH_MAX], errors[2048];
	const char *argv[] = { "wat2wasm", "--enable-all", "--debug-names", source->path, "-o", output, NULL };
	struct stat converted;
	int code;

	if (source->kind != SOURCE_TEXT)
		return 0;
	if (!scratch->path[0] && (code = scratch_make(scratch)))
		return fail("no folder for temporary files: %s", strerror(-code));
	if (scratch_name(scratch, SCRATCH_MODULE, output))
		return fail("%s: %s", name, strerror(ENAMETOOLONG));
	code = process_run(argv, errors, sizeof(errors));
	if (code == PROCESS_NOT_FOUND)
		return fail("%s: text format needs wat2wasm, which is not in PATH (package wabt)", name);
	if (code > 128 && !process_interrupted_by())
		return fail("%s: wat2wasm was ended by signal %d", name, code - 128);
	if (code > 128)
		return code;
	if (code)
		return code < 0 ? fail("%s: wat2wasm cannot be started", name) : convert_failed(source, errors);
	source_close(source);
	source->name = name;
	source->kind = SOURCE_MODULE;
	if (map(source, output, &converted)) {
		source_close(source);
		return EXIT_WALNUT_FAILED;
	}
	return 0;
}

bool source_is_unchanged(const struct source *source)
{
	const struct stat *then = &source->opened;
	struct stat now;

	return stat(source->name, &now) == 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
	       now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == then->st_mtim.tv_nsec && now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == then->st_ctim.tv_nsec;
}

void source_close(struct source *source)
{
	if (source->bytes)
		munmap((void *)source->bytes, source->size);
	if (source->fd >= 0)
		close(source->fd);
	source->bytes = NULL;
	source->fd = -1;
}
