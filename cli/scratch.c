#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "walnut-scratch-"
#define SUFFIX "XXXXXX"
#define TRIES 100

static const char *parent(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

/* The compiler writes to such a name with something behind it first. */
static bool is_ours(const char *name)
{
	static const char *const names[] = { SCRATCH_MODULE, SCRATCH_OBJECT, SCRATCH_IMAGE, SCRATCH_FLAT, SCRATCH_BUNDLE };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* Removes what we have put there. The descriptor stays open. */
static void empty(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	if (!folder && again >= 0)
		close(again);
	while (folder && (entry = readdir(folder))) {
		if (is_ours(entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	}
	if (folder)
		closedir(folder);
}

/* A folder of this user's that nobody has locked. One that is just being made by somebody
 * else may be taken away: its maker notices. */
static void remove_if_stale(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		empty(fd);
		unlinkat(parent_fd, name, AT_REMOVEDIR);
	}
	close(fd);
}

static void remove_stale(void)
{
	DIR *folder = opendir(parent());
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    strlen(entry->d_name) == strlen(PREFIX SUFFIX))
			remove_if_stale(dirfd(folder), entry->d_name);
	}
	if (folder)
		closedir(folder);
}

/* Makes and locks a folder. -EAGAIN: another process took it for a stale one first. */
static int make(struct scratch *scratch)
{
	struct stat status;
	int size = snprintf(scratch->path, sizeof(scratch->path), "%s/" PREFIX SUFFIX, parent());

	if (size >= (int)sizeof(scratch->path))
		return -ENAMETOOLONG;
	if (!mkdtemp(scratch->path))
		return -errno;
	scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (scratch->fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	/* Where there are no locks nobody gets one, and nobody takes it for stale. */
	while (flock(scratch->fd, LOCK_EX) && errno == EINTR)
		;
	if (fstat(scratch->fd, &status) == 0 && status.st_nlink > 0)
		return 0;
	close(scratch->fd);
	return -EAGAIN;
}

int scratch_make(struct scratch *scratch)
{
	int code = -EAGAIN;

	remove_stale();
	for (int i = 0; i < TRIES && code == -EAGAIN; i++)
		code = make(scratch);
	if (code)
		scratch->path[0] = '\0';
	return code;
}

int scratch_name(const struct scratch *scratch, const char *file, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", scratch->path, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

void scratch_remove(struct scratch *scratch)
{
	if (!scratch->path[0])
		return;
	empty(scratch->fd);
	rmdir(scratch->path);
	close(scratch->fd);
	scratch->path[0] = '\0';
}
