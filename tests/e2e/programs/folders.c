/* Does what its arguments say with files, and writes a line about each: the result, or what went
 * wrong. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(int failed)
{
	puts(failed ? strerror(errno) : "yes");
}

static void read_file(const char *path)
{
	char text[200];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (n < 0)
		tell(1);
	else
		printf("%.*s\n", (int)n, text);
	close(fd);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0666);

	tell(fd < 0 || write(fd, "written", 7) != 7);
	close(fd);
}

/* RFC 1950's Adler-32. */
static void sum_file(const char *path)
{
	unsigned char block[4000];
	unsigned a = 1, b = 0;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			a = (a + block[i]) % 65521;
			b = (b + a) % 65521;
		}
	printf("%u\n", b << 16 | a);
	close(fd);
}

static void fill_file(const char *path)
{
	static const char block[1024];
	int fd = open(path, O_WRONLY | O_CREAT, 0666);
	long total = 0;
	ssize_t n;

	while ((n = write(fd, block, sizeof(block))) > 0)
		total += n;
	printf("%ld %s\n", total, strerror(errno));
	close(fd);
}

static void list(const char *path, int remove_them)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[600];
	int count = 0;

	if (!dir) {
		tell(1);
		return;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		count += !remove_them || unlink(name) == 0;
	}
	closedir(dir);
	printf("%d\n", count);
}

static void print_names(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			puts(entry->d_name);
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *path = argv[i + 1];

		if (strcmp(argv[i], "names") == 0)
			print_names(path);
		else if (strcmp(argv[i], "read") == 0)
			read_file(path);
		else if (strcmp(argv[i], "write") == 0)
			write_file(path);
		else if (strcmp(argv[i], "sum") == 0)
			sum_file(path);
		else if (strcmp(argv[i], "fill") == 0)
			fill_file(path);
		else if (strcmp(argv[i], "mkdir") == 0)
			tell(mkdir(path, 0777));
		else if (strcmp(argv[i], "remove") == 0)
			tell(unlink(path));
		else if (strcmp(argv[i], "link") == 0)
			tell(symlink(path, "link"));
		else if (strcmp(argv[i], "move") == 0)
			tell(rename(path, argv[++i + 1]));
		else
			list(path, strcmp(argv[i], "empty") == 0);
	}
	return 0;
}
