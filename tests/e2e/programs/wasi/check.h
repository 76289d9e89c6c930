/* What the tests of single functions have in common. Directory is descriptor 3, and empty at first. */
#ifndef WASI_CHECK_H
#define WASI_CHECK_H

#include "calls.h"

#define ROOT 3u
#define NOWHERE 0xfffffff0u /* no address */
#define CLOSED 77u	    /* no descriptor */

/* One line: what was asked and what came, if it is not what has to come. Returns whether it is. */
int check(const char *what, u64 got, u64 want);
/* The same for errnos, which have names. */
int check_error(const char *what, u32 got, u32 want);

#define at(object) ((u32)(uintptr_t)(object))
#define text(string) at(string), (u32)(sizeof(string) - 1)
#define run(call, want) check_error(#call, call, want)

/* These end the program when they fail. */
u32 opened(const char *path, u32 oflags, u64 rights, u32 flags);
u32 file(const char *path, const char *content); /* made anew, open to read and write */
void folder(const char *path);
void closed(u32 fd);
struct filestat status(const char *path); /* of a link itself */

struct test {
	const char *name;
	void (*function)(void);
};

extern const struct test fd_tests[], path_tests[], other_tests[]; /* each ends with a NULL */

#endif
