/* What functions for files do and how they fail, a line each: the same in every world. Works in
 * the current directory, which is empty. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *name_of(int error)
{
	static const struct { int number; const char *name; } names[] = {
		{ EACCES, "EACCES" }, { EBADF, "EBADF" }, { EBUSY, "EBUSY" }, { EEXIST, "EEXIST" }, { EFBIG, "EFBIG" },
		{ EINVAL, "EINVAL" }, { EISDIR, "EISDIR" }, { ELOOP, "ELOOP" }, { ENAMETOOLONG, "ENAMETOOLONG" },
		{ ENOENT, "ENOENT" }, { ENOTDIR, "ENOTDIR" }, { ENOTEMPTY, "ENOTEMPTY" }, { EPERM, "EPERM" },
		{ EROFS, "EROFS" }, { ESPIPE, "ESPIPE" }, { EXDEV, "EXDEV" }, { ENXIO, "ENXIO" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == error)
			return names[i].name;
	return "another error";
}

#define TRY(call) report(#call, call)
static long report(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, name_of(errno));
	else
		printf("%s: %ld\n", what, result);
	return result;
}

/* The same where the number says nothing. */
#define OPEN(path, flags) opened(#path " " #flags, open(path, flags, 0666))
static int opened(const char *what, int fd)
{
	printf("open %s: %s\n", what, fd < 0 ? name_of(errno) : "yes");
	return fd;
}

static void show(const char *path)
{
	char text[200];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0) {
		printf("%s: %s\n", path, name_of(errno));
		return;
	}
	text[n] = '\0';
	for (char *c = text; c < text + n; c++)
		if (*c == '\0')
			*c = '.';
	printf("%s: %zd bytes, %s\n", path, n, text);
	close(fd);
}

static void files(void)
{
	char text[64] = "";
	struct iovec parts[3] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
	int fd, other;

	OPEN("missing", O_RDONLY);
	fd = OPEN("a", O_WRONLY | O_CREAT | O_EXCL);
	TRY(write(fd, "hello", 5));
	TRY(read(fd, text, 1));
	TRY(lseek(fd, -2, SEEK_END));
	TRY(writev(fd, parts, 3));
	TRY(lseek(fd, 0, SEEK_CUR));
	TRY(lseek(fd, -1, SEEK_SET));
	TRY(lseek(fd, 20, SEEK_SET));
	TRY(write(fd, "!", 1));
	TRY(pwrite(fd, "XY", 2, 1));
	TRY(close(fd));
	TRY(write(fd, "x", 1));
	show("a");
	OPEN("a", O_WRONLY | O_CREAT | O_EXCL);
	fd = OPEN("a", O_RDONLY);
	TRY(pread(fd, text, 4, 6));
	TRY(pread(fd, text, 4, 1000));
	TRY(read(fd, text, 3));
	printf("read %.3s\n", text);
	TRY(readv(fd, (struct iovec[]){ { text, 2 }, { text + 10, 1 }, { text + 20, 40 } }, 3));
	printf("readv %.2s %.1s %.1s\n", text, text + 10, text + 20);
	TRY(read(fd, text, 3));
	TRY(write(fd, "x", 1));
	other = OPEN("a", O_WRONLY | O_APPEND);
	TRY(write(other, "end", 3));
	TRY(lseek(other, 0, SEEK_CUR));
	TRY(write(other, "end", 3));
	TRY(read(fd, text, 10));
	TRY(fsync(other));
	TRY(fdatasync(other));
	TRY(ftruncate(other, 4));
	TRY(posix_fallocate(other, 0, 8));
	TRY(posix_fadvise(other, 0, 8, POSIX_FADV_WILLNEED));
	close(other);
	close(fd);
	show("a");
	close(OPEN("a", O_WRONLY | O_TRUNC));
	show("a");
}

static void directories(void)
{
	static const char *const names[] = { "d/x", "d/y", "d/z" };
	char seen[16] = "";
	struct dirent *entry;
	DIR *dir;
	int fd;

	TRY(mkdir("d", 0777));
	TRY(mkdir("d", 0777));
	TRY(mkdir("d/", 0777));
	TRY(mkdir("missing/d", 0777));
	TRY(mkdir("a/d", 0777));
	TRY(mkdir("d/sub/", 0777));
	for (size_t i = 0; i < 3; i++)
		close(open(names[i], O_CREAT | O_WRONLY, 0666));
	dir = opendir("d");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		strncat(seen, entry->d_name, 3);
		printf("%s is a %s\n", strcmp(entry->d_name, "sub") ? "x, y or z" : "sub",
		       entry->d_type == DT_DIR ? "directory" : "file");
	}
	printf("seen %zu: %d%d%d%d\n", strlen(seen), !!strchr(seen, 'x'), !!strchr(seen, 'y'), !!strchr(seen, 'z'),
	       !!strstr(seen, "sub"));
	closedir(dir);
	printf("opendir of a file: %s\n", opendir("a") ? "yes" : name_of(errno));
	printf("opendir of nothing: %s\n", opendir("missing") ? "yes" : name_of(errno));
	OPEN("a", O_RDONLY | O_DIRECTORY);
	OPEN("d", O_WRONLY);
	OPEN("d", O_RDONLY | O_CREAT);
	OPEN("d", O_RDONLY | O_CREAT | O_EXCL);
	OPEN("d/../a", O_RDONLY);
	OPEN("./d/./sub/../x", O_RDONLY);
	OPEN("a/", O_RDONLY);
	OPEN("new/", O_WRONLY | O_CREAT);
	OPEN("a/x", O_RDONLY);
	fd = OPEN("d", O_RDONLY | O_DIRECTORY);
	TRY(read(fd, seen, 1));
	TRY(write(fd, seen, 1));
	TRY(openat(fd, "missing", O_RDONLY));
	TRY(mkdirat(fd, "sub2", 0777));
	TRY(unlinkat(fd, "sub2", 0));
	TRY(unlinkat(fd, "sub2", AT_REMOVEDIR));
	TRY(fsync(fd));
	close(fd);
	TRY(rmdir("d"));
	TRY(rmdir("a"));
	TRY(rmdir("missing"));
	TRY(rmdir("d/sub/."));
	TRY(rmdir("d/sub/"));
	TRY(unlink("d"));
	TRY(unlink("a/"));
	TRY(unlink("missing"));
}

static void moving(void)
{
	TRY(rename("missing", "x"));
	TRY(rename("a", "d/a"));
	TRY(rename("d/a", "d/x"));
	TRY(rename("d/x", "d"));
	TRY(mkdir("e", 0777));
	TRY(rename("e", "d/x"));
	TRY(rename("e", "d"));
	TRY(rename("d", "d/inside"));
	TRY(rename("d/x", "moved/"));
	TRY(rename("d", "e"));
	TRY(rename("e/", "f/"));
	TRY(rename("f/x", "a"));
	show("a");
	TRY(link("a", "hard"));
	TRY(link("a", "hard"));
	TRY(link("missing", "hard2"));
	TRY(link("f", "hard2"));
}

static void symlinks(void)
{
	char text[64];
	char big[300];
	struct stat st;

	TRY(symlink("a", "l"));
	TRY(symlink("a", "l"));
	TRY(symlink("loop2", "loop1"));
	TRY(symlink("loop1", "loop2"));
	TRY(symlink("f", "fl"));
	TRY(symlink("../a", "f/up"));
	TRY(symlink("nowhere", "broken"));
	TRY(readlink("l", text, sizeof(text)));
	TRY(readlink("f/up", text, 2));
	TRY(readlink("a", text, sizeof(text)));
	TRY(readlink("missing", text, sizeof(text)));
	OPEN("l", O_RDONLY);
	OPEN("l", O_RDONLY | O_NOFOLLOW);
	OPEN("l", O_WRONLY | O_CREAT | O_EXCL);
	OPEN("loop1", O_RDONLY);
	OPEN("fl/y", O_RDONLY);
	OPEN("f/up", O_RDONLY);
	OPEN("fl/up", O_RDONLY);
	OPEN("broken", O_RDONLY);
	close(OPEN("broken", O_WRONLY | O_CREAT));
	show("nowhere");
	TRY(stat("l", &st));
	printf("%d\n", S_ISREG(st.st_mode));
	TRY(lstat("l", &st));
	printf("%d %d\n", S_ISLNK(st.st_mode), (int)st.st_size);
	TRY(lstat("fl/", &st));
	printf("%d\n", S_ISDIR(st.st_mode));
	TRY(unlink("l"));
	show("a");
	memset(big, 'n', sizeof(big));
	big[256] = '\0';
	printf("256: %s\n", open(big, O_RDONLY) < 0 ? name_of(errno) : "yes");
	big[255] = '\0';
	printf("255: %s\n", open(big, O_CREAT | O_WRONLY, 0666) < 0 ? name_of(errno) : "yes");
	TRY(unlink(big));
}

static void attributes(void)
{
	const struct timespec times[2] = { { 1000000000, 5 }, { 1500000000, 999999999 } };
	const struct timespec some[2] = { { 0, UTIME_OMIT }, { 7, 0 } };
	struct stat st, other;
	int fd = open("a", O_RDWR);

	TRY(write(fd, "abc", 3));
	TRY(fstat(fd, &st));
	printf("%d %d %d\n", (int)st.st_size, (int)st.st_nlink, S_ISREG(st.st_mode));
	TRY(stat("hard", &other));
	printf("same %d\n", st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	TRY(stat("f", &st));
	printf("%d\n", S_ISDIR(st.st_mode));
	TRY(stat("missing", &st));
	TRY(stat("a/b", &st));
	TRY(futimens(fd, times));
	TRY(fstat(fd, &st));
	printf("%lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, (long)st.st_atim.tv_nsec,
	       (long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
	TRY(utimensat(AT_FDCWD, "a", some, 0));
	TRY(stat("a", &st));
	printf("%lld %lld\n", (long long)st.st_atim.tv_sec, (long long)st.st_mtim.tv_sec);
	TRY(unlink("a"));
	TRY(fstat(fd, &st));
	printf("%d\n", (int)st.st_nlink);
	TRY(pwrite(fd, "still", 5, 0));
	close(fd);
	show("hard");
}

/* More than one request holds, in pieces of odd sizes. */
static void large(void)
{
	enum { SIZE = 3000000, PIECE = 70001 };
	unsigned char *data = malloc(SIZE), *back = malloc(SIZE);
	FILE *file = fopen("large", "w+");
	size_t at = 0;

	for (unsigned i = 0, x = 1; i < SIZE; i++)
		data[i] = (unsigned char)((x = x * 1103515245 + 12345) >> 16);
	for (; at < SIZE; at += PIECE)
		fwrite(data + at, 1, SIZE - at < PIECE ? SIZE - at : PIECE, file);
	printf("at %ld\n", ftell(file));
	rewind(file);
	for (at = 0; at < SIZE; at += 1000)
		fread(back + at, 1, 1000, file);
	printf("same %d\n", memcmp(data, back, SIZE) == 0);
	fclose(file);
	memset(back, 0, SIZE);
	TRY(pread(open("large", O_RDONLY), back, SIZE, 0));
	printf("same %d\n", memcmp(data, back, SIZE) == 0);
	free(data);
	free(back);
}

int main(void)
{
	files();
	directories();
	moving();
	symlinks();
	attributes();
	large();
	return 0;
}
