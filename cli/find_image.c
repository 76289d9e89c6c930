#include "find_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "fail.h"
#include "process.h"

struct request {
	struct source *source;
	const struct compile_settings *settings;
	struct scratch *scratch;
	struct toolchain_times *times;
};

/* Into the cache, unless the module was written to while the compiler read it: the key is
 * that of what we read before. */
static void keep(const struct request *request, const struct key *key, const struct cache *cache,
		 const char *image)
{
	bool verbose = request->settings->verbose;
	int code;

	if (!source_is_unchanged(request->source))
		note(verbose, "image not kept: the module has changed meanwhile");
	else if ((code = cache_store(cache, key, image)))
		note(verbose, "image not kept: cache: %s", strerror(-code));
}

static int build(const struct request *request, const struct paths *paths, const struct key *key,
		 const struct cache *cache, int *image_fd)
{
	const struct compile_settings *settings = request->settings;
	struct process_hold hold;
	char image[PATH_MAX];
	int status;

	process_hold(&hold);
	note(settings->verbose, "%s: compiling for %s", request->source->name,
	     settings->target_cpu ? settings->target_cpu : "any processor");
	status = toolchain_build(paths, request->source, settings, request->scratch, image, request->times);
	if (!status) {
		*image_fd = open(image, O_RDONLY | O_CLOEXEC);
		if (*image_fd < 0)
			status = fail("%s: %s", image, strerror(errno));
	}
	if (!status && key)
		keep(request, key, cache, image);
	/* The descriptor is enough from here on. */
	scratch_remove(request->scratch);
	process_release(&hold);
	return status;
}

/* What is no module does not get a key: the compiler says what is wrong. */
static bool may_have_key(const struct source *source)
{
	return source->kind == SOURCE_TEXT || (source->kind != SOURCE_ELF && source->size >= 8 &&
					       memcmp(source->bytes, "\0asm", 4) == 0);
}

int find_image(struct source *source, const struct compile_settings *settings, bool use_cache,
	       struct scratch *scratch, struct toolchain_times *times, int *image_fd)
{
	struct request request = { source, settings, scratch, times };
	struct cache cache = { .folder_fd = -1 };
	struct paths paths;
	struct key key;
	int code, status = paths_find(&paths);
	bool keyed;

	*image_fd = -1;
	if (status)
		return status;
	keyed = use_cache && may_have_key(source);
	if (keyed && (code = cache_open(&cache)))
		note(settings->verbose, "no image cache: %s", strerror(-code));
	keyed = keyed && cache.folder_fd >= 0 && key_make(&key, source, settings, &paths, &cache) == 0;
	if (keyed)
		*image_fd = cache_lookup(&cache, &key);
	if (*image_fd < 0) {
		*image_fd = -1;
		status = build(&request, &paths, keyed ? &key : NULL, &cache, image_fd);
	} else {
		note(settings->verbose, "%s: image from the cache", source->name);
	}
	cache_close(&cache);
	return status;
}
