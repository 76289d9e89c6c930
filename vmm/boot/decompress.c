/* Finds and unpacks the kernel in a compressed image. A bzImage says where it is; in other
 * files (an EFI image, or just the compressed kernel) it is where its magic number is and
 * an ELF file comes out. */
#include "boot/decompress.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/bzimage.h"
#include "boot/codec.h"
#include "boot/elf.h"
#include "boot/image_file.h"
#include "failure.h"

#define IN_SIZE (64u << 10)
#define OUT_SIZE (256u << 10)
#define PLAIN_MAX (256ull << 20) /* a kernel is some 50 MiB */
#define CANDIDATES_MAX 64      /* magic numbers that may turn out to be something else */

static const struct {
	const char *name;
	uint8_t magic[4];
	unsigned size;
} formats[] = {
	[COMPRESSION_GZIP] = { "gzip", { 0x1f, 0x8b, 0x08 }, 3 },
	[COMPRESSION_BZIP2] = { "bzip2", { 'B', 'Z', 'h' }, 3 },
	[COMPRESSION_ZSTD] = { "Zstandard", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
};

struct unpacking {
	const struct image_file *file;
	struct codec *codec;
	uint64_t offset; /* of what is read next */
	int out;	 /* memfd */
	uint64_t written;
	uint8_t *in_buffer, *out_buffer;
};

static int write_all(struct unpacking *u, size_t size)
{
	const uint8_t *at = u->out_buffer;

	while (size > 0) {
		ssize_t n = write(u->out, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failure_errno(u->file->failure, n < 0 ? -errno : -EIO, "%s: cannot unpack", u->file->name);
		at += n;
		size -= (size_t)n;
		u->written += (uint64_t)n;
	}
	return 0;
}

/* -ENOEXEC: it is not a compressed ELF file, and only then another place may be tried. */
static int unpack(struct unpacking *u)
{
	struct codec_buffers b = { .in = u->in_buffer };
	enum codec_step step = CODEC_GOES_ON;

	while (step == CODEC_GOES_ON) {
		size_t room, out;
		int error;

		if (b.in_left == 0) {
			uint64_t left = u->file->size - u->offset;

			if (left == 0)
				return -ENOEXEC;
			b.in = u->in_buffer;
			b.in_left = left < IN_SIZE ? left : IN_SIZE;
			error = image_file_read(u->file, u->in_buffer, b.in_left, u->offset);
			if (error)
				return error == -ENOEXEC ? -EIO : error;
			u->offset += b.in_left;
		}
		/* All that this input gives, whatever the library keeps back. */
		do {
			b.out = u->out_buffer;
			b.out_left = OUT_SIZE;
			step = codec_step(u->codec, &b);
			room = b.out_left;
			out = OUT_SIZE - room;
			if (step == CODEC_BROKEN)
				return -ENOEXEC;
			if (u->written == 0 && out >= SELFMAG && !elf_recognise(u->out_buffer))
				return -ENOEXEC;
			if (u->written + out > PLAIN_MAX)
				return failure_set(u->file->failure, -EFBIG, "%s: unpacks to more than %llu MiB",
						   u->file->name, PLAIN_MAX >> 20);
			error = write_all(u, out);
			if (error)
				return error;
		} while (step == CODEC_GOES_ON && room == 0);
	}
	return u->written >= SELFMAG ? 0 : -ENOEXEC;
}

static int try_at(struct unpacking *u, enum compression compression, uint64_t offset)
{
	int error;

	u->codec = codec_open(compression);
	if (!u->codec)
		return failure_set(u->file->failure, -ENOTSUP, "%s: a %s kernel needs %s, which cannot be loaded",
				   u->file->name, formats[compression].name, codec_library(compression));
	u->offset = offset;
	u->written = 0;
	if (ftruncate(u->out, 0) != 0 || lseek(u->out, 0, SEEK_SET) != 0)
		error = failure_errno(u->file->failure, -errno, "%s: cannot unpack", u->file->name);
	else
		error = unpack(u);
	codec_close(u->codec);
	return error;
}

/* The next place after `from` where the magic number is, or the file's size. */
static int find_magic(struct unpacking *u, enum compression compression, uint64_t from, uint64_t *found)
{
	unsigned size = formats[compression].size;

	while (from < u->file->size && u->file->size - from >= size) {
		uint64_t left = u->file->size - from;
		size_t here = left < IN_SIZE ? left : IN_SIZE;
		const uint8_t *at;
		int error = image_file_read(u->file, u->in_buffer, here, from);

		if (error)
			return error;
		at = memmem(u->in_buffer, here, formats[compression].magic, size);
		if (at) {
			*found = from + (uint64_t)(at - u->in_buffer);
			return 0;
		}
		from += here - (size - 1); /* it may lie across the border */
	}
	*found = u->file->size;
	return 0;
}

static int search(struct unpacking *u, enum compression compression)
{
	uint64_t at = 0;
	int error = 0;

	for (unsigned i = 0; i < CANDIDATES_MAX && !error; i++) {
		error = find_magic(u, compression, at, &at);
		if (error || at == u->file->size)
			break;
		error = try_at(u, compression, at++);
		if (error != -ENOEXEC)
			return error;
		error = 0;
	}
	return error ? error : -ENOEXEC;
}

/* Where a bzImage says that its payload is; 0: it is none, or says nothing. */
static uint64_t payload_offset(const struct image_file *file)
{
	uint8_t beginning[BZIMAGE_MAGIC_END];
	struct failure *failure = file->failure;
	struct bzimage image;
	uint64_t offset;

	if (file->size < sizeof(beginning) || image_file_read(file, beginning, sizeof(beginning), 0) ||
	    !bzimage_recognise(beginning, sizeof(beginning)) || bzimage_open(file, &image))
		offset = 0;
	else
		offset = image.kernel_offset + image.header.payload_offset;
	failure->text[0] = '\0'; /* other things may work */
	return offset < file->size ? offset : 0;
}

static int find_and_unpack(struct unpacking *u, enum compression compression)
{
	uint64_t offset = payload_offset(u->file);
	int error = offset ? try_at(u, compression, offset) : -ENOEXEC;

	if (error == -ENOEXEC)
		error = search(u, compression);
	if (error == -ENOEXEC)
		failure_set(u->file->failure, error, "%s: no kernel compressed by %s in it", u->file->name,
			    formats[compression].name);
	return error;
}

int decompress_payload(const struct image_file *file, enum compression compression, struct image_file *plain)
{
	struct unpacking u = {
		.file = file,
		.out = memfd_create("kernel", MFD_CLOEXEC),
		.in_buffer = malloc(IN_SIZE),
		.out_buffer = malloc(OUT_SIZE),
	};
	int error;

	if (u.out < 0 || !u.in_buffer || !u.out_buffer)
		error = failure_set(file->failure, -ENOMEM, "%s: no memory to unpack it", file->name);
	else
		error = find_and_unpack(&u, compression);
	free(u.in_buffer);
	free(u.out_buffer);
	if (!error)
		error = image_file_from(plain, u.out, file->name, file->failure);
	if (error && u.out >= 0)
		close(u.out);
	return error;
}
