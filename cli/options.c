#include "options.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

#define HELP_COLUMN 32

/* printf() pads by bytes; what is not ASCII has more of them than columns. */
static int width_for(const char *text)
{
	int width = HELP_COLUMN;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) == 0x80;
	return width;
}

void options_help(const struct usage *usage)
{
	printf("Usage: walnut %s [OPTIONS] %s\n\n%s\n\nOptions:\n", usage->command, usage->operands,
	       usage->summary);
	for (const struct option_spec *spec = usage->options; spec->id; spec++) {
		char left[64];

		if (spec->name && spec->letter)
			snprintf(left, sizeof(left), "-%c, --%s%s%s", spec->letter, spec->name,
				 spec->argument ? " " : "", spec->argument ? spec->argument : "");
		else if (spec->name)
			snprintf(left, sizeof(left), "    --%s%s%s", spec->name,
				 spec->argument ? " " : "", spec->argument ? spec->argument : "");
		else
			snprintf(left, sizeof(left), "-%c%s%s", spec->letter,
				 spec->letter == 'O' || !spec->argument ? "" : " ",
				 spec->argument ? spec->argument : "");
		printf("  %-*s %s\n", width_for(left), left, spec->help);
	}
	printf("  %-*s %s\n", HELP_COLUMN, "-h, --help", "print this text");
	if (usage->epilogue)
		printf("\n%s\n", usage->epilogue);
}

static const struct option_spec *find_long(const struct usage *usage, const char *name, size_t size)
{
	for (const struct option_spec *spec = usage->options; spec->id; spec++) {
		if (spec->name && strlen(spec->name) == size && memcmp(spec->name, name, size) == 0)
			return spec;
	}
	return NULL;
}

static const struct option_spec *find_short(const struct usage *usage, char letter)
{
	for (const struct option_spec *spec = usage->options; spec->id; spec++) {
		if (spec->letter == letter)
			return spec;
	}
	return NULL;
}

static int unknown(const struct usage *usage, const char *word)
{
	return -fail("%s: unknown option %s (walnut %s --help lists them)", usage->command, word,
		     usage->command);
}

/* As options_parse(); *ended: by "--", so that no options may follow. */
static int parse(const struct usage *usage, int argc, char **argv,
		 int (*apply)(void *opaque, int id, const char *argument), void *opaque, bool *ended)
{
	int at = 1;

	*ended = false;
	for (; at < argc; at++) {
		const char *word = argv[at], *argument = NULL;
		const struct option_spec *spec;

		if (word[0] != '-' || word[1] == '\0')
			break;
		if (strcmp(word, "--") == 0) {
			*ended = true;
			return at + 1;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			options_help(usage);
			return OPTIONS_HELP;
		}
		if (word[1] == '-') {
			const char *equals = strchr(word, '=');
			size_t size = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;

			spec = find_long(usage, word + 2, size);
			argument = equals ? equals + 1 : NULL;
		} else {
			spec = find_short(usage, word[1]);
			argument = word[2] ? word + 2 : NULL;
		}
		if (!spec)
			return unknown(usage, word);
		if (argument && !spec->argument)
			return -fail("%s: option %s: takes no value", usage->command, word);
		if (spec->argument && !argument) {
			if (++at >= argc)
				return -fail("%s: option %s needs %s", usage->command, word,
					     spec->argument);
			argument = argv[at];
		}
		if (apply(opaque, spec->id, argument))
			return -EXIT_WALNUT_FAILED;
	}
	return at;
}

int options_parse(const struct usage *usage, int argc, char **argv,
		  int (*apply)(void *opaque, int id, const char *argument), void *opaque)
{
	bool ended;

	return parse(usage, argc, argv, apply, opaque, &ended);
}

int options_parse_one(const struct usage *usage, int argc, char **argv,
		      int (*apply)(void *opaque, int id, const char *argument), void *opaque,
		      const char **operand)
{
	bool ended = false;
	int at = 0;

	*operand = NULL;
	for (;;) {
		int next = ended ? 1 : parse(usage, argc - at, argv + at, apply, opaque, &ended);

		if (next < 0)
			return next;
		at += next;
		if (at >= argc)
			break;
		if (*operand)
			return -fail("%s: one file at a time, not also %s", usage->command, argv[at]);
		*operand = argv[at];
	}
	if (!*operand)
		return -fail("%s: no %s given (walnut %s --help)", usage->command, usage->operands,
			     usage->command);
	return 0;
}
