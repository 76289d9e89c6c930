/* Compiles the spec suite's modules:
 *
 *	spec-compile TARGET_CPU LEVEL [PART_BYTES]
 *
 * Lines "INPUT OUTPUT NAME zero|based" on standard input, one line on standard output
 * for each: "ok" or what went wrong. LLVM is loaded once; each module is compiled in a
 * process of its own, so that one that brings the compiler down fails alone. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler.h"

/* Enough for any module of the suite. */
#define MODULE_MAX (4u << 20)

static const char *target_cpu;
static int opt_level;
static uint64_t part_bytes;

static int compile(const char *input, const char *output, const char *name, const char *model)
{
	static uint8_t bytes[MODULE_MAX];
	struct walnut_error error = {0};
	struct walnut_compile_options options = {
		.opt_level = opt_level,
		.part_bytes = part_bytes,
		.target_cpu = target_cpu,
		.memory_model = strcmp(model, "based") ? WALNUT_MEMORY_ZERO : WALNUT_MEMORY_BASED,
		.module_name = name,
		.allow_unknown_imports = true,
	};
	FILE *file = fopen(input, "rb");
	size_t size;
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	char text[512];

	if (!file || fd < 0) {
		printf("cannot open %s\n", file ? output : input);
		return 1;
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	if (walnut_compile(bytes, size, &options, fd, &error)) {
		walnut_error_format(&error, text, sizeof(text));
		printf("%s\n", text);
		return 1;
	}
	printf("ok\n");
	return 0;
}

static void compile_apart(const char *input, const char *output, const char *name,
			  const char *model)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		status = compile(input, output, name, model);
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		printf("cannot start a process\n");
	else if (WIFSIGNALED(status))
		printf("the compiler died of signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char input[256], output[256], name[64], model[16];

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: spec-compile TARGET_CPU LEVEL [PART_BYTES]\n");
		return 2;
	}
	target_cpu = argv[1];
	opt_level = atoi(argv[2]);
	part_bytes = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	while (scanf("%255s %255s %63s %15s", input, output, name, model) == 4)
		compile_apart(input, output, name, model);
	return 0;
}
