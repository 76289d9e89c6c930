#include "mount_option.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle_folder.h"
#include "fail.h"
#include "option_values.h"
#include "run_options.h"

#define MOUNTS_MAX 16

/* Takes over path and descriptor. */
static int add(struct run_options *options, const char *option, const char *argument, struct guest_mount mount)
{
	struct guest_mount *grown;
	int status = mount.path ? 0 : fail("run: out of memory");

	for (unsigned i = 0; !status && i < options->mount_count; i++)
		if (strcmp(options->mounts[i].path, mount.path) == 0)
			status = fail("run: %s %s: the program has another folder named %s", option, argument, mount.path);
	for (unsigned i = 0; !status && i < options->dir_count; i++)
		if (strcmp(options->dirs[i].guest, mount.path) == 0)
			status = fail("run: %s %s: the program has another folder named %s", option, argument, mount.path);
	if (!status && options->mount_count == MOUNTS_MAX)
		status = fail("run: %s %s: more than %u file systems", option, argument, MOUNTS_MAX);
	grown = status ? NULL : realloc(options->mounts, (options->mount_count + 1) * sizeof(*grown));
	if (!grown) {
		free(mount.path);
		if (mount.archive_fd >= 0)
			close(mount.archive_fd);
		return status ? status : fail("run: out of memory");
	}
	options->mounts = grown;
	grown[options->mount_count++] = mount;
	return 0;
}

int mount_option_tmpfs(struct run_options *options, const char *argument)
{
	const char *colon = strrchr(argument, ':');
	size_t size = colon ? (size_t)(colon - argument) : strlen(argument);
	uint64_t bytes = 0;

	if (!size || (colon && option_size(colon + 1, &bytes)))
		return fail("run: --tmpfs %s: it is GUEST[:SIZE] (as /tmp:64M)", argument);
	return add(options, "--tmpfs", argument,
		   (struct guest_mount){ .path = strndup(argument, size), .size = bytes, .archive_fd = -1 });
}

int mount_option_bundle(struct run_options *options, const char *argument)
{
	const char *colons = strstr(argument, "::"), *guest = colons ? colons + 2 : "/";
	char *host = colons ? strndup(argument, (size_t)(colons - argument)) : strdup(argument);
	int fd;

	if (!host)
		return fail("run: out of memory");
	if (!host[0] || !guest[0]) {
		free(host);
		return fail("run: --bundle %s: it is DIR[::GUEST]", argument);
	}
	fd = bundle_make("run", host);
	free(host);
	if (fd < 0)
		return -fd;
	return add(options, "--bundle", argument, (struct guest_mount){ .path = strdup(guest), .archive_fd = fd });
}
