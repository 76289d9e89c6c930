/* One small adapter for each library. */
#include "boot/codec.h"

#include <bzlib.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (16 + MAX_WBITS) /* a gzip header, any window */

struct codec_ops {
	const char *library;
	const char *symbols[3]; /* to begin, to go on, to end */
	bool (*begin)(struct codec *codec);
	enum codec_step (*step)(struct codec *codec, struct codec_buffers *buffers);
	void (*end)(struct codec *codec);
};

struct codec {
	const struct codec_ops *ops;
	void *library;
	void *symbols[3];
	union {
		z_stream gzip;
		bz_stream bzip2;
		ZSTD_DStream *zstd;
	};
};

/* A symbol as a function of the type that the library's header declares. */
#define CALL(codec, number, declared) (*(__typeof__(&declared))(codec)->symbols[number])

static unsigned clamp(size_t size)
{
	return size < UINT_MAX ? (unsigned)size : UINT_MAX;
}

static void moved(struct codec_buffers *b, size_t in, size_t out)
{
	b->in += in;
	b->in_left -= in;
	b->out += out;
	b->out_left -= out;
}

static bool gzip_begin(struct codec *codec)
{
	return CALL(codec, 0, inflateInit2_)(&codec->gzip, GZIP_WINDOW, ZLIB_VERSION, sizeof(z_stream)) == Z_OK;
}

static enum codec_step gzip_step(struct codec *codec, struct codec_buffers *b)
{
	z_stream *z = &codec->gzip;
	unsigned in = clamp(b->in_left), out = clamp(b->out_left);
	int result;

	z->next_in = (Bytef *)b->in;
	z->avail_in = in;
	z->next_out = b->out;
	z->avail_out = out;
	result = CALL(codec, 1, inflate)(z, Z_NO_FLUSH);
	moved(b, in - z->avail_in, out - z->avail_out);
	if (result == Z_STREAM_END)
		return CODEC_END;
	return result == Z_OK || result == Z_BUF_ERROR ? CODEC_GOES_ON : CODEC_BROKEN;
}

static void gzip_end(struct codec *codec)
{
	CALL(codec, 2, inflateEnd)(&codec->gzip);
}

static bool bzip2_begin(struct codec *codec)
{
	return CALL(codec, 0, BZ2_bzDecompressInit)(&codec->bzip2, 0, 0) == BZ_OK;
}

static enum codec_step bzip2_step(struct codec *codec, struct codec_buffers *b)
{
	bz_stream *bz = &codec->bzip2;
	unsigned in = clamp(b->in_left), out = clamp(b->out_left);
	int result;

	bz->next_in = (char *)b->in;
	bz->avail_in = in;
	bz->next_out = (char *)b->out;
	bz->avail_out = out;
	result = CALL(codec, 1, BZ2_bzDecompress)(bz);
	moved(b, in - bz->avail_in, out - bz->avail_out);
	if (result == BZ_STREAM_END)
		return CODEC_END;
	return result == BZ_OK ? CODEC_GOES_ON : CODEC_BROKEN;
}

static void bzip2_end(struct codec *codec)
{
	CALL(codec, 2, BZ2_bzDecompressEnd)(&codec->bzip2);
}

static bool zstd_begin(struct codec *codec)
{
	codec->zstd = CALL(codec, 0, ZSTD_createDStream)();
	return codec->zstd != NULL;
}

static enum codec_step zstd_step(struct codec *codec, struct codec_buffers *b)
{
	ZSTD_inBuffer in = { b->in, b->in_left, 0 };
	ZSTD_outBuffer out = { b->out, b->out_left, 0 };
	size_t hint = CALL(codec, 1, ZSTD_decompressStream)(codec->zstd, &out, &in);

	moved(b, in.pos, out.pos);
	/* Its errors are the numbers that no size hint reaches (ZSTD_isError()). */
	if (hint > SIZE_MAX / 2)
		return CODEC_BROKEN;
	return hint == 0 ? CODEC_END : CODEC_GOES_ON;
}

static void zstd_end(struct codec *codec)
{
	CALL(codec, 2, ZSTD_freeDStream)(codec->zstd);
}

static const struct codec_ops codecs[] = {
	[COMPRESSION_GZIP] = { "libz.so.1", { "inflateInit2_", "inflate", "inflateEnd" },
			       gzip_begin, gzip_step, gzip_end },
	[COMPRESSION_BZIP2] = { "libbz2.so.1.0", { "BZ2_bzDecompressInit", "BZ2_bzDecompress", "BZ2_bzDecompressEnd" },
				bzip2_begin, bzip2_step, bzip2_end },
	[COMPRESSION_ZSTD] = { "libzstd.so.1", { "ZSTD_createDStream", "ZSTD_decompressStream", "ZSTD_freeDStream" },
			       zstd_begin, zstd_step, zstd_end },
};

const char *codec_library(enum compression compression)
{
	return codecs[compression].library;
}

static bool load(struct codec *codec)
{
	codec->library = dlopen(codec->ops->library, RTLD_NOW | RTLD_LOCAL);
	for (unsigned i = 0; codec->library && i < 3; i++) {
		codec->symbols[i] = dlsym(codec->library, codec->ops->symbols[i]);
		if (!codec->symbols[i])
			return false;
	}
	return codec->library && codec->ops->begin(codec);
}

struct codec *codec_open(enum compression compression)
{
	struct codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return NULL;
	codec->ops = &codecs[compression];
	if (load(codec))
		return codec;
	if (codec->library)
		dlclose(codec->library);
	free(codec);
	return NULL;
}

void codec_close(struct codec *codec)
{
	codec->ops->end(codec);
	dlclose(codec->library);
	free(codec);
}

enum codec_step codec_step(struct codec *codec, struct codec_buffers *buffers)
{
	return codec->ops->step(codec, buffers);
}
