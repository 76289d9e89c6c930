/* Shared directories: krun_set_root(), krun_add_virtiofs() and its kin. What is wrong with a
 * directory is found out when the machine is built. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "libkrun.h"
#include "log.h"
#include "walnut.h"

#include "fuse.h"

#define SHARES_MAX 16 /* more than there is room for in any machine */

static bool same_name(const struct fs_config *a, const struct fs_config *b)
{
	return strcmp(a->tag, b->tag) == 0 ||
	       (a->guest_path && b->guest_path && strcmp(a->guest_path, b->guest_path) == 0);
}

static int append(struct vm_config *config, const struct fs_config *share)
{
	struct fs_config *grown;

	for (unsigned i = 0; i < config->share_count; i++)
		if (same_name(&config->shares[i], share))
			return -EEXIST;
	if (config->share_count == SHARES_MAX)
		return -ENOSPC;
	grown = realloc(config->shares, (config->share_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	config->shares = grown;
	grown[config->share_count++] = *share;
	return 0;
}

static int add(struct vm_config *config, const char *tag, const char *path, const char *guest_path,
	       bool read_only)
{
	struct fs_config share = { .tag = strdup(tag), .path = strdup(path), .read_only = read_only };
	int error = 0;

	if (guest_path)
		share.guest_path = strdup(guest_path);
	if (!share.tag || !share.path || (guest_path && !share.guest_path))
		error = -ENOMEM;
	if (!error)
		error = append(config, &share);

	if (error) {
		free(share.tag);
		free(share.path);
		free(share.guest_path);
	}
	return error;
}

KRUN_API int32_t krun_add_virtiofs3(uint32_t ctx_id, const char *c_tag, const char *c_path, uint64_t shm_size,
				    bool read_only)
{
	struct vm_config *config;

	if (!c_tag || c_tag[0] == '\0' || strlen(c_tag) > VIRTIO_FS_TAG_SIZE)
		return api_refuse(-EINVAL, "a tag has 1 to %d bytes", VIRTIO_FS_TAG_SIZE);
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	if (!c_path) {
		context_release();
		return api_refuse(-ENOTSUP, "%s: directories that are nowhere on the host are not supported", c_tag);
	}
	if (shm_size > 0)
		log_line(LOG_LEVEL_DEBUG, "%s: no DAX window is offered; the guest reads by requests", c_tag);
	return api_release(add(config, c_tag, c_path, NULL, read_only));
}

static int32_t share(const char *function, uint32_t ctx_id, const char *tag, const char *path, uint64_t shm_size)
{
	if (!path)
		return api_refuse_for(function, -EINVAL, "a path is needed");
	return krun_add_virtiofs3(ctx_id, tag, path, shm_size, false);
}

KRUN_API int32_t krun_add_virtiofs2(uint32_t ctx_id, const char *c_tag, const char *c_path, uint64_t shm_size)
{
	return share(__func__, ctx_id, c_tag, c_path, shm_size);
}

KRUN_API int32_t krun_add_virtiofs(uint32_t ctx_id, const char *c_tag, const char *c_path)
{
	return share(__func__, ctx_id, c_tag, c_path, 0);
}

KRUN_API int32_t krun_set_root(uint32_t ctx_id, const char *root_path)
{
	return share(__func__, ctx_id, KRUN_FS_ROOT_TAG, root_path, 0);
}

KRUN_API int32_t krun_walnut_add_dir(uint32_t ctx_id, const char *host_path, const char *guest_path, bool read_only)
{
	char tag[VIRTIO_FS_TAG_SIZE];
	struct vm_config *config;

	if (!host_path || !guest_path || guest_path[0] == '\0')
		return api_refuse(-EINVAL, "a path of the host and a name are needed");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	snprintf(tag, sizeof(tag), "walnut%u", config->share_count);
	return api_release(add(config, tag, host_path, guest_path, read_only));
}
