/* The walnut command does the work: `walnut build --cache`, the module as descriptor 3, the
 * image on its standard output, a file in memory. */
#include "program/compile.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "log.h"

#define MODULE_FD 3
#define MODULE_NAME "/proc/self/fd/3"

extern char **environ;

/* The file that this code is in, which need not be the program's. */
static int own_folder(char folder[PATH_MAX])
{
	Dl_info info;
	char *slash;

	if (!dladdr((void *)(uintptr_t)compile_module, &info) || !info.dli_fname ||
	    !realpath(info.dli_fname, folder))
		return -ENOENT;
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

static int find_command(char command[PATH_MAX], struct failure *failure)
{
	/* Installed (lib, lib64 or lib/x86_64-linux-gnu beside bin), and in the build tree. */
	static const char *const places[] = { "../bin/walnut", "../../bin/walnut", "../cli/walnut" };
	const char *named = secure_getenv(COMPILE_VARIABLE);
	char folder[PATH_MAX];

	if (named && *named) {
		if (snprintf(command, PATH_MAX, "%s", named) < PATH_MAX && access(command, X_OK) == 0)
			return 0;
		return failure_set(failure, -ENOENT, "%s: not found or not executable (%s names it)", named,
				   COMPILE_VARIABLE);
	}
	for (unsigned i = 0; own_folder(folder) == 0 && i < sizeof(places) / sizeof(places[0]); i++)
		if (snprintf(command, PATH_MAX, "%s/%s", folder, places[i]) < PATH_MAX &&
		    access(command, X_OK) == 0)
			return 0;
	return failure_set(failure, -ENOENT, "the walnut command, which compiles WebAssembly, is not installed "
			   "beside the library (%s may name it)", COMPILE_VARIABLE);
}

/* Descriptors above what the child has at 0 to 3, so that none is in another's way. */
static int memory_file(const char *name)
{
	int low = memfd_create(name, MFD_CLOEXEC), fd;

	if (low < 0)
		return -errno;
	fd = fcntl(low, F_DUPFD_CLOEXEC, MODULE_FD + 1);
	if (fd < 0)
		fd = -errno;
	close(low);
	return fd;
}

/* The child's signals are those of a process just started, whatever the caller has blocked. */
static int start(const char *command, const char *cpu, int module_fd, int image_fd, int error_fd, pid_t *pid)
{
	char *argv[] = { (char *)command, "build", "--cache", "--target-cpu", (char *)cpu, "-o", "-",
			 MODULE_NAME, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	error = posix_spawn_file_actions_adddup2(&actions, module_fd, MODULE_FD);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, image_fd, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
	if (!error)
		error = posix_spawn(pid, command, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* What the command said first, without its name and the module's. */
static void first_line(int error_fd, char *text, size_t size)
{
	static const char *const prefixes[] = { "walnut: ", MODULE_NAME ": " };
	char said[512];
	ssize_t got = pread(error_fd, said, sizeof(said) - 1, 0);
	char *from = said;

	said[got > 0 ? got : 0] = '\0';
	*strchrnul(said, '\n') = '\0';
	for (unsigned i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(from, prefixes[i], strlen(prefixes[i])) == 0)
			from += strlen(prefixes[i]);
	snprintf(text, size, "%s", from);
}

/* 0: the image is there. Where the caller has children reaped unseen, only the image tells. */
static int wait_for(pid_t pid, int image_fd, int error_fd, const char *name, struct failure *failure)
{
	struct stat image;
	char said[200];
	int status, got;

	while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	if (got < 0)
		status = fstat(error_fd, &image) == 0 && image.st_size > 0 ? -1 : 0;
	if (status == 0 && fstat(image_fd, &image) == 0 && image.st_size > 0)
		return 0;
	first_line(error_fd, said, sizeof(said));
	if (said[0])
		return failure_set(failure, -EINVAL, "%s: %s", name, said);
	return failure_set(failure, -EIO, "%s: the walnut command failed (status 0x%x)", name, (unsigned)status);
}

int compile_module(int module_fd, const char *name, const char *cpu, struct failure *failure)
{
	int image_fd = -1, error_fd = -1, module = -1, error;
	char command[PATH_MAX];
	pid_t pid;

	error = find_command(command, failure);
	if (error)
		return error;
	image_fd = memory_file("walnut-image");
	error_fd = memory_file("walnut-errors");
	module = fcntl(module_fd, F_DUPFD_CLOEXEC, MODULE_FD + 1);
	if (image_fd < 0 || error_fd < 0 || module < 0) {
		error = failure_errno(failure, image_fd < 0 ? image_fd : error_fd < 0 ? error_fd : -errno, "%s", name);
	} else {
		log_line(LOG_LEVEL_INFO, "%s: compiling for %s by %s", name, cpu, command);
		error = start(command, cpu, module, image_fd, error_fd, &pid);
		if (error)
			failure_errno(failure, error, "%s", command);
		else
			error = wait_for(pid, image_fd, error_fd, name, failure);
	}
	if (module >= 0)
		close(module);
	if (error_fd >= 0)
		close(error_fd);
	if (error && image_fd >= 0)
		close(image_fd);
	return error ? error : image_fd;
}
