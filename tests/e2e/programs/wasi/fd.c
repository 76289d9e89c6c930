/* Functions that take a descriptor. */
#include <string.h>

#include "check.h"

static u64 number;
static u32 size;
static char buffer[4096];

static struct fdstat fdstat_of(u32 fd)
{
	struct fdstat stat = { 0 };

	run(fd_fdstat_get(fd, at(&stat)), SUCCESS);
	return stat;
}

static u64 size_of(u32 fd)
{
	struct filestat stat = { 0 };

	run(fd_filestat_get(fd, at(&stat)), SUCCESS);
	return stat.size;
}

static void test_advise(void)
{
	u32 fd = file("f", "text");

	for (u32 advice = 0; advice < 6; advice++)
		check_error("known advice", fd_advise(fd, 0, 10, advice), SUCCESS);
	run(fd_advise(fd, 0, 10, 6), INVAL);
	run(fd_advise(fd, 1ull << 40, 10, 0), SUCCESS);
	run(fd_advise(fd, 0, 0, 0), SUCCESS);
	run(fd_advise(CLOSED, 0, 10, 0), BADF);
}

static void test_allocate(void)
{
	u32 fd = file("f", "text"), less;

	run(fd_allocate(fd, 2, 8), SUCCESS);
	check("size", size_of(fd), 10);
	run(fd_allocate(fd, 0, 3), SUCCESS);
	check("size", size_of(fd), 10);
	run(fd_allocate(fd, 0, 0), INVAL);
	run(fd_allocate(fd, 1ull << 63, 1), INVAL);
	run(fd_allocate(fd, (1ull << 63) - 1, 2), FBIG);
	run(fd_allocate(CLOSED, 0, 1), BADF);
	run(fd_allocate(ROOT, 0, 1), NOTCAPABLE);
	less = opened("f", 0, ALL_RIGHTS & ~RIGHT_ALLOCATE, 0);
	run(fd_allocate(less, 0, 1), NOTCAPABLE);
}

static void test_close(void)
{
	u32 fd = file("f", "text"), again;

	run(fd_close(fd), SUCCESS);
	run(fd_close(fd), BADF);
	run(fd_close(0xffffffff), BADF);
	run(fd_tell(fd, at(&number)), BADF);
	again = file("g", "");
	check("the lowest free descriptor", again, fd);
	run(fd_close(ROOT), SUCCESS);
	run(path_create_directory(ROOT, text("d")), BADF);
	run(fd_prestat_get(ROOT, at(buffer)), BADF);
}

static void test_sync(u32 call(u32))
{
	u32 fd = file("f", "text");

	run(call(fd), SUCCESS);
	run(call(CLOSED), BADF);
}

static void test_datasync(void)
{
	test_sync(fd_datasync);
}

static void test_fsync(void)
{
	test_sync(fd_sync);
	run(fd_sync(ROOT), SUCCESS);
}

static void test_fdstat_get(void)
{
	u32 fd = file("f", "text"), plain = opened("f", 0, RIGHT_READ, 0), append = opened("f", 0, ALL_RIGHTS, APPEND);

	check("type of a file", fdstat_of(fd).type, TYPE_FILE);
	check("type of a directory", fdstat_of(ROOT).type, TYPE_DIRECTORY);
	check("flags", fdstat_of(fd).flags, 0);
	check("append", fdstat_of(append).flags, APPEND);
	check("rights that were not asked for", fdstat_of(plain).base & (RIGHT_WRITE | RIGHT_ALLOCATE), 0);
	check("the right to read", fdstat_of(plain).base & RIGHT_READ, RIGHT_READ);
	check("a directory hands down", fdstat_of(ROOT).inheriting & (RIGHT_READ | RIGHT_WRITE), RIGHT_READ | RIGHT_WRITE);
	run(fd_fdstat_get(CLOSED, at(buffer)), BADF);
	run(fd_fdstat_get(fd, NOWHERE), FAULT);
}

static void test_set_flags(void)
{
	struct iovec32 iovec = { text("!!") };
	u32 fd = file("f", "text"), less = opened("f", 0, ALL_RIGHTS & ~RIGHT_SET_FLAGS, 0);

	run(fd_fdstat_set_flags(fd, APPEND), SUCCESS);
	check("flags", fdstat_of(fd).flags, APPEND);
	run(fd_write(fd, at(&iovec), 1, at(&size)), SUCCESS);
	check("appended", size_of(fd), 6);
	run(fd_fdstat_set_flags(fd, 0), SUCCESS);
	check("flags", fdstat_of(fd).flags, 0);
	run(fd_seek(fd, 0, 0, at(&number)), SUCCESS);
	run(fd_write(fd, at(&iovec), 1, at(&size)), SUCCESS);
	check("overwritten", size_of(fd), 6);
	run(fd_fdstat_set_flags(fd, NONBLOCK), SUCCESS);
	run(fd_fdstat_set_flags(fd, 1 << 5), INVAL);
	run(fd_fdstat_set_flags(CLOSED, 0), BADF);
	run(fd_fdstat_set_flags(less, APPEND), NOTCAPABLE);
}

static void test_set_rights(void)
{
	struct iovec32 iovec = { at(buffer), 4 };
	u32 fd = file("f", "text");

	run(fd_fdstat_set_rights(fd, RIGHT_READ | RIGHT_SEEK, 0), SUCCESS);
	check("what is left", fdstat_of(fd).base, RIGHT_READ | RIGHT_SEEK);
	run(fd_fdstat_set_rights(fd, RIGHT_READ | RIGHT_WRITE, 0), NOTCAPABLE);
	run(fd_read(fd, at(&iovec), 1, at(&size)), SUCCESS);
	run(fd_write(fd, at(&iovec), 1, at(&size)), BADF);
	run(fd_filestat_get(fd, at(buffer)), NOTCAPABLE);
	run(fd_fdstat_set_rights(CLOSED, 0, 0), BADF);
}

static void test_filestat_get(void)
{
	struct filestat stat, other;
	u32 fd = file("f", "text");

	run(fd_filestat_get(fd, at(&stat)), SUCCESS);
	check("type", stat.type, TYPE_FILE);
	check("size", stat.size, 4);
	check("links", stat.links, 1);
	check("times", stat.mtim > 1000000000000000000ull && stat.ctim >= stat.mtim, 1);
	other = status("f");
	check("the same file", other.inode == stat.inode && other.device == stat.device, 1);
	run(fd_filestat_get(ROOT, at(&stat)), SUCCESS);
	check("type", stat.type, TYPE_DIRECTORY);
	check("another file", other.inode != stat.inode, 1);
	run(fd_filestat_get(CLOSED, at(&stat)), BADF);
	run(fd_filestat_get(fd, NOWHERE), FAULT);
}

static void test_set_size(void)
{
	struct iovec32 iovec = { at(buffer), 6 };
	u32 fd = file("f", "text"), plain;

	run(fd_filestat_set_size(fd, 6), SUCCESS);
	memset(buffer, 1, 6);
	run(fd_pread(fd, at(&iovec), 1, 0, at(&size)), SUCCESS);
	check("what was there, and zeros", size == 6 && memcmp(buffer, "text\0", 6) == 0, 1);
	run(fd_filestat_set_size(fd, 2), SUCCESS);
	check("size", size_of(fd), 2);
	run(fd_filestat_set_size(fd, 1ull << 63), INVAL);
	run(fd_filestat_set_size(CLOSED, 0), BADF);
	plain = opened("f", 0, RIGHT_READ, 0);
	run(fd_filestat_set_size(plain, 0), NOTCAPABLE);
}

static void test_set_times(void)
{
	u32 fd = file("f", "text");
	struct filestat stat;

	run(fd_filestat_set_times(fd, 1000000001, 2000000002, 1 | 4), SUCCESS);
	stat = status("f");
	check("accessed", stat.atim, 1000000001);
	check("modified", stat.mtim, 2000000002);
	run(fd_filestat_set_times(fd, 5, 3000000003, 4), SUCCESS);
	check("accessed, left alone", status("f").atim, 1000000001);
	check("modified", status("f").mtim, 3000000003);
	run(fd_filestat_set_times(fd, 0, 0, 8), SUCCESS);
	check("now", status("f").mtim > 1000000000000000000ull, 1);
	run(fd_filestat_set_times(fd, 0, 0, 0), SUCCESS);
	run(fd_filestat_set_times(fd, 0, 0, 1 | 2), INVAL);
	run(fd_filestat_set_times(fd, 0, 0, 4 | 8), INVAL);
	run(fd_filestat_set_times(CLOSED, 0, 0, 2), BADF);
}

static void test_pread(void)
{
	struct iovec32 iovecs[] = { { at(buffer), 2 }, { at(buffer + 10), 0 }, { at(buffer + 20), 100 } };
	struct iovec32 bad = { NOWHERE, 100 };
	u32 fd = file("f", "0123456789"), blind = opened("f", 0, RIGHT_WRITE | RIGHT_SEEK, 0);

	run(fd_pread(fd, at(iovecs), 3, 3, at(&size)), SUCCESS);
	check("bytes", size, 7);
	check("what was read", memcmp(buffer, "34", 2) == 0 && memcmp(buffer + 20, "56789", 5) == 0, 1);
	run(fd_tell(fd, at(&number)), SUCCESS);
	check("position", number, 0);
	run(fd_pread(fd, at(iovecs), 3, 10, at(&size)), SUCCESS);
	check("at the end", size, 0);
	run(fd_pread(fd, at(iovecs), 3, 1ull << 40, at(&size)), SUCCESS);
	check("behind the end", size, 0);
	run(fd_pread(fd, at(iovecs), 0, 0, at(&size)), SUCCESS);
	check("without buffers", size, 0);
	run(fd_pread(fd, at(iovecs), 1, 1ull << 63, at(&size)), INVAL);
	run(fd_pread(fd, at(&bad), 1, 0, at(&size)), FAULT);
	run(fd_pread(fd, NOWHERE, 1, 0, at(&size)), FAULT);
	run(fd_pread(fd, at(iovecs), 1, 0, NOWHERE), FAULT);
	run(fd_pread(CLOSED, at(iovecs), 1, 0, at(&size)), BADF);
	run(fd_pread(blind, at(iovecs), 1, 0, at(&size)), BADF);
	run(fd_pread(0, at(iovecs), 1, 0, at(&size)), SPIPE);
}

static void test_pwrite(void)
{
	struct iovec32 iovecs[] = { { text("ab") }, { 0, 0 }, { text("cdef") } }, bad = { NOWHERE, 100 };
	struct iovec32 all = { at(buffer), 100 };
	u32 fd = file("f", "0123"), plain = opened("f", 0, RIGHT_READ | RIGHT_SEEK, 0);

	run(fd_pwrite(fd, at(iovecs), 3, 2, at(&size)), SUCCESS);
	check("bytes", size, 6);
	run(fd_tell(fd, at(&number)), SUCCESS);
	check("position", number, 0);
	run(fd_pwrite(fd, at(iovecs), 1, 10, at(&size)), SUCCESS);
	run(fd_pread(fd, at(&all), 1, 0, at(&size)), SUCCESS);
	check("what is there", size == 12 && memcmp(buffer, "01abcdef\0\0ab", 12) == 0, 1);
	run(fd_pwrite(fd, at(iovecs), 0, 0, at(&size)), SUCCESS);
	run(fd_pwrite(fd, at(iovecs), 1, 1ull << 63, at(&size)), INVAL);
	run(fd_pwrite(fd, at(&bad), 1, 0, at(&size)), FAULT);
	run(fd_pwrite(CLOSED, at(iovecs), 1, 0, at(&size)), BADF);
	run(fd_pwrite(plain, at(iovecs), 1, 0, at(&size)), BADF);
	run(fd_pwrite(1, at(iovecs), 1, 0, at(&size)), SPIPE);
}

static void test_prestat_get(void)
{
	u32 prestat[2] = { 99, 99 };

	run(fd_prestat_get(ROOT, at(prestat)), SUCCESS);
	check("a directory", prestat[0] & 0xff, 0);
	check("its name's size", prestat[1], 1);
	run(fd_prestat_get(ROOT + 1, at(prestat)), BADF);
	run(fd_prestat_get(0, at(prestat)), BADF);
	run(fd_prestat_get(ROOT, NOWHERE), FAULT);
}

static void test_prestat_dir_name(void)
{
	run(fd_prestat_dir_name(ROOT, at(buffer), 1), SUCCESS);
	check("name", buffer[0], '.');
	run(fd_prestat_dir_name(ROOT, at(buffer), 0), NAMETOOLONG);
	run(fd_prestat_dir_name(file("f", ""), at(buffer), 10), BADF);
	run(fd_prestat_dir_name(CLOSED, at(buffer), 10), BADF);
	run(fd_prestat_dir_name(ROOT, NOWHERE, 1), FAULT);
}

static void test_read(void)
{
	struct iovec32 iovecs[] = { { at(buffer), 3 }, { at(buffer + 10), 3 } }, bad = { NOWHERE, 100 };
	u32 fd = file("f", "01234567"), blind = opened("f", 0, RIGHT_WRITE, 0);

	run(fd_read(fd, at(iovecs), 2, at(&size)), SUCCESS);
	check("bytes", size, 6);
	check("what was read", memcmp(buffer, "012", 3) == 0 && memcmp(buffer + 10, "345", 3) == 0, 1);
	run(fd_read(fd, at(iovecs), 2, at(&size)), SUCCESS);
	check("the rest", size, 2);
	run(fd_read(fd, at(iovecs), 2, at(&size)), SUCCESS);
	check("the end", size, 0);
	run(fd_read(fd, at(&bad), 1, at(&size)), FAULT);
	run(fd_read(fd, at(iovecs), 0x10000000, at(&size)), FAULT);
	run(fd_read(fd, at(iovecs), 1, NOWHERE), FAULT);
	run(fd_read(CLOSED, at(iovecs), 1, at(&size)), BADF);
	run(fd_read(blind, at(iovecs), 1, at(&size)), BADF);
	run(fd_read(ROOT, at(iovecs), 1, at(&size)), ISDIR);
}

/* The names that readdir lists from the cookie on, with an NUL behind each. */
static unsigned list(u32 fd, u64 cookie, u32 room, char *names, u64 *last)
{
	unsigned count = 0;
	struct entry entry;

	*names = '\0';
	while (!fd_readdir(fd, at(buffer), room, cookie, at(&size)) && size > 0) {
		for (u32 i = 0; i + sizeof(entry) <= size; i += sizeof(entry) + entry.name_size) {
			memcpy(&entry, buffer + i, sizeof(entry));
			if (i + sizeof(entry) + entry.name_size > size)
				break;
			cookie = *last = entry.next;
			if (buffer[i + sizeof(entry)] == '.')
				continue; /* "." and "..", which some engines leave out */
			memcpy(names + strlen(names), buffer + i + sizeof(entry), entry.name_size);
			names[strlen(names)] = '\0';
			count++;
		}
		if (size < room)
			break;
	}
	return count;
}

static void test_readdir(void)
{
	static char names[4096];
	u64 last = 0, half;
	u32 fd = file("f", ""), dir;

	for (char c = 'a'; c < 'a' + 20; c++) {
		char path[] = "d/x0";

		if (c == 'a')
			folder("d");
		path[3] = c;
		closed(file(path, ""));
	}
	dir = opened("d", DIRECTORY, DIR_RIGHTS, 0);
	memset(names, 0, sizeof(names));
	check("all at once", list(dir, 0, sizeof(buffer), names, &last), 20);
	memset(names, 0, sizeof(names));
	check("a few at a time", list(dir, 0, 100, names, &last), 20);
	check("behind the last", list(dir, last, sizeof(buffer), names, &half), 0);
	memset(names, 0, sizeof(names));
	check("again from the beginning", list(dir, 0, sizeof(buffer), names, &last), 20);
	run(fd_readdir(dir, at(buffer), 10, 0, at(&size)), SUCCESS);
	check("a buffer for less than an entry is filled", size, 10);
	closed(file("d/new", ""));
	memset(names, 0, sizeof(names));
	check("what is new", list(dir, 0, sizeof(buffer), names, &last), 21);
	run(fd_readdir(CLOSED, at(buffer), 100, 0, at(&size)), BADF);
	run(fd_readdir(fd, at(buffer), 100, 0, at(&size)), NOTDIR);
	run(fd_readdir(dir, NOWHERE, 100, 0, at(&size)), FAULT);
	run(fd_readdir(dir, at(buffer), 100, 0, NOWHERE), FAULT);
}

static void test_renumber(void)
{
	u32 one = file("one", "1"), two = file("two", "22");

	run(fd_renumber(one, two), SUCCESS);
	check("what it is now", size_of(two), 1);
	run(fd_tell(one, at(&number)), BADF);
	run(fd_renumber(two, two), SUCCESS);
	check("onto itself", size_of(two), 1);
	run(fd_renumber(CLOSED, two), BADF);
	run(fd_renumber(two, CLOSED), BADF);
	check("after errors", size_of(two), 1);
}

static void test_seek(void)
{
	u32 fd = file("f", "0123456789"), less = opened("f", 0, RIGHT_READ, 0);

	run(fd_seek(fd, 4, 0, at(&number)), SUCCESS);
	check("from the start", number, 4);
	run(fd_seek(fd, (u64)-3, 1, at(&number)), SUCCESS);
	check("from here", number, 1);
	run(fd_seek(fd, (u64)-2, 2, at(&number)), SUCCESS);
	check("from the end", number, 8);
	run(fd_seek(fd, 100, 2, at(&number)), SUCCESS);
	check("behind the end", number, 110);
	check("which changes nothing", size_of(fd), 10);
	run(fd_seek(fd, (u64)-1, 0, at(&number)), INVAL);
	run(fd_seek(fd, (u64)-200, 1, at(&number)), INVAL);
	run(fd_seek(fd, 0, 3, at(&number)), INVAL);
	run(fd_seek(fd, 0, 1, at(&number)), SUCCESS);
	check("after errors", number, 110);
	run(fd_seek(fd, 0, 0, NOWHERE), FAULT);
	run(fd_seek(CLOSED, 0, 0, at(&number)), BADF);
	run(fd_seek(0, 0, 0, at(&number)), SPIPE);
	run(fd_seek(less, 0, 0, at(&number)), NOTCAPABLE);
}

static void test_tell(void)
{
	struct iovec32 iovec = { at(buffer), 3 };
	u32 fd = file("f", "0123456789");

	run(fd_read(fd, at(&iovec), 1, at(&size)), SUCCESS);
	run(fd_tell(fd, at(&number)), SUCCESS);
	check("position", number, 3);
	run(fd_tell(fd, NOWHERE), FAULT);
	run(fd_tell(CLOSED, at(&number)), BADF);
	run(fd_tell(0, at(&number)), SPIPE);
}

static void test_write(void)
{
	struct iovec32 iovecs[] = { { text("ab") }, { text("cd") } }, bad[] = { { text("xy") }, { NOWHERE, 100 } };
	u32 fd = file("f", "0123456789"), plain = opened("f", 0, RIGHT_READ, 0);

	run(fd_write(fd, at(iovecs), 2, at(&size)), SUCCESS);
	check("bytes", size, 4);
	run(fd_write(fd, at(bad), 2, at(&size)), FAULT);
	run(fd_write(fd, at(iovecs), 1, NOWHERE), FAULT);
	run(fd_seek(fd, 3, 2, at(&number)), SUCCESS);
	run(fd_write(fd, at(iovecs), 1, at(&size)), SUCCESS);
	check("with a hole", size_of(fd), 15);
	run(fd_write(fd, at(iovecs), 0, at(&size)), SUCCESS);
	check("nothing", size, 0);
	run(fd_write(CLOSED, at(iovecs), 1, at(&size)), BADF);
	run(fd_write(plain, at(iovecs), 1, at(&size)), BADF);
	run(fd_write(ROOT, at(iovecs), 1, at(&size)), BADF);
}

const struct test fd_tests[] = {
	{ "fd_advise", test_advise }, { "fd_allocate", test_allocate }, { "fd_close", test_close },
	{ "fd_datasync", test_datasync }, { "fd_fdstat_get", test_fdstat_get }, { "fd_fdstat_set_flags", test_set_flags },
	{ "fd_fdstat_set_rights", test_set_rights }, { "fd_filestat_get", test_filestat_get },
	{ "fd_filestat_set_size", test_set_size }, { "fd_filestat_set_times", test_set_times }, { "fd_pread", test_pread },
	{ "fd_prestat_dir_name", test_prestat_dir_name }, { "fd_prestat_get", test_prestat_get },
	{ "fd_pwrite", test_pwrite }, { "fd_read", test_read }, { "fd_readdir", test_readdir },
	{ "fd_renumber", test_renumber }, { "fd_seek", test_seek }, { "fd_sync", test_fsync }, { "fd_tell", test_tell },
	{ "fd_write", test_write }, { 0 },
};
