#include "key.h"

#include <blake2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "digest.h"
#include "host_cpu.h"

/* Each part goes in with its size, so that no two lists of parts look alike. */
static void add(blake2b_state *state, const void *data, size_t size)
{
	uint64_t count = size;

	blake2b_update(state, (const uint8_t *)&count, sizeof(count));
	blake2b_update(state, data, size);
}

static void add_text(blake2b_state *state, const char *text)
{
	add(state, text ? text : "", text ? strlen(text) : 0);
}

static int add_identity(blake2b_state *state, const char *path)
{
	struct stat status;
	uint64_t identity[5];

	if (stat(path, &status))
		return -1;
	identity[0] = status.st_dev;
	identity[1] = status.st_ino;
	identity[2] = (uint64_t)status.st_size;
	identity[3] = (uint64_t)status.st_mtim.tv_sec;
	identity[4] = (uint64_t)status.st_mtim.tv_nsec;
	add(state, identity, sizeof(identity));
	return 0;
}

int key_make(struct key *key, const struct source *source, const struct compile_settings *settings,
	     const struct paths *paths, const struct cache *cache)
{
	uint8_t digest[DIGEST_SIZE];
	blake2b_state state;
	uint32_t numbers[] = { (uint32_t)settings->opt_level, settings->allow_unknown_imports,
			       settings->require_start, settings->debug_lines, settings->tcpip };

	if (blake2b_init(&state, KEY_SIZE))
		return -1;
	add_text(&state, "walnut image " WALNUT_VERSION);
	add(&state, numbers, sizeof(numbers));
	add_text(&state, settings->target_cpu);
	if (settings->target_cpu && strcmp(settings->target_cpu, "native") == 0) {
		struct host_cpu cpu;

		host_cpu_read(&cpu);
		add(&state, &cpu, sizeof(cpu));
	}
	/* Lines of a module without DWARF are its own bytes: it is named then. */
	add_text(&state, settings->debug_lines ? source->name : NULL);
	add_text(&state, settings->memory);
	add_text(&state, settings->module_name);
	if (add_identity(&state, paths->compiler) || add_identity(&state, paths->kernel_archive) ||
	    add_identity(&state, paths->linker_script) ||
	    (settings->tcpip && add_identity(&state, paths->stack_archive)) || digest_source(cache, source, time(NULL), digest))
		return -1;
	add(&state, digest, sizeof(digest));
	return blake2b_final(&state, key->bytes, KEY_SIZE);
}

void key_text(const struct key *key, char text[2 * KEY_SIZE + 1])
{
	for (size_t i = 0; i < KEY_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", key->bytes[i]);
}
