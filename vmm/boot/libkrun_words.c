#include "boot/libkrun_words.h"

#include <string.h>

#include "boot/command_line.h"
#include "config.h"
#include "log.h"

#define DEFAULT_WORDS                                                                              \
	"reboot=k panic=-1 panic_print=0 nomodule console=hvc0 rootfstype=virtiofs rw quiet no-kvmapf " \
	"init=/init.krun"
#define CONSOLE "console="

/* In double quotes, which nothing escapes. */
static bool can_be_quoted(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || *text == '"')
			return false;
	return true;
}

/* The first word that names a console, NULL: there is none. */
static const char *find_console(const char *words)
{
	const char *at = words;

	while ((at = strstr(at, CONSOLE)) && at != words && at[-1] != ' ')
		at++;
	return at;
}

static void add_user_words(struct command_line *line, const struct vm_config *config)
{
	const char *words = config->cmdline ? config->cmdline : DEFAULT_WORDS;
	const char *console = config->kernel_console ? find_console(words) : NULL;

	command_line_check(line, words);
	if (console)
		command_line_add(line, "%.*s" CONSOLE "%s%s", (int)(console - words), words,
				 config->kernel_console, strchrnul(console, ' '));
	else
		command_line_add(line, "%s", words);
	if (config->kernel_console && !console)
		command_line_add(line, CONSOLE "%s", config->kernel_console);
}

static void add_word(struct command_line *line, const char *name, const char *value)
{
	command_line_check(line, value);
	command_line_add(line, "%s=%s", name, value);
	if (strchr(value, ' '))
		line->unprintable = true; /* it would be two words */
}

static void add_limits(struct command_line *line, char *const *limits)
{
	if (!limits || !limits[0])
		return;
	command_line_add(line, "KRUN_RLIMITS=\"%s", limits[0]);
	for (size_t i = 1; limits[i]; i++)
		command_line_append(line, ",%s", limits[i]);
	command_line_append(line, "\"");
}

static void add_environment(struct command_line *line, char *const *envp)
{
	for (size_t i = 0; envp && envp[i]; i++) {
		if (can_be_quoted(envp[i]))
			command_line_add(line, "\"%s\"", envp[i]);
		else
			log_line(LOG_LEVEL_WARN, "variable %.*s: cannot be on the kernel's command line, left out",
				 (int)strcspn(envp[i], "="), envp[i]);
	}
}

void libkrun_words_begin(struct command_line *line, const struct vm_config *config)
{
	add_user_words(line, config);
	if (config->argv && config->argv[0])
		add_word(line, "KRUN_INIT", config->argv[0]);
	if (config->workdir)
		add_word(line, "KRUN_WORKDIR", config->workdir);
	add_limits(line, config->rlimits);
	add_environment(line, config->envp);
}

void libkrun_words_end(struct command_line *line, const struct vm_config *config)
{
	if (!config->argv || !config->argv[0] || !config->argv[1])
		return;
	command_line_add(line, "--");
	for (size_t i = 1; config->argv[i]; i++) {
		command_line_add(line, "\"%s\"", config->argv[i]);
		if (!can_be_quoted(config->argv[i]))
			line->unprintable = true;
	}
}
