/* Times whole processes: spawn_time ROUNDS COMMAND… [-- COMMAND…]…
 *
 * In each round every command runs once, in turn, so that whatever else the machine
 * does meets them alike. Prints one line for each run: the command's number, wall
 * time from spawn to wait in nanoseconds, peak resident set in KiB, user plus system
 * time in microseconds, exit status.
 *
 * Small and written in C for a reason: a process starts its life with the peak
 * resident set of its parent until it executes something else, and Linux keeps the
 * larger of the two. The commands' standard input and output are /dev/null. */
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

#define COMMANDS_MAX 8

extern char **environ;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void run(int number, char **argv, const posix_spawn_file_actions_t *actions)
{
	uint64_t begin = now_ns(), end, cpu_us;
	struct rusage usage;
	int status, error;
	pid_t pid;

	error = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
	if (error)
		errx(1, "%s: %s", argv[0], strerror(error));
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "wait4");
	end = now_ns();
	cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
		 (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	printf("%d %" PRIu64 " %ld %" PRIu64 " %d\n", number, end - begin, usage.ru_maxrss, cpu_us,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	char **commands[COMMANDS_MAX];
	unsigned long rounds;
	int count = 0;

	if (argc < 3)
		errx(1, "usage: spawn_time ROUNDS COMMAND... [-- COMMAND...]...");
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
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (unsigned long round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			run(i, commands[i], &actions);
	return 0;
}
