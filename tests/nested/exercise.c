/* exercise FOLDER: does in an empty folder what programs do to files, and looks whether each has the meaning that
 * Linux gives it. Leaves the folder empty. One line for each group; the first that is not right ends it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *group;

static void must_at(bool right, const char *what, int line)
{
	if (right)
		return;
	printf("exercise: %s, line %d: %s (%s)\n", group, line, what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

#define MUST(what) must_at(what, #what, __LINE__)
#define FAILS(what, error) must_at((what) < 0 && errno == (error), #what " fails with " #error, __LINE__)

static int make(const char *path, const char *content)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);

	MUST(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	return fd;
}

static void make_closed(const char *path, const char *content)
{
	MUST(close(make(path, content)) == 0);
}

static bool has(const char *path, const char *content)
{
	char got[4096];
	int fd = open(path, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, got, sizeof(got));

	if (fd >= 0)
		close(fd);
	return size == (ssize_t)strlen(content) && memcmp(got, content, (size_t)size) == 0;
}

static struct stat status(const char *path)
{
	struct stat st;

	MUST(lstat(path, &st) == 0);
	return st;
}

static void renames(void)
{
	int replaced;
	struct stat st;

	make_closed("a", "one");
	replaced = make("b", "two");
	MUST(rename("a", "b") == 0 && has("b", "one") && access("a", F_OK) != 0);
	MUST(fstat(replaced, &st) == 0 && st.st_nlink == 0 && st.st_size == 3);
	MUST(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0);
	make_closed("d/f", "");
	FAILS(rename("e", "d"), ENOTEMPTY);
	FAILS(rename("b", "d"), EISDIR);
	FAILS(rename("d", "b"), ENOTDIR);
	FAILS(rename("d", "d/below"), EINVAL);
	FAILS(rename("none", "b"), ENOENT);
	MUST(rename("d", "e") == 0 && access("e/f", F_OK) == 0);
	make_closed("c", "three");
	FAILS(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE), EEXIST);
	MUST(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_EXCHANGE) == 0 && has("b", "three") && has("c", "one"));
	MUST(rename("b", "b") == 0 && link("b", "b2") == 0 && rename("b", "b2") == 0 && access("b", F_OK) == 0);
	MUST(unlink("b") == 0 && unlink("b2") == 0 && unlink("c") == 0 && unlink("e/f") == 0 && rmdir("e") == 0);
	close(replaced);
}

static void links(void)
{
	make_closed("a", "x");
	MUST(link("a", "b") == 0 && status("a").st_nlink == 2 && status("a").st_ino == status("b").st_ino);
	FAILS(link("a", "b"), EEXIST);
	MUST(mkdir("d", 0755) == 0);
	FAILS(link("d", "l"), EPERM);
	MUST(unlink("a") == 0 && status("b").st_nlink == 1 && has("b", "x"));
	FAILS(unlink("d"), EISDIR);
	FAILS(rmdir("b"), ENOTDIR);
	FAILS(mkdir("d", 0755), EEXIST);
	make_closed("d/f", "");
	FAILS(rmdir("d"), ENOTEMPTY);
	MUST(unlink("d/f") == 0 && rmdir("d") == 0 && unlink("b") == 0);
}

static void opening(void)
{
	MUST(symlink("nowhere", "dangling") == 0 && symlink("a", "good") == 0);
	make_closed("a", "x");
	FAILS(open("a", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	FAILS(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	FAILS(open("good", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(open(".", O_WRONLY), EISDIR);
	FAILS(open("a/b", O_RDONLY), ENOTDIR);
	FAILS(open("a/", O_RDONLY), ENOTDIR);
	MUST(close(open("dangling", O_CREAT | O_WRONLY, 0644)) == 0 && access("nowhere", F_OK) == 0);
	MUST(close(open("a", O_WRONLY | O_TRUNC)) == 0 && status("a").st_size == 0);
	MUST(unlink("a") == 0 && unlink("good") == 0 && unlink("dangling") == 0 && unlink("nowhere") == 0);
}

static void appending(void)
{
	int one = make("a", ""), two;

	MUST(fcntl(one, F_SETFL, O_APPEND) == 0);
	two = open("a", O_WRONLY | O_APPEND);
	for (int i = 0; i < 5; i++)
		MUST(write(i % 2 ? one : two, &"01234"[i], 1) == 1);
	MUST(pwrite(two, "5", 1, 0) == 1 && has("a", "012345"));
	close(one);
	close(two);
	MUST(unlink("a") == 0);
}

#define HOLE (1 << 20)

static void holes(void)
{
	char block[4096];
	int fd = make("a", "");

	MUST(pwrite(fd, "end", 3, HOLE) == 3);
	MUST(lseek(fd, 0, SEEK_DATA) == HOLE && lseek(fd, 0, SEEK_HOLE) == 0 && lseek(fd, HOLE, SEEK_HOLE) == HOLE + 3);
	FAILS(lseek(fd, HOLE + 3, SEEK_DATA), ENXIO);
	MUST(status("a").st_blocks * 512 < HOLE / 2);
	MUST(pread(fd, block, sizeof(block), 8192) == sizeof(block));
	for (size_t i = 0; i < sizeof(block); i++)
		MUST(block[i] == 0);
	MUST(lseek(fd, -3, SEEK_END) == HOLE && read(fd, block, 10) == 3 && memcmp(block, "end", 3) == 0);
	MUST(read(fd, block, 10) == 0);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	close(fd);
	MUST(unlink("a") == 0);
}

static void allocating(void)
{
	char block[4096] = "content";
	int fd = make("a", "");

	MUST(fallocate(fd, 0, 0, 1 << 16) == 0 && status("a").st_size == 1 << 16 && status("a").st_blocks >= 128);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 17) == 0 && status("a").st_size == 1 << 16);
	MUST(pwrite(fd, block, sizeof(block), 0) == sizeof(block) && pwrite(fd, block, sizeof(block), 4096) == sizeof(block));
	MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
	MUST(pread(fd, block, sizeof(block), 0) == sizeof(block) && block[0] == 0);
	MUST(pread(fd, block, sizeof(block), 4096) == sizeof(block) && strcmp(block, "content") == 0);
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	close(fd);
	MUST(unlink("a") == 0);
}

static void truncating(void)
{
	char got[16] = "";
	int fd = make("a", "0123456789");

	MUST(truncate("a", 4) == 0 && pread(fd, got, 10, 0) == 4 && write(fd, "x", 1) == 1);
	MUST(pread(fd, got, 16, 0) == 11 && memcmp(got, "0123\0\0\0\0\0\0x", 11) == 0);
	MUST(ftruncate(fd, 0) == 0 && status("a").st_size == 0 && read(fd, got, 1) == 0);
	MUST(ftruncate(fd, 1l << 33) == 0 && status("a").st_size == 1l << 33);
	MUST(pwrite(fd, "far", 3, (1l << 33) + 5) == 3 && pread(fd, got, 10, (1l << 33) + 4) == 4);
	FAILS(truncate(".", 0), EISDIR);
	FAILS(truncate("none", 0), ENOENT);
	close(fd);
	MUST(unlink("a") == 0);
}

static void unlinked(void)
{
	struct stat st;
	char got[8];
	int fd = make("a", "kept"), dir = -1;

	MUST(unlink("a") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0 && st.st_size == 4);
	MUST(pwrite(fd, "more", 4, 4) == 4 && pread(fd, got, 8, 0) == 8 && memcmp(got, "keptmore", 8) == 0);
	MUST(ftruncate(fd, 2) == 0 && fchmod(fd, 0600) == 0 && fstat(fd, &st) == 0 && st.st_size == 2);
	make_closed("a", "another");
	MUST(pread(fd, got, 8, 0) == 2 && has("a", "another"));
	close(fd);
	MUST(mkdir("d", 0755) == 0 && (dir = open("d", O_RDONLY)) >= 0 && rmdir("d") == 0);
	FAILS(openat(dir, "f", O_CREAT | O_WRONLY, 0644), ENOENT);
	close(dir);
	MUST(unlink("a") == 0);
}

#define DEPTH 100

static void deep_trees(void)
{
	for (int i = 0; i < DEPTH; i++)
		MUST(mkdir("directory", 0755) == 0 && chdir("directory") == 0);
	make_closed("leaf", "deep");
	MUST(has("../directory/leaf", "deep") && unlink("leaf") == 0);
	for (int i = 0; i < DEPTH; i++)
		MUST(chdir("..") == 0 && rmdir("directory") == 0);
}

static void names(void)
{
	static const char *const odd[] = { "new\nline", "\xff\xfe", " ", "-rf", "...", "a\\b", "\xc3\xa4" };
	char name[300];

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	make_closed(name, "longest");
	MUST(has(name, "longest") && unlink(name) == 0);
	name[255] = 'n';
	name[256] = '\0';
	FAILS(open(name, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		make_closed(odd[i], odd[i]);
		MUST(has(odd[i], odd[i]) && unlink(odd[i]) == 0);
	}
}

#define ENTRIES 300

/* Reads on from where it is; each of the entries not seen before. */
static unsigned count_entries(DIR *dir, bool *seen)
{
	unsigned count = 0;
	struct dirent *d;

	while ((d = readdir(dir))) {
		int i = atoi(d->d_name);

		if (d->d_name[0] == '.')
			continue;
		MUST(i >= 0 && i < ENTRIES && !seen[i] && d->d_type == DT_REG);
		seen[i] = true;
		count++;
	}
	return count;
}

static void directories(void)
{
	bool seen[ENTRIES] = { false }, later[ENTRIES] = { false };
	char name[32];
	DIR *dir;
	long place;

	MUST(mkdir("d", 0755) == 0);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		make_closed(name, "");
	}
	MUST((dir = opendir("d")) != NULL);
	MUST(count_entries(dir, seen) == ENTRIES);
	rewinddir(dir);
	for (int i = 0; i < ENTRIES / 2; i++)
		MUST(readdir(dir));
	place = telldir(dir);
	memset(seen, 0, sizeof(seen));
	MUST(count_entries(dir, seen) >= ENTRIES / 2 - 2);
	seekdir(dir, place);
	count_entries(dir, later);
	MUST(memcmp(seen, later, sizeof(seen)) == 0);
	rewinddir(dir);
	for (struct dirent *d; (d = readdir(dir));)
		MUST(d->d_name[0] == '.' || unlinkat(dirfd(dir), d->d_name, 0) == 0);
	closedir(dir);
	MUST(rmdir("d") == 0);
}

static void symlinks(void)
{
	char target[4096], got[4096];

	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	MUST(symlink(target, "long") == 0 && readlink("long", got, sizeof(got)) == 4095 && memcmp(got, target, 4095) == 0);
	MUST(status("long").st_size == 4095 && S_ISLNK(status("long").st_mode));
	MUST(symlink("loop", "loop") == 0 && mkdir("d", 0755) == 0 && symlink("../f", "d/up") == 0);
	FAILS(open("loop", O_RDONLY), ELOOP);
	make_closed("f", "found");
	MUST(has("d/up", "found"));
	FAILS(readlink("f", got, sizeof(got)), EINVAL);
	FAILS(symlink("x", "f"), EEXIST);
	MUST(unlink("long") == 0 && unlink("loop") == 0 && unlink("d/up") == 0 && rmdir("d") == 0 && unlink("f") == 0);
}

static int in_child(void (*run)(void))
{
	int result = -1;
	pid_t child = fork();

	MUST(child >= 0);
	if (child == 0) {
		run();
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(child, &result, 0) == child);
	return result;
}

static void as_nobody(void)
{
	MUST(setgid(1000) == 0 && setuid(1000) == 0);
	FAILS(open("secret", O_RDONLY), EACCES);
	FAILS(open("public", O_WRONLY), EACCES);
	FAILS(open("closed/f", O_RDONLY), EACCES);
	FAILS(open("new", O_CREAT | O_WRONLY, 0644), EACCES);
	FAILS(chmod("public", 0777), EPERM);
	FAILS(unlink("sticky/f"), EPERM);
	MUST(has("public", "p"));
	umask(027);
	make_closed("sticky/mine", "");
	MUST((status("sticky/mine").st_mode & 0777) == 0640 && status("sticky/mine").st_uid == 1000);
	MUST(unlink("sticky/mine") == 0);
}

static void permissions(void)
{
	make_closed("secret", "s");
	make_closed("public", "p");
	MUST(chmod("secret", 0600) == 0 && chmod("public", 0644) == 0 && chown("public", 12, 34) == 0);
	MUST(status("public").st_uid == 12 && status("public").st_gid == 34);
	MUST(mkdir("closed", 0700) == 0 && mkdir("sticky", 0755) == 0 && chmod("sticky", 01777) == 0);
	make_closed("closed/f", "");
	make_closed("sticky/f", "");
	MUST(in_child(as_nobody) == 0);
	MUST(unlink("closed/f") == 0 && unlink("sticky/f") == 0 && rmdir("closed") == 0 && rmdir("sticky") == 0);
	MUST(unlink("secret") == 0 && unlink("public") == 0);
}

static void times(void)
{
	const struct timespec set[2] = { { 1234567890, 123456789 }, { 987654321, 1 } };
	const struct timespec one[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
	struct timespec before;
	int fd = make("a", "");

	MUST(utimensat(AT_FDCWD, "a", set, 0) == 0);
	MUST(status("a").st_atim.tv_sec == 1234567890 && status("a").st_atim.tv_nsec == 123456789);
	MUST(status("a").st_mtim.tv_sec == 987654321 && status("a").st_mtim.tv_nsec == 1);
	MUST(utimensat(AT_FDCWD, "a", one, 0) == 0);
	MUST(status("a").st_atim.tv_sec == 1234567890 && status("a").st_mtim.tv_sec > 987654321);
	MUST(utimensat(AT_FDCWD, "a", set, 0) == 0 && write(fd, "x", 1) == 1);
	MUST(status("a").st_mtim.tv_sec > 987654321);
	before = status(".").st_mtim;
	usleep(20000);
	make_closed("b", "");
	MUST(memcmp(&before, &(struct timespec){ status(".").st_mtim.tv_sec, status(".").st_mtim.tv_nsec }, sizeof(before)));
	close(fd);
	MUST(unlink("a") == 0 && unlink("b") == 0);
}

static void mappings(void)
{
	char got[8];
	int fd = make("a", "");
	char *shared, *own;

	MUST(ftruncate(fd, 3 * 4096) == 0);
	shared = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	MUST(shared != MAP_FAILED && own != MAP_FAILED);
	strcpy(shared, "shared");
	strcpy(shared + 2 * 4096, "third");
	MUST(msync(shared, 3 * 4096, MS_SYNC) == 0 && pread(fd, got, 6, 2 * 4096) == 6 && strcmp(got, "third") == 0);
	MUST(pwrite(fd, "SH", 2, 0) == 2 && strcmp(shared, "SHared") == 0);
	strcpy(own, "mine");
	MUST(strcmp(shared, "SHared") == 0 && munmap(shared, 3 * 4096) == 0 && munmap(own, 4096) == 0);
	close(fd);
	fd = open("a", O_RDONLY);
	MUST(pread(fd, got, 7, 0) == 7 && strcmp(got, "SHared") == 0);
	close(fd);
	MUST(unlink("a") == 0);
}

static void attributes(void)
{
	char got[64];

	make_closed("a", "");
	MUST(setxattr("a", "user.one", "1", 1, XATTR_CREATE) == 0 && setxattr("a", "user.two", "22", 2, 0) == 0);
	FAILS(setxattr("a", "user.one", "", 0, XATTR_CREATE), EEXIST);
	MUST(getxattr("a", "user.two", got, sizeof(got)) == 2 && getxattr("a", "user.two", NULL, 0) == 2);
	FAILS(getxattr("a", "user.two", got, 1), ERANGE);
	MUST(listxattr("a", got, sizeof(got)) == 18 && removexattr("a", "user.one") == 0 && listxattr("a", NULL, 0) == 9);
	FAILS(getxattr("a", "user.one", got, sizeof(got)), ENODATA);
	MUST(setxattr(".", "user.dir", "d", 1, 0) == 0 && removexattr(".", "user.dir") == 0);
	MUST(unlink("a") == 0);
}

static void copying(void)
{
	off_t from = 2, to = 0;
	int a = make("a", "0123456789"), b = make("b", "");

	MUST(copy_file_range(a, &from, b, &to, 5, 0) == 5 && from == 7 && to == 5 && has("b", "23456"));
	from = 100;
	MUST(copy_file_range(a, &from, b, &to, 5, 0) == 0);
	from = 0;
	MUST(lseek(b, 0, SEEK_SET) == 0 && sendfile(b, a, &from, 10) == 10 && has("b", "0123456789"));
	MUST(fsync(b) == 0 && fdatasync(b) == 0 && syncfs(b) == 0);
	close(a);
	close(b);
	MUST(unlink("a") == 0 && unlink("b") == 0 && (a = open(".", O_RDONLY)) >= 0 && fsync(a) == 0);
	close(a);
}

static void space(void)
{
	struct statvfs st;

	MUST(statvfs(".", &st) == 0 && st.f_namemax == 255 && st.f_blocks > 0 && st.f_bavail <= st.f_blocks);
}

static int locked;

static void lock_again(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	int fd = open("a", O_RDWR);

	FAILS(fcntl(fd, F_SETLK, &lock), EAGAIN);
	FAILS(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	lock.l_start = 10;
	MUST(fcntl(fd, F_SETLK, &lock) == 0);
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };

	locked = make("a", "");
	MUST(fcntl(locked, F_SETLK, &lock) == 0 && flock(locked, LOCK_EX) == 0 && in_child(lock_again) == 0);
	close(locked);
	MUST(unlink("a") == 0);
}

static void say(void)
{
	int fd = open("fifo", O_WRONLY);

	MUST(fd >= 0 && write(fd, "said", 4) == 4);
}

static void other_kinds(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd, server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	char got[8];
	pid_t child;

	MUST(mkfifo("fifo", 0644) == 0 && S_ISFIFO(status("fifo").st_mode));
	MUST((child = fork()) >= 0);
	if (child == 0) {
		say();
		_exit(0);
	}
	MUST((fd = open("fifo", O_RDONLY)) >= 0 && read(fd, got, 8) == 4 && memcmp(got, "said", 4) == 0);
	MUST(waitpid(child, NULL, 0) == child);
	close(fd);
	MUST(bind(server, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(server, 1) == 0);
	MUST(S_ISSOCK(status("socket").st_mode) && connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(server);
	close(client);
	MUST(unlink("fifo") == 0 && unlink("socket") == 0);
}

#define WRITERS 4
#define RECORDS 20

static void many_at_once(void)
{
	struct stat st;
	char name[32], record[17];

	make_closed("log", "");
	for (int w = 0; w < WRITERS; w++) {
		if (fork() > 0)
			continue;
		for (int i = 0; i < RECORDS; i++) {
			int fd = open("log", O_WRONLY | O_APPEND);

			snprintf(record, sizeof(record), "%7d %7d\n", w, i);
			MUST(write(fd, record, 16) == 16 && close(fd) == 0);
			snprintf(name, sizeof(name), "%d.%d", w, i);
			make_closed(name, record);
			MUST(has(name, record) && rename(name, "last") == 0);
		}
		_exit(0);
	}
	for (int w = 0, result; w < WRITERS; w++)
		MUST(wait(&result) > 0 && result == 0);
	MUST(stat("log", &st) == 0 && st.st_size == WRITERS * RECORDS * 16);
	MUST(unlink("log") == 0 && unlink("last") == 0);
}

#define MODEL (256 << 10)
#define STEPS 400

static uint32_t next_number(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 4;
}

/* Random changes to a file, and the same to memory: at every step both have to be the same. */
static void against_a_model(void)
{
	static char model[MODEL], got[MODEL];
	size_t size = 0;
	int fd = make("a", "");

	for (int step = 0; step < STEPS; step++) {
		size_t at = next_number() % (MODEL / 2), length = 1 + next_number() % (MODEL / 8);
		ssize_t expected = at < size ? (ssize_t)(size - at < length ? size - at : length) : 0;
		char *map;

		switch (next_number() % 8) {
		case 0:
		case 1:
		case 2:
			memset(got, step, length);
			MUST(pwrite(fd, got, length, (off_t)at) == (ssize_t)length);
			memset(model + at, step, length);
			size = at + length > size ? at + length : size;
			break;
		case 3:
			MUST(ftruncate(fd, (off_t)at) == 0);
			if (at < size)
				memset(model + at, 0, size - at);
			size = at;
			break;
		case 4:
			MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)length) == 0);
			memset(model + at, 0, at < size ? (size_t)expected : 0);
			break;
		case 5:
			if (expected == 0)
				break;
			map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			MUST(map != MAP_FAILED && memcmp(map, model, size) == 0);
			memset(map + at, ~step, (size_t)expected);
			memset(model + at, ~step, (size_t)expected);
			MUST(munmap(map, size) == 0);
			break;
		case 6:
			close(fd);
			MUST((fd = open("a", O_RDWR)) >= 0);
			break;
		default:
			MUST(pread(fd, got, length, (off_t)at) == expected && memcmp(got, model + at, (size_t)expected) == 0);
		}
		MUST(status("a").st_size == (off_t)size);
	}
	MUST(pread(fd, got, MODEL, 0) == (ssize_t)size && memcmp(got, model, size) == 0);
	close(fd);
	MUST(unlink("a") == 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} groups[] = {
		{ "renames", renames }, { "links", links }, { "opening", opening }, { "appending", appending },
		{ "holes", holes }, { "allocating", allocating }, { "truncating", truncating }, { "unlinked", unlinked },
		{ "deep trees", deep_trees }, { "names", names }, { "directories", directories },
		{ "symlinks", symlinks }, { "permissions", permissions }, { "times", times }, { "mappings", mappings },
		{ "attributes", attributes }, { "copying", copying }, { "space", space }, { "locks", locks },
		{ "other kinds", other_kinds }, { "many at once", many_at_once }, { "a model", against_a_model },
	};

	if (argc != 2 || chdir(argv[1]) != 0) {
		fprintf(stderr, "exercise FOLDER\n");
		return 2;
	}
	umask(022);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		group = groups[i].name;
		groups[i].run();
	}
	printf("exercise: %zu groups done\n", sizeof(groups) / sizeof(groups[0]));
	return 0;
}
