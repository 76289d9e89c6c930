/* File systems of the guest's own: krun_walnut_add_tmpfs(), krun_walnut_add_archive(). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "walnut.h"

#include "launch.h"

#define MOUNTS_MAX 16

/* Takes over path and descriptor. */
static int append(struct vm_config *config, struct mount_config mount)
{
	struct mount_config *grown = NULL;
	int error = mount.path ? 0 : -ENOMEM;

	for (unsigned i = 0; !error && i < config->mount_count; i++)
		if (strcmp(config->mounts[i].path, mount.path) == 0)
			error = -EEXIST;
	if (!error && config->mount_count == MOUNTS_MAX)
		error = -ENOSPC;
	if (!error && !(grown = realloc(config->mounts, (config->mount_count + 1) * sizeof(*grown))))
		error = -ENOMEM;
	if (error) {
		free(mount.path);
		if (mount.archive_fd >= 0)
			close(mount.archive_fd);
		return error;
	}
	config->mounts = grown;
	grown[config->mount_count++] = mount;
	return 0;
}

KRUN_API int32_t krun_walnut_add_tmpfs(uint32_t ctx_id, const char *guest_path, uint64_t size)
{
	struct vm_config *config;

	if (!guest_path || !guest_path[0])
		return api_refuse(-EINVAL, "a path is needed");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	return api_release(append(config, (struct mount_config){ .kind = WALNUT_MOUNT_TMPFS, .path = strdup(guest_path),
								 .size = size, .archive_fd = -1 }));
}

KRUN_API int32_t krun_walnut_add_archive(uint32_t ctx_id, const char *guest_path, int archive_fd)
{
	struct vm_config *config;
	struct stat status;

	if (!guest_path || !guest_path[0])
		return api_refuse(-EINVAL, "a path is needed");
	if (fstat(archive_fd, &status) || !S_ISREG(status.st_mode))
		return api_refuse(-EINVAL, "an archive is a regular file");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	archive_fd = fcntl(archive_fd, F_DUPFD_CLOEXEC, 3);
	if (archive_fd < 0)
		return api_release(-errno);
	return api_release(append(config, (struct mount_config){ .kind = WALNUT_MOUNT_ARCHIVE, .path = strdup(guest_path),
								 .size = (uint64_t)status.st_size,
								 .archive_fd = archive_fd }));
}
