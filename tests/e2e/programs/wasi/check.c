/* check NAME: runs the test of one function and prints a line for each answer that is not the
 * specification's; at the end how many there were. */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned checks;

static const char *const errnos[] = {
	"SUCCESS", "2BIG", "ACCES", "ADDRINUSE", "ADDRNOTAVAIL", "AFNOSUPPORT", "AGAIN", "ALREADY", "BADF", "BADMSG", "BUSY",
	"CANCELED", "CHILD", "CONNABORTED", "CONNREFUSED", "CONNRESET", "DEADLK", "DESTADDRREQ", "DOM", "DQUOT", "EXIST",
	"FAULT", "FBIG", "HOSTUNREACH", "IDRM", "ILSEQ", "INPROGRESS", "INTR", "INVAL", "IO", "ISCONN", "ISDIR", "LOOP",
	"MFILE", "MLINK", "MSGSIZE", "MULTIHOP", "NAMETOOLONG", "NETDOWN", "NETRESET", "NETUNREACH", "NFILE", "NOBUFS",
	"NODEV", "NOENT", "NOEXEC", "NOLCK", "NOLINK", "NOMEM", "NOMSG", "NOPROTOOPT", "NOSPC", "NOSYS", "NOTCONN",
	"NOTDIR", "NOTEMPTY", "NOTRECOVERABLE", "NOTSOCK", "NOTSUP", "NOTTY", "NXIO", "OVERFLOW", "OWNERDEAD", "PERM",
	"PIPE", "PROTO", "PROTONOSUPPORT", "PROTOTYPE", "RANGE", "ROFS", "SPIPE", "SRCH", "STALE", "TIMEDOUT", "TXTBSY",
	"XDEV", "NOTCAPABLE",
};
_Static_assert(sizeof(errnos) / sizeof(errnos[0]) == ERRNOS, "a name for each");

int check(const char *what, u64 got, u64 want)
{
	checks++;
	if (got != want)
		printf("%s: %" PRIu64 ", not %" PRIu64 "\n", what, got, want);
	return got == want;
}

int check_error(const char *what, u32 got, u32 want)
{
	checks++;
	if (got != want)
		printf("%s: %s, not %s\n", what, got < ERRNOS ? errnos[got] : "no errno", errnos[want]);
	return got == want;
}

static void must(u32 error, const char *what, const char *path)
{
	if (!error)
		return;
	printf("%s %s: %s\n", what, path, error < ERRNOS ? errnos[error] : "no errno");
	exit(1);
}

u32 opened(const char *path, u32 oflags, u64 rights, u32 flags)
{
	u32 fd = CLOSED;

	must(path_open(ROOT, FOLLOW, at(path), strlen(path), oflags, rights, rights, flags, at(&fd)), "open", path);
	return fd;
}

u32 file(const char *path, const char *content)
{
	struct iovec32 iovec = { at(content), strlen(content) };
	u32 fd = opened(path, CREAT | TRUNC, ALL_RIGHTS, 0), size = 0;

	must(fd_write(fd, at(&iovec), 1, at(&size)), "write", path);
	must(fd_seek(fd, 0, 0, at(&(u64){ 0 })), "seek", path);
	return fd;
}

void folder(const char *path)
{
	must(path_create_directory(ROOT, at(path), strlen(path)), "make", path);
}

void closed(u32 fd)
{
	must(fd_close(fd), "close", "");
}

struct filestat status(const char *path)
{
	struct filestat stat;

	must(path_filestat_get(ROOT, 0, at(path), strlen(path), at(&stat)), "stat", path);
	return stat;
}

int main(int argc, char **argv)
{
	static const struct test *const all[] = { fd_tests, path_tests, other_tests };

	for (int i = 0; i < 3; i++) {
		for (const struct test *test = all[i]; test->name; test++) {
			if (argc < 2)
				puts(test->name);
			else if (strcmp(test->name, argv[1]) == 0)
				test->function();
		}
	}
	if (argc > 1)
		printf("%u checks\n", checks);
	return argc > 1 && checks == 0;
}
