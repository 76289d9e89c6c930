/* Functions that take a path. */
#include <string.h>

#include "check.h"

static u32 fd, size;
static char buffer[4096];
static char long_name[257];

static void link_to(const char *target, const char *path)
{
	check_error("path_symlink", path_symlink(at(target), strlen(target), ROOT, at(path), strlen(path)), SUCCESS);
}

/* What every path has to be. `call` gives it to a function that would take an existing directory's name. */
static void test_paths(u32 call(u32 dir, u32 path, u32 path_size))
{
	memset(long_name, 'x', 256);
	check_error("a closed descriptor", call(CLOSED, text("p")), BADF);
	check_error("no address", call(ROOT, NOWHERE, 1), FAULT);
	check_error("above the directory", call(ROOT, text("../p")), NOTCAPABLE);
	check_error("above it, later", call(ROOT, text("d/../../p")), NOTCAPABLE);
	check_error("absolute", call(ROOT, text("/p")), NOTCAPABLE);
	check_error("empty", call(ROOT, text("")), NOENT);
	check_error("below a file", call(ROOT, text("f/p")), NOTDIR);
	check_error("below nothing", call(ROOT, text("none/p")), NOENT);
	check_error("a name of 256 bytes", call(ROOT, at(long_name), 256), NAMETOOLONG);
	check_error("a NUL", call(ROOT, text("p\0q")), INVAL);
	check_error("no UTF-8", call(ROOT, text("p\xff")), ILSEQ);
	check_error("out through a link", call(ROOT, text("out/p")), NOTCAPABLE);
	check_error("round through links", call(ROOT, text("round/p")), LOOP);
}

static void make_surroundings(void)
{
	folder("d");
	closed(file("f", "text"));
	link_to("d/..", "out0");
	link_to("round", "round");
	link_to("d/../..", "out");
}

static u32 create_directory(u32 dir, u32 path, u32 path_size)
{
	return path_create_directory(dir, path, path_size);
}

static void test_create_directory(void)
{
	make_surroundings();
	test_paths(create_directory);
	run(path_create_directory(ROOT, text("new")), SUCCESS);
	check("type", status("new").type, TYPE_DIRECTORY);
	run(path_create_directory(ROOT, text("new")), EXIST);
	run(path_create_directory(ROOT, text("f")), EXIST);
	run(path_create_directory(ROOT, text("new/inner/")), SUCCESS);
	run(path_create_directory(ROOT, text("d/../new/../d/./x")), SUCCESS);
	check("type", status("d/x").type, TYPE_DIRECTORY);
	run(path_create_directory(ROOT, text(".")), EXIST);
	link_to("nowhere", "dangling");
	run(path_create_directory(ROOT, text("dangling")), EXIST);
}

static u32 filestat(u32 dir, u32 path, u32 path_size)
{
	return path_filestat_get(dir, FOLLOW, path, path_size, at(buffer));
}

static void test_filestat_get(void)
{
	struct filestat stat;

	make_surroundings();
	test_paths(filestat);
	link_to("f", "link");
	run(path_filestat_get(ROOT, FOLLOW, text("link"), at(&stat)), SUCCESS);
	check("the file", stat.type == TYPE_FILE && stat.size == 4, 1);
	run(path_filestat_get(ROOT, 0, text("link"), at(&stat)), SUCCESS);
	check("the link", stat.type == TYPE_SYMLINK && stat.size == 1, 1);
	run(path_filestat_get(ROOT, 0, text("."), at(&stat)), SUCCESS);
	run(path_filestat_get(ROOT, 0, text("d/"), at(&stat)), SUCCESS);
	run(path_filestat_get(ROOT, 0, text("f/"), at(&stat)), NOTDIR);
	run(path_filestat_get(ROOT, 0, text("none"), at(&stat)), NOENT);
	link_to("none", "dangling");
	run(path_filestat_get(ROOT, FOLLOW, text("dangling"), at(&stat)), NOENT);
	run(path_filestat_get(ROOT, 0, text("dangling"), at(&stat)), SUCCESS);
	run(path_filestat_get(ROOT, FOLLOW, text("round"), at(&stat)), LOOP);
	run(path_filestat_get(ROOT, 0, text("f"), NOWHERE), FAULT);
}

static u32 set_times(u32 dir, u32 path, u32 path_size)
{
	return path_filestat_set_times(dir, FOLLOW, path, path_size, 0, 0, 8);
}

static void test_set_times(void)
{
	make_surroundings();
	test_paths(set_times);
	link_to("f", "link");
	run(path_filestat_set_times(ROOT, FOLLOW, text("link"), 1000000001, 2000000002, 5), SUCCESS);
	check("accessed", status("f").atim, 1000000001);
	check("modified", status("f").mtim, 2000000002);
	run(path_filestat_set_times(ROOT, 0, text("link"), 1, 3000000003, 4), SUCCESS);
	check("the link", status("link").mtim, 3000000003);
	check("not the file", status("f").mtim, 2000000002);
	run(path_filestat_set_times(ROOT, 0, text("d"), 0, 0, 2 | 8), SUCCESS);
	run(path_filestat_set_times(ROOT, 0, text("f"), 0, 0, 1 | 2), INVAL);
	run(path_filestat_set_times(ROOT, 0, text("none"), 0, 0, 8), NOENT);
}

static u32 make_link(u32 dir, u32 path, u32 path_size)
{
	return path_link(ROOT, 0, text("f"), dir, path, path_size);
}

static void test_link(void)
{
	make_surroundings();
	test_paths(make_link);
	run(path_link(ROOT, 0, text("f"), ROOT, text("other")), SUCCESS);
	check("links", status("f").links, 2);
	check("the same", status("f").inode == status("other").inode, 1);
	run(path_link(ROOT, 0, text("f"), ROOT, text("other")), EXIST);
	run(path_link(ROOT, 0, text("d"), ROOT, text("dir")), PERM);
	run(path_link(ROOT, 0, text("none"), ROOT, text("x")), NOENT);
	run(path_link(ROOT, 0, text("../f"), ROOT, text("x")), NOTCAPABLE);
	run(path_link(ROOT, 0, text("f"), ROOT, text("x/")), NOENT);
	run(path_link(CLOSED, 0, text("f"), ROOT, text("x")), BADF);
	link_to("f", "link");
	run(path_link(ROOT, 0, text("link"), ROOT, text("link2")), SUCCESS);
	check("a link of the link", status("link2").type, TYPE_SYMLINK);
}

static u32 open_path(u32 dir, u32 path, u32 path_size)
{
	return path_open(dir, FOLLOW, path, path_size, CREAT, ALL_RIGHTS, ALL_RIGHTS, 0, at(&fd));
}

static u32 open_as(const char *path, u32 lookup, u32 oflags, u64 rights)
{
	u32 error = path_open(ROOT, lookup, at(path), strlen(path), oflags, rights, rights, 0, at(&fd));

	if (!error)
		closed(fd);
	return error;
}

static void test_open(void)
{
	make_surroundings();
	test_paths(open_path);
	run(open_as("f", 0, 0, ALL_RIGHTS), SUCCESS);
	run(open_as("none", 0, 0, ALL_RIGHTS), NOENT);
	run(open_as("new", 0, CREAT | EXCL, ALL_RIGHTS), SUCCESS);
	run(open_as("new", 0, CREAT | EXCL, ALL_RIGHTS), EXIST);
	run(open_as("f", 0, CREAT, ALL_RIGHTS), SUCCESS);
	check("kept", status("f").size, 4);
	run(open_as("f", 0, TRUNC, ALL_RIGHTS), SUCCESS);
	check("cut off", status("f").size, 0);
	run(open_as("f", 0, DIRECTORY, DIR_RIGHTS), NOTDIR);
	run(open_as("f/", 0, 0, RIGHT_READ), NOTDIR);
	run(open_as("d", 0, DIRECTORY, DIR_RIGHTS), SUCCESS);
	run(open_as("d", 0, 0, RIGHT_READ), SUCCESS);
	run(open_as("d", 0, 0, RIGHT_READ | RIGHT_WRITE), ISDIR);
	run(open_as("d", 0, CREAT | EXCL, DIR_RIGHTS), EXIST);
	run(open_as(".", 0, DIRECTORY, DIR_RIGHTS), SUCCESS);
	run(open_as("d/./../d/", 0, DIRECTORY, DIR_RIGHTS), SUCCESS);
	run(open_as("x/", 0, CREAT, ALL_RIGHTS), ISDIR);
	run(open_as("f", 0, 1 << 4, ALL_RIGHTS), INVAL);
	link_to("f", "link");
	link_to("none2", "dangling");
	run(open_as("link", FOLLOW, 0, ALL_RIGHTS), SUCCESS);
	run(open_as("link", 0, 0, ALL_RIGHTS), LOOP);
	run(open_as("link", FOLLOW, CREAT | EXCL, ALL_RIGHTS), EXIST);
	run(open_as("dangling", FOLLOW, 0, ALL_RIGHTS), NOENT);
	run(open_as("dangling", FOLLOW, CREAT, ALL_RIGHTS), SUCCESS);
	check("what the link named", status("none2").type, TYPE_FILE);
	run(open_as("round", FOLLOW, 0, ALL_RIGHTS), LOOP);
	run(path_open(ROOT, 0, text("f"), 0, ALL_RIGHTS, ALL_RIGHTS, 0, NOWHERE), FAULT);
	run(path_open(ROOT, 0, text("f"), 0, ALL_RIGHTS, ALL_RIGHTS, 1 << 5, at(&fd)), INVAL);
	fd = opened("f", 0, RIGHT_READ, 0);
	run(path_open(fd, 0, text("f"), 0, RIGHT_READ, 0, 0, at(&fd)), NOTDIR);
	fd = opened("d", DIRECTORY, DIR_RIGHTS, 0);
	run(path_open(fd, 0, text("../f"), 0, RIGHT_READ, 0, 0, at(&fd)), NOTCAPABLE);
	run(path_open(fd, 0, text("y"), CREAT, RIGHT_WRITE, 0, 0, at(&fd)), NOTCAPABLE);
}

static u32 read_link(u32 dir, u32 path, u32 path_size)
{
	return path_readlink(dir, path, path_size, at(buffer), sizeof(buffer), at(&size));
}

static void test_readlink(void)
{
	make_surroundings();
	test_paths(read_link);
	link_to("d/target", "link");
	run(path_readlink(ROOT, text("link"), at(buffer), sizeof(buffer), at(&size)), SUCCESS);
	check("target", size == 8 && memcmp(buffer, "d/target", 8) == 0, 1);
	run(path_readlink(ROOT, text("link"), at(buffer), 3, at(&size)), SUCCESS);
	check("cut off", size, 3);
	run(path_readlink(ROOT, text("link"), at(buffer), 0, at(&size)), SUCCESS);
	check("nothing of it", size, 0);
	run(path_readlink(ROOT, text("f"), at(buffer), 10, at(&size)), INVAL);
	run(path_readlink(ROOT, text("d"), at(buffer), 10, at(&size)), INVAL);
	run(path_readlink(ROOT, text("none"), at(buffer), 10, at(&size)), NOENT);
	run(path_readlink(ROOT, text("link"), NOWHERE, 100, at(&size)), FAULT);
	run(path_readlink(ROOT, text("link"), at(buffer), 10, NOWHERE), FAULT);
}

static u32 remove_directory(u32 dir, u32 path, u32 path_size)
{
	return path_remove_directory(dir, path, path_size);
}

static void test_remove_directory(void)
{
	make_surroundings();
	test_paths(remove_directory);
	closed(file("d/f", ""));
	run(path_remove_directory(ROOT, text("d")), NOTEMPTY);
	run(path_unlink_file(ROOT, text("d/f")), SUCCESS);
	run(path_remove_directory(ROOT, text("d")), SUCCESS);
	run(path_remove_directory(ROOT, text("d")), NOENT);
	folder("d");
	run(path_remove_directory(ROOT, text("d/")), SUCCESS);
	run(path_remove_directory(ROOT, text("f")), NOTDIR);
	folder("d");
	link_to("d", "link");
	run(path_remove_directory(ROOT, text("link")), NOTDIR);
	run(path_remove_directory(ROOT, text(".")), INVAL);
}

static u32 move(u32 dir, u32 path, u32 path_size)
{
	return path_rename(ROOT, text("f"), dir, path, path_size);
}

static void test_rename(void)
{
	make_surroundings();
	test_paths(move);
	run(path_rename(ROOT, text("f"), ROOT, text("g")), SUCCESS);
	run(path_rename(ROOT, text("f"), ROOT, text("g")), NOENT);
	check("it is there", status("g").size, 4);
	closed(file("h", "longer text"));
	run(path_rename(ROOT, text("g"), ROOT, text("h")), SUCCESS);
	check("it replaced", status("h").size, 4);
	run(path_rename(ROOT, text("h"), ROOT, text("h")), SUCCESS);
	run(path_rename(ROOT, text("h"), ROOT, text("d")), ISDIR);
	run(path_rename(ROOT, text("d"), ROOT, text("h")), NOTDIR);
	run(path_rename(ROOT, text("h"), ROOT, text("new/")), NOTDIR);
	run(path_rename(ROOT, text("d"), ROOT, text("d/inner")), INVAL);
	folder("full");
	closed(file("full/f", ""));
	run(path_rename(ROOT, text("d"), ROOT, text("full")), NOTEMPTY);
	run(path_rename(ROOT, text("full"), ROOT, text("d")), SUCCESS);
	check("with what is in it", status("d/f").type, TYPE_FILE);
	run(path_rename(ROOT, text("../f"), ROOT, text("x")), NOTCAPABLE);
	run(path_rename(CLOSED, text("f"), ROOT, text("x")), BADF);
	link_to("h", "link");
	run(path_rename(ROOT, text("link"), ROOT, text("link2")), SUCCESS);
	check("the link itself", status("link2").type, TYPE_SYMLINK);
}

static u32 make_symlink(u32 dir, u32 path, u32 path_size)
{
	return path_symlink(text("f"), dir, path, path_size);
}

static void test_symlink(void)
{
	make_surroundings();
	test_paths(make_symlink);
	run(path_symlink(text("f"), ROOT, text("link")), SUCCESS);
	run(path_symlink(text("f"), ROOT, text("link")), EXIST);
	run(path_symlink(text("f"), ROOT, text("f")), EXIST);
	run(path_symlink(text("no such file"), ROOT, text("d/dangling")), SUCCESS);
	run(path_symlink(text(""), ROOT, text("empty")), NOENT);
	run(path_symlink(text("/etc"), ROOT, text("absolute")), NOTCAPABLE);
	run(path_symlink(NOWHERE, 1, ROOT, text("x")), FAULT);
	check("type", status("link").type, TYPE_SYMLINK);
}

static u32 unlink_file(u32 dir, u32 path, u32 path_size)
{
	return path_unlink_file(dir, path, path_size);
}

static void test_unlink_file(void)
{
	struct iovec32 iovec = { at(buffer), 10 };

	make_surroundings();
	test_paths(unlink_file);
	run(path_unlink_file(ROOT, text("f")), SUCCESS);
	run(path_unlink_file(ROOT, text("f")), NOENT);
	run(path_unlink_file(ROOT, text("d")), ISDIR);
	closed(file("f", "text"));
	run(path_unlink_file(ROOT, text("f/")), NOTDIR);
	link_to("f", "link");
	run(path_unlink_file(ROOT, text("link")), SUCCESS);
	check("only the link", status("f").size, 4);
	fd = opened("f", 0, RIGHT_READ, 0);
	run(path_unlink_file(ROOT, text("f")), SUCCESS);
	run(fd_read(fd, at(&iovec), 1, at(&size)), SUCCESS);
	check("still read by who has it open", size, 4);
}

const struct test path_tests[] = {
	{ "path_create_directory", test_create_directory }, { "path_filestat_get", test_filestat_get },
	{ "path_filestat_set_times", test_set_times }, { "path_link", test_link }, { "path_open", test_open },
	{ "path_readlink", test_readlink }, { "path_remove_directory", test_remove_directory },
	{ "path_rename", test_rename }, { "path_symlink", test_symlink }, { "path_unlink_file", test_unlink_file }, { 0 },
};
