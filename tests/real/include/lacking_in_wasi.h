/* What Lua and SQLite ask for and WASI does not have: temporary files, processes, owners, locks
 * (SQLite is told not to use any). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define L_tmpnam 20
#define tmpnam(name) ((char *)0)
#define tmpfile() ((FILE *)0)
#define system(command) (-1)

enum { F_RDLCK, F_WRLCK, F_UNLCK, F_GETLK, F_SETLK };

static inline int fchmod(int fd, mode_t mode)
{
	return 0;
}

static inline int fchown(int fd, uid_t user, gid_t group)
{
	return 0;
}

static inline uid_t geteuid(void)
{
	return 0;
}
