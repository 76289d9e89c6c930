/* Times whole processes: spawn_time [-f BYTE] ROUNDS COMMAND… [-- COMMAND…]…
 *
 * In each round every command runs once, in turn, so that whatever else the machine
 * does meets them alike. Prints one line for each run: the command's number, wall
 * time from spawn to wait in nanoseconds, peak resident set in KiB, user plus system
 * time in microseconds, exit status, and with -f the nanoseconds from spawn until that byte
 * was in its output (0: it never was).
 *
 * Small and written in C for a reason: a process starts its life with the peak
 * resident set of its parent until it executes something else, and Linux keeps the
 * larger of the two. The commands' standard input is /dev/null, and their output is, or
 * with -f a pipe. */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 8

extern char **environ;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Reads to the end. When the byte came, or 0. */
static uint64_t await(int fd, char byte)
{
	uint64_t when = 0;
	char text[4096];
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		if (!when && memchr(text, byte, (size_t)n))
			when = now_ns();
	return when;
}

/* The output's pipe, or /dev/null. */
static void connect_output(posix_spawn_file_actions_t *actions, const char *first, int output[2])
{
	posix_spawn_file_actions_init(actions);
	posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (!first) {
		posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
		return;
	}
	if (pipe2(output, O_CLOEXEC) != 0)
		err(1, "pipe");
	posix_spawn_file_actions_adddup2(actions, output[1], 1);
}

static void run(int number, char **argv, const char *first)
{
	uint64_t begin, end, first_ns = 0, cpu_us;
	posix_spawn_file_actions_t actions;
	int output[2], status, error;
	struct rusage usage;
	pid_t pid;

	connect_output(&actions, first, output);
	begin = now_ns();
	error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (error)
		errx(1, "%s: %s", argv[0], strerror(error));
	if (first) {
		close(output[1]);
		first_ns = await(output[0], *first);
		close(output[0]);
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "wait4");
	end = now_ns();
	posix_spawn_file_actions_destroy(&actions);
	cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
		 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	printf("%d %" PRIu64 " %ld %" PRIu64 " %d", number, end - begin, usage.ru_maxrss, cpu_us,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (first)
		printf(" %" PRIu64, first_ns ? first_ns - begin : 0);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *first = NULL;
	char **commands[COMMANDS_MAX];
	unsigned long rounds;
	int count = 0;

	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		first = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3)
		errx(1, "usage: spawn_time [-f BYTE] ROUNDS COMMAND... [-- COMMAND...]...");
	rounds = strtoul(argv[1], NULL, 10);
	commands[count++] = &argv[2];
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		if (count == COMMANDS_MAX || i + 1 == argc)
			errx(1, "between 1 and %d commands", COMMANDS_MAX);
		argv[i] = NULL;
		commands[count++] = &argv[i + 1];
	}
	for (unsigned long round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			run(i, commands[i], first);
	return 0;
}
