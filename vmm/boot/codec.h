/* Decompression by the system's zlib, libbz2 and libzstd, which are loaded when a compressed
 * kernel comes, not before: almost no run needs them. */
#ifndef WALNUT_VMM_BOOT_CODEC_H
#define WALNUT_VMM_BOOT_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "boot/decompress.h"

struct codec_buffers {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

enum codec_step {
	CODEC_GOES_ON,
	CODEC_END, /* of the compressed data */
	CODEC_BROKEN,
};

struct codec;

/* NULL: not there, or out of memory. */
struct codec *codec_open(enum compression compression);
void codec_close(struct codec *codec);

/* Moves on as far as both buffers allow. */
enum codec_step codec_step(struct codec *codec, struct codec_buffers *buffers);

/* The library's file name. */
const char *codec_library(enum compression compression);

#endif
