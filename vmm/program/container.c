#include "program/container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "context.h"
#include "failure.h"
#include "program/json.h"

#define SIZE_MAX_READ (1u << 20)
#define STRINGS_MAX 4096u /* as libkrun's functions take them */

struct process {
	char **args, **env;
	char *cwd;
};

/* Replaces *strings by those of the next value, an array; of several the last counts. */
static void read_strings(struct json *json, char ***strings)
{
	char **list = calloc(STRINGS_MAX + 1, sizeof(*list));
	size_t count = 0;
	bool first = true;

	if (!list || !json_enter(json, '['))
		json->bad = true;
	for (; !json->bad && json_next_element(json, first); first = false) {
		list[count] = json_string(json);
		if (!list[count] || ++count == STRINGS_MAX)
			json->bad = true;
	}
	context_strings_free(*strings);
	*strings = list;
}

static void read_process(struct json *json, struct process *process)
{
	bool first = true;
	char *key;

	if (!json_enter(json, '{'))
		json->bad = true;
	for (; !json->bad && json_next_member(json, first, &key); first = false) {
		if (strcmp(key, "args") == 0) {
			read_strings(json, &process->args);
		} else if (strcmp(key, "env") == 0) {
			read_strings(json, &process->env);
		} else if (strcmp(key, "cwd") == 0) {
			free(process->cwd);
			process->cwd = json_string(json);
		} else {
			json_skip(json);
		}
		free(key);
	}
}

static void read_config(struct json *json, struct process *process)
{
	bool first = true;
	char *key;

	if (!json_enter(json, '{'))
		json->bad = true;
	for (; !json->bad && json_next_member(json, first, &key); first = false) {
		if (strcmp(key, "process") == 0)
			read_process(json, process);
		else
			json_skip(json);
		free(key);
	}
}

int container_parse(struct vm_config *config, const char *text, size_t size)
{
	struct json json = { .at = text, .end = text + size };
	struct process process = { 0 };

	read_config(&json, &process);
	if (json.bad || !process.args || !process.args[0]) {
		context_strings_free(process.args);
		context_strings_free(process.env);
		free(process.cwd);
		return -EINVAL;
	}
	context_strings_free(config->argv);
	config->argv = process.args;
	if (config->envp)
		context_strings_free(process.env);
	else
		config->envp = process.env;
	if (config->workdir)
		free(process.cwd);
	else
		config->workdir = process.cwd;
	return 0;
}

int container_read(struct vm_config *config, int fd, struct failure *failure)
{
	char *text = malloc(SIZE_MAX_READ);
	size_t size = 0;
	ssize_t got = 1;
	int error;

	while (text && size < SIZE_MAX_READ && (got = read(fd, text + size, SIZE_MAX_READ - size)) > 0)
		size += (size_t)got;
	if (!text)
		error = -ENOMEM;
	else if (got < 0)
		error = -errno;
	else
		error = size == SIZE_MAX_READ ? -EFBIG : container_parse(config, text, size);
	free(text);
	if (error == -EINVAL)
		return failure_set(failure, error, CONTAINER_CONFIG ": not a container's configuration with a program");
	return error ? failure_errno(failure, error, CONTAINER_CONFIG) : 0;
}
