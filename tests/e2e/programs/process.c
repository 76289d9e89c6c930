/* Does what its first argument says; each action is one test's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int print_hexadecimal(int count, char **strings)
{
	for (int i = 0; i < count; i++) {
		for (const unsigned char *c = (const unsigned char *)strings[i]; *c; c++)
			printf("%02x", *c);
		putchar('\n');
	}
	return 0;
}

static int print_environment(void)
{
	for (char **entry = environ; *entry; entry++)
		puts(*entry);
	return 0;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -1;
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Sleeps so many milliseconds and prints how many went by, and the wall clock. */
static int sleep_for(long ms)
{
	struct timespec length = { ms / 1000, ms % 1000 * 1000000 };
	int64_t begin = now_ns(CLOCK_MONOTONIC), end;

	nanosleep(&length, NULL);
	end = now_ns(CLOCK_MONOTONIC);
	printf("%lld %lld\n", (long long)((end - begin) / 1000000),
	       (long long)(now_ns(CLOCK_REALTIME) / 1000000000));
	return 0;
}

/* Reads the monotonic clock many times: it never goes back. */
static int monotonic(void)
{
	int64_t last = now_ns(CLOCK_MONOTONIC);

	for (int i = 0; i < 100000; i++) {
		int64_t next = now_ns(CLOCK_MONOTONIC);

		if (next < last)
			return 1;
		last = next;
	}
	puts("never back");
	return 0;
}

static int print_random(void)
{
	uint8_t bytes[32];

	if (getentropy(bytes, sizeof(bytes)))
		return 1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	return 0;
}

/* Waits for input at most so long; says what came of it. */
static int poll_input(int timeout_ms)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	int count = poll(&input, 1, timeout_ms);

	puts(count == 0 ? "timeout" : count == 1 && (input.revents & POLLIN) ? "input" : "other");
	return 0;
}

/* Files that no one shared: an error, and a sensible one. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd >= 0)
		return 1;
	printf("%s\n", strerror(errno));
	return 0;
}

static int write_after_close(void)
{
	close(STDOUT_FILENO);
	if (write(STDOUT_FILENO, "x", 1) >= 0 || errno != EBADF)
		return 1;
	fputs("refused\n", stderr);
	return 0;
}

/* Allocates so many MiB and touches each page. */
static int allocate(long mib)
{
	for (long i = 0; i < mib; i++) {
		volatile char *block = malloc(1 << 20);

		if (!block) {
			printf("no memory after %ld MiB\n", i);
			return 3;
		}
		for (int at = 0; at < 1 << 20; at += 4096)
			block[at] = 1;
	}
	printf("allocated %ld MiB\n", mib);
	return 0;
}

int main(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";
	const char *operand = argc > 2 ? argv[2] : "";

	if (!strcmp(action, "arguments"))
		return print_hexadecimal(argc - 2, argv + 2);
	if (!strcmp(action, "name"))
		return puts(argv[0]) < 0;
	if (!strcmp(action, "environment"))
		return print_environment();
	if (!strcmp(action, "exit"))
		exit(atoi(operand));
	if (!strcmp(action, "quick-exit"))
		_Exit(atoi(operand));
	if (!strcmp(action, "abort"))
		abort();
	if (!strcmp(action, "sleep"))
		return sleep_for(atol(operand));
	if (!strcmp(action, "monotonic"))
		return monotonic();
	if (!strcmp(action, "random"))
		return print_random();
	if (!strcmp(action, "poll"))
		return poll_input(atoi(operand));
	if (!strcmp(action, "open"))
		return open_file(operand);
	if (!strcmp(action, "close"))
		return write_after_close();
	if (!strcmp(action, "allocate"))
		return allocate(atol(operand));
	if (!strcmp(action, "yield"))
		return sched_yield();
	if (!strcmp(action, "tty"))
		return printf("%d %d %d\n", isatty(0), isatty(1), isatty(2)) < 0;
	if (!strcmp(action, "streams")) {
		fputs("to output\n", stdout);
		fflush(stdout);
		fputs("to error\n", stderr);
		return 0;
	}
	if (!strcmp(action, "spin"))
		for (;;)
			sched_yield();
	if (!strcmp(action, "busy"))
		for (volatile uint64_t i = 0;; i++)
			;
	fprintf(stderr, "process: no action %s\n", action);
	return 2;
}
