/* Disks: krun_add_disk() and its kin. What is wrong with an image is found out when the
 * machine is built. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "libkrun.h"

#define DISKS_MAX 64 /* more than there is room for in any machine */

static void disk_free(struct disk_config *disk)
{
	free(disk->id);
	free(disk->path);
}

/* Takes copies of the strings. -ENOMEM: nothing is to be freed. */
static int disk_copy(struct disk_config *disk, const char *id, const char *path)
{
	disk->id = strdup(id);
	disk->path = strdup(path);
	if (disk->id && disk->path)
		return 0;
	disk_free(disk);
	return -ENOMEM;
}

static int append(struct vm_config *config, const struct disk_config *disk)
{
	struct disk_config *grown;

	if (config->disk_count == DISKS_MAX)
		return -ENOSPC;
	grown = realloc(config->disks, (config->disk_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	config->disks = grown;
	grown[config->disk_count++] = *disk;
	return 0;
}

KRUN_API int32_t krun_add_disk3(uint32_t ctx_id, const char *block_id, const char *disk_path,
				uint32_t disk_format, bool read_only, bool direct_io, uint32_t sync_mode)
{
	struct disk_config disk = { .read_only = read_only, .direct = direct_io,
				    .flush = sync_mode != KRUN_SYNC_NONE };
	struct vm_config *config;
	int error;

	if (!block_id || !disk_path)
		return api_refuse(-EINVAL, "a disk needs an identifier and a path");
	if (disk_format > KRUN_DISK_FORMAT_VMDK || sync_mode > KRUN_SYNC_FULL)
		return api_refuse(-EINVAL, "no such format (%u) or synchronization (%u)", disk_format, sync_mode);
	if (disk_format != KRUN_DISK_FORMAT_RAW)
		return api_refuse(-ENOTSUP, "disk %s: images have to be raw (`qemu-img convert -O raw`)", disk_path);
	error = disk_copy(&disk, block_id, disk_path);
	if (error)
		return error;
	config = api_acquire(ctx_id);
	error = config ? api_release(append(config, &disk)) : -ENOENT;
	if (error)
		disk_free(&disk);
	return error;
}

KRUN_API int32_t krun_add_disk2(uint32_t ctx_id, const char *block_id, const char *disk_path,
				uint32_t disk_format, bool read_only)
{
	return krun_add_disk3(ctx_id, block_id, disk_path, disk_format, read_only, false, KRUN_SYNC_FULL);
}

KRUN_API int32_t krun_add_disk(uint32_t ctx_id, const char *block_id, const char *disk_path, bool read_only)
{
	return krun_add_disk2(ctx_id, block_id, disk_path, KRUN_DISK_FORMAT_RAW, read_only);
}

static int32_t set_named(uint32_t ctx_id, unsigned which, const char *id, const char *path)
{
	struct disk_config disk = { .flush = true };
	struct vm_config *config;
	int error;

	if (!path)
		return api_refuse(-EINVAL, "a disk needs a path");
	error = disk_copy(&disk, id, path);
	if (error)
		return error;
	config = api_acquire(ctx_id);
	if (!config) {
		disk_free(&disk);
		return -ENOENT;
	}
	disk_free(&config->named_disks[which]);
	config->named_disks[which] = disk;
	return api_release(0);
}

KRUN_API int32_t krun_set_root_disk(uint32_t ctx_id, const char *disk_path)
{
	return set_named(ctx_id, DISK_ROOT, "root", disk_path);
}

KRUN_API int32_t krun_set_data_disk(uint32_t ctx_id, const char *disk_path)
{
	return set_named(ctx_id, DISK_DATA, "data", disk_path);
}
