#include "program/program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "failure.h"
#include "libkrun.h"
#include "libkrun.h"
#include "program/compile.h"
#include "program/container.h"

/* What is no regular file must not hold us up. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* The folder that is the guest's root, or NULL: the program is one of the host's. */
static const char *root_of(const struct vm_config *config)
{
	for (unsigned i = 0; i < config->share_count; i++)
		if (strcmp(config->shares[i].tag, KRUN_FS_ROOT_TAG) == 0)
			return config->shares[i].path;
	return NULL;
}

/* As the guest would find it: symbolic links and all stay inside. A descriptor or a negative errno. */
static int open_inside(const char *root, const char *folder, const char *path)
{
	struct open_how how = { .flags = OPEN_FLAGS, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd, root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *whole;

	if (root_fd < 0)
		return -errno;
	if (asprintf(&whole, "%s/%s", path[0] == '/' ? "" : folder, path) < 0) {
		close(root_fd);
		return -ENOMEM;
	}
	fd = (int)syscall(SYS_openat2, root_fd, whole, &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	free(whole);
	close(root_fd);
	return fd;
}

/* Where nobody set a program, what a container engine left in the root. 0 also if there is nothing. */
static int find_container(struct vm_config *config, struct failure *failure)
{
	const char *root = root_of(config);
	int fd, error;

	if (config->argv || !root)
		return 0;
	fd = open_inside(root, "", CONTAINER_CONFIG);
	if (fd < 0)
		return 0;
	error = container_read(config, fd, failure);
	close(fd);
	return error;
}

static int open_program(const struct vm_config *config, struct failure *failure)
{
	const char *path = config->argv[0], *root = root_of(config);
	int fd = root ? open_inside(root, config->workdir ? config->workdir : "", path) : open(path, OPEN_FLAGS);
	struct stat status;

	if (fd < 0)
		return failure_errno(failure, root ? fd : -errno, "%s%s%s", path, root ? " in " : "", root ? root : "");
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	close(fd);
	return failure_set(failure, -EACCES, "%s: not a regular file", path);
}

/* A descriptor of the image, or a negative errno and *failure. Takes the program's. */
static int image_of(int fd, const char *name, const char *cpu, struct failure *failure)
{
	char magic[4] = "";
	int image_fd;

	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)) == 0)
		return fd;
	if (memcmp(magic, "\0asm", sizeof(magic)) == 0)
		image_fd = compile_module(fd, name, cpu, failure);
	else
		image_fd = failure_set(failure, -ENOEXEC, "%s: neither a WebAssembly module nor a Walnut image",
				       name);
	close(fd);
	return image_fd;
}

/* The working folder, in the variable that programs without one look at (Go's, shells). */
static int tell_folder(struct vm_config *config)
{
	static const char variable[] = "PWD=";
	size_t count = 0, at = 0;
	char **grown, *text;

	if (!config->workdir || asprintf(&text, "%s%s", variable, config->workdir) < 0)
		return config->workdir ? -ENOMEM : 0;
	while (config->envp && config->envp[count])
		count++;
	while (at < count && strncmp(config->envp[at], variable, strlen(variable)))
		at++;
	if (at < count) {
		free(config->envp[at]);
		config->envp[at] = text;
		return 0;
	}
	grown = realloc(config->envp, (count + 2) * sizeof(*grown));
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	grown[count] = text;
	grown[count + 1] = NULL;
	config->envp = grown;
	return 0;
}

int program_prepare(struct program *program, struct vm_config *config, const char *cpu,
		    struct failure *failure)
{
	char path[32];
	int fd;

	fd = find_container(config, failure);
	if (fd == 0 && (!config->argv || !config->argv[0]))
		return failure_set(failure, -ENOENT, "neither a kernel nor a program was set");
	if (fd == 0)
		fd = open_program(config, failure);
	if (fd >= 0)
		fd = image_of(fd, config->argv[0], cpu, failure);
	if (fd < 0)
		return fd;
	program->image_fd = fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config->kernel_path = strdup(path);
	config->kernel_format = KRUN_KERNEL_FORMAT_ELF;
	return config->kernel_path && tell_folder(config) == 0 ? 0 : failure_set(failure, -ENOMEM, "out of memory");
}

void program_release(struct program *program, struct vm_config *config)
{
	if (program->image_fd < 0)
		return;
	close(program->image_fd);
	program->image_fd = -1;
	free(config->kernel_path);
	config->kernel_path = NULL;
}
