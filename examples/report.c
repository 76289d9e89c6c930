/* What a program sees of its world: arguments, environment, clocks and standard input.
 * `make run` runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void print_time(void)
{
	char text[64];
	time_t now = time(NULL);
	struct tm *utc = gmtime(&now);

	if (utc && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", utc) > 0)
		printf("time: %s UTC\n", text);
}

int main(int argc, char **argv)
{
	struct timespec begin;
	char line[1024];
	unsigned long lines = 0, bytes = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	print_time();
	for (int i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	for (char **entry = environ; *entry; entry++)
		printf("environment: %s\n", *entry);
	while (fgets(line, sizeof(line), stdin)) {
		lines++;
		bytes += strlen(line);
		line[strcspn(line, "\n")] = '\0';
		printf("line %lu: %s\n", lines, line);
	}
	printf("standard input: %lu lines, %lu bytes\n", lines, bytes);
	printf("this took %.6f seconds\n", seconds_since(&begin));
	return 0;
}
