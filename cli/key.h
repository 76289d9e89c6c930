/* The name of an image in the cache: a hash over all that its bytes depend on. */
#ifndef WALNUT_CLI_KEY_H
#define WALNUT_CLI_KEY_H

#include <stdint.h>

#include "paths.h"
#include "source.h"
#include "toolchain.h"

#define KEY_SIZE 32 /* BLAKE2b-256 */

struct cache;

struct key {
	uint8_t bytes[KEY_SIZE];
};

/* Module bytes, settings, the host's CPU where the settings say "native", Walnut's
 * version, and the identity (device, inode, size, mtime) of compiler, kernel and linker
 * script, so that a rebuilt Walnut makes new images. The cache (open or not) may
 * know the module's digest already. 0, or -1 when one of those files cannot be examined. */
int key_make(struct key *key, const struct source *source, const struct compile_settings *settings,
	     const struct paths *paths, const struct cache *cache);

/* 64 hexadecimal digits and a NUL. */
void key_text(const struct key *key, char text[2 * KEY_SIZE + 1]);

#endif
