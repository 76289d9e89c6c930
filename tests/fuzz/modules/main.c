/* Writes random valid modules:
 *
 *	fuzz-generate [--kind KIND] [--features LIST] [--skip LIST] SEED OUTPUT
 *
 * The same arguments give the same bytes. --skip leaves out statements, and makes
 * values zero, by their numbers, "3,10-19"; how many there are is printed. FEATURES is a list of
 * what not every engine has: those of parse_features(). KIND is one of kind_names, "any" for
 * what the seed chooses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"

#define PARTS_MAX (1u << 20)

static uint8_t skip[PARTS_MAX];

static int usage(void)
{
	fprintf(stderr, "usage: fuzz-generate [--kind KIND] [--features LIST] "
			"[--skip LIST] SEED OUTPUT\n");
	return 2;
}

static enum kind choose_kind(const char *name, uint64_t seed)
{
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		if (!strcmp(name, kind_names[kind]))
			return kind;
	if (!strcmp(name, "any"))
		return (enum kind)(seed % KIND_COUNT);
	exit(usage());
}

static unsigned parse_features(const char *list)
{
	unsigned features = 0;

	static const char *const names[] = { "vectors", "atomics", "memories", "wide-memories",
					     "constants", "wide-tables", "tail-calls", "exceptions",
					     "aggregates" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(list, names[i]))
			features |= 1u << i;
	return features;
}

static void parse_skip(const char *list)
{
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (end == list || last >= PARTS_MAX)
			exit(usage());
		for (unsigned long i = first; i <= last; i++)
			skip[i] = 1;
		list = *end == ',' ? end + 1 : end;
	}
}

static int write_file(const char *path, const struct bytes *bytes)
{
	FILE *file = fopen(path, "wb");
	size_t written;

	if (!file) {
		perror(path);
		return 1;
	}
	written = fwrite(bytes->data, 1, bytes->size, file);
	if (fclose(file) || written != bytes->size) {
		fprintf(stderr, "%s: not written\n", path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct skipper skipper = { skip, PARTS_MAX, 0 };
	const char *kind = "any";
	struct bytes module = { 0 };
	unsigned features = 0;
	struct plan plan;
	uint64_t seed;
	int at, status;

	for (at = 1; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (!strcmp(argv[at], "--kind"))
			kind = argv[at + 1];
		else if (!strcmp(argv[at], "--features"))
			features = parse_features(argv[at + 1]);
		else if (!strcmp(argv[at], "--skip"))
			parse_skip(argv[at + 1]);
		else
			return usage();
	}
	if (argc - at != 2)
		return usage();
	seed = strtoull(argv[at], NULL, 0);
	plan_make(&plan, seed, choose_kind(kind, seed), features);
	module_make(&plan, &skipper, &module);
	status = write_file(argv[at + 1], &module);
	printf("%s %u\n", kind_names[plan.kind], skipper.count);
	bytes_free(&module);
	return status;
}
