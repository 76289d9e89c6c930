/* odd_files names | deep | big | kinds FOLDER: what is at the edge of what file systems take, in FOLDER; with kinds, what
 * each entry of it is and whether it can be opened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 150

static void tell(const char *what, int result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "yes");
}

static int make(const char *name)
{
	int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0644);

	if (fd < 0 || write(fd, name, strlen(name)) < 0)
		return -1;
	return close(fd);
}

/* As many "n" or "\u00e4" as that; removed again. */
static void name_of(size_t size, const char *unit)
{
	char name[300] = "";
	int entries = 0;
	struct stat st;
	struct dirent *d;
	DIR *dir;

	while (strlen(name) + strlen(unit) <= size)
		strcat(name, unit);
	printf("%zu ", strlen(name));
	tell("made", make(name));
	tell("is there", stat(name, &st));
	dir = opendir(".");
	while ((d = readdir(dir)))
		entries += strcmp(d->d_name, name) == 0;
	closedir(dir);
	printf("listed %d\n", entries);
	tell("renamed and back", rename(name, "short") < 0 ? -1 : rename("short", name));
	tell("a directory below", mkdir(name, 0755));
	tell("removed", unlink(name));
}

static void names(void)
{
	name_of(255, "n");
	name_of(256, "n");
	name_of(255, "\xc3\xa4");
	name_of(256, "\xc3\xa4");
	name_of(5, "\\");
	name_of(3, " ");
	name_of(2, "\n");
	tell("slash", make("a/"));
}

static void deep(void)
{
	static char path[2 * DEPTH + 10];
	struct stat st;
	size_t size = 0;

	for (int i = 0; i < DEPTH; i++) {
		strcpy(path + size, "d");
		if (mkdir(path, 0755) < 0) {
			printf("level %d: %s\n", i, strerror(errno));
			return;
		}
		size += 1;
		path[size++] = '/';
	}
	strcpy(path + size, "leaf");
	tell("leaf", make(path));
	tell("leaf is there", stat(path, &st));
	printf("%lld bytes\n", (long long)st.st_size);
	tell("leaf is gone", unlink(path));
	for (int i = DEPTH; i > 0; i--) {
		path[2 * i - 1] = '\0';
		if (rmdir(path) < 0)
			tell("level", -1);
	}
}

static void big(void)
{
	const off_t far = (off_t)5 << 30;
	char text[8] = "";
	struct stat st;
	int fd = open("big", O_CREAT | O_EXCL | O_RDWR, 0644);

	tell("written", (int)pwrite(fd, "far", 3, far));
	printf("%lld\n", fstat(fd, &st) ? -1 : (long long)st.st_size);
	printf("%lld\n", (long long)lseek(fd, -2, SEEK_END));
	printf("%zd %s\n", read(fd, text, 7), text);
	printf("%zd\n", pread(fd, text, 4, (off_t)1 << 32));
	tell("cut", ftruncate(fd, ((off_t)1 << 32) + 1));
	printf("%lld\n", (long long)lseek(fd, 0, SEEK_END));
	tell("appended", (int)write(fd, "x", 1));
	printf("%lld\n", stat("big", &st) ? -1 : (long long)st.st_size);
	tell("far beyond", (int)pwrite(fd, "x", 1, INT64_MAX - 1));
	tell("negative", (int)pwrite(fd, "x", 1, -1));
	close(fd);
	tell("removed", unlink("big"));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void kinds(void)
{
	static char names[20][30];
	size_t count = 0;
	struct dirent *d;
	DIR *dir = opendir(".");

	while ((d = readdir(dir)) && count < 20)
		if (d->d_name[0] != '.')
			snprintf(names[count++], sizeof(names[0]), "%s", d->d_name);
	closedir(dir);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++) {
		struct stat st = { 0 };
		int fd, failed = lstat(names[i], &st);

		printf("%s: %s, ", names[i], failed ? strerror(errno) : S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ?
		       "directory" : S_ISCHR(st.st_mode) ? "device" : S_ISSOCK(st.st_mode) ? "socket" : "other");
		fd = open(names[i], O_RDONLY);
		tell("opened", fd);
		if (fd >= 0)
			close(fd);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[2]) != 0)
		return 1;
	(argv[1][0] == 'n' ? names : argv[1][0] == 'd' ? deep : argv[1][0] == 'b' ? big : kinds)();
	return 0;
}
