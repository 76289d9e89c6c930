/* Which file systems there are; see mount.h. */
#include "fs/mount.h"

#include "bundle.h"
#include "exit.h"
#include "fs/archive.h"
#include "fs/share.h"
#include "fs/tmpfs/tmpfs.h"
#include "launch.h"
#include "lib/string.h"
#include "lib/text.h"
#include "mem/space.h"

/* walnut.ld */
extern const char walnut_bundles[], walnut_bundles_end[];

void mount_fail(const char *path, const char *reason)
{
	char buffer[512];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "files for ");
	text_printable(&text, path, strlen(path));
	text_string(&text, ": ");
	text_string(&text, reason);
	runtime_fail(buffer, text.used);
}

static struct vfs_node *mount_archive(const char *path, const void *bytes, uint64_t size)
{
	struct vfs_node *root = NULL;
	uint32_t error = archive_make(bytes, size, &root);

	if (error == WASI_ENOMEM)
		mount_fail(path, "no memory for the archive's names: raise --mem");
	if (error)
		mount_fail(path, "the archive is damaged");
	return root;
}

static struct vfs_node *mount_share(const char *path, uint32_t number)
{
	struct vfs_node *root = NULL;

	if (share_make(number, &root))
		mount_fail(path, "no memory");
	return root;
}

static struct vfs_node *mount_tmpfs(const char *path, uint64_t size)
{
	struct vfs_node *root = NULL;

	if (tmpfs_make(size ? size : space_ram_left() / 2, &root))
		mount_fail(path, "no room for a root directory");
	return root;
}

/* They were put into the image by its maker, but who that was is not known. */
static void mount_bundles(void (*add)(const char *path, struct vfs_node *root))
{
	const char *at = walnut_bundles;
	uint64_t left = (uint64_t)(walnut_bundles_end - walnut_bundles);
	struct walnut_bundle bundle;

	for (; left >= sizeof(bundle); at += bundle.size, left -= bundle.size) {
		memcpy(&bundle, at, sizeof(bundle));
		if (bundle.magic != WALNUT_BUNDLE_MAGIC || bundle.size < sizeof(bundle) || bundle.size > left ||
		    bundle.archive_offset > bundle.size ||
		    bundle.archive_size > bundle.size - bundle.archive_offset ||
		    bundle.path_offset >= bundle.archive_offset || at[bundle.archive_offset - 1])
			mount_fail("the program", "the image's files are damaged");
		add(at + bundle.path_offset,
		    mount_archive(at + bundle.path_offset, at + bundle.archive_offset, bundle.archive_size));
	}
}

static struct vfs_node *mount_one(const struct launch_mount *mount)
{
	switch (mount->kind) {
	case WALNUT_MOUNT_TMPFS:
		return mount_tmpfs(mount->path, mount->size);
	case WALNUT_MOUNT_ARCHIVE:
		return mount_archive(mount->path, mount->archive, mount->size);
	default:
		mount_fail(mount->path, "a kind of file system that this kernel does not know");
	}
}

void mount_all(const struct launch *launch, void (*add)(const char *path, struct vfs_node *root))
{
	const char *name = launch->directories.data;
	struct launch_mount mount;

	for (uint32_t i = 0; i < launch->directories.count; i++) {
		add(name, mount_share(name, i));
		name += strlen(name) + 1;
	}
	mount_bundles(add);
	if (launch->archive_only)
		add("/", mount_archive("/", launch->block, launch->block_size));
	for (uint32_t i = 0; i < launch->mount_count; i++) {
		if (!launch_mount(launch, i, &mount))
			mount_fail("the program", "the launch block is damaged");
		add(mount.path, mount_one(&mount));
	}
}
