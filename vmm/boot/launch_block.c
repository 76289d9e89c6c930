/* Builds the launch block: abi/launch.h has the layout. */
#include "boot/launch_block.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "libkrun.h"

#include "launch.h"

/* The block's sizes, so that measuring and writing cannot disagree. */
struct plan {
	size_t argc, envc;
	size_t strings_size;
	size_t invoke_size;
	size_t dirs_size;
	size_t mounts_offset; /* the table, then the names */
	size_t archives_offset;
};

#define ALIGN(size) (((size) + 15) & ~(size_t)15)

static size_t strings_measure(char *const *strings, size_t *count)
{
	size_t size = 0;

	*count = 0;
	for (; strings && strings[*count] && size < LAUNCH_BLOCK_MAX; (*count)++)
		size += strlen(strings[*count]) + 1;
	return size;
}

/* What the program calls a shared directory. */
static const char *guest_name(const struct fs_config *share)
{
	if (share->guest_path)
		return share->guest_path;
	return strcmp(share->tag, KRUN_FS_ROOT_TAG) == 0 ? "/" : share->tag;
}

static size_t plan_make(const struct vm_config *config, struct plan *plan)
{
	size_t size;

	plan->strings_size = strings_measure(config->argv, &plan->argc);
	plan->strings_size += strings_measure(config->envp, &plan->envc);
	plan->invoke_size = config->invoke ? strlen(config->invoke) + 1 : 0;
	plan->dirs_size = 0;
	for (unsigned i = 0; i < config->share_count; i++)
		plan->dirs_size += strlen(guest_name(&config->shares[i])) + 1;
	size = sizeof(struct walnut_launch) + plan->strings_size + plan->invoke_size + plan->dirs_size;
	if (!config->mount_count)
		return size;
	plan->mounts_offset = ALIGN(size);
	size = plan->mounts_offset + config->mount_count * sizeof(struct walnut_mount);
	for (unsigned i = 0; i < config->mount_count; i++)
		size += strlen(config->mounts[i].path) + 1;
	plan->archives_offset = ALIGN(size);
	return size;
}

/* With what lies behind the block. */
static size_t whole_size(const struct vm_config *config, const struct plan *plan, size_t size)
{
	for (unsigned i = 0; i < config->mount_count; i++) {
		if (config->mounts[i].archive_fd < 0)
			continue;
		if (size < plan->archives_offset)
			size = plan->archives_offset;
		size = ALIGN(size) + config->mounts[i].size;
	}
	return size;
}

/* What became shorter since it was measured is zero, which the guest notices. */
static void read_archive(const struct mount_config *mount, char *to)
{
	uint64_t done = 0;

	while (done < mount->size) {
		ssize_t n = pread(mount->archive_fd, to + done, mount->size - done, (off_t)done);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
		done += n > 0 ? (uint64_t)n : 0;
	}
}

static void write_mounts(const struct vm_config *config, const struct plan *plan, struct walnut_launch *launch)
{
	struct walnut_mount *mounts = (void *)((char *)launch + plan->mounts_offset);
	char *name = (char *)(mounts + config->mount_count);
	size_t archive = plan->archives_offset;

	launch->mount_count = config->mount_count;
	launch->mounts_offset = (uint32_t)plan->mounts_offset;
	for (unsigned i = 0; i < config->mount_count; i++) {
		const struct mount_config *mount = &config->mounts[i];

		mounts[i] = (struct walnut_mount){ .kind = mount->kind, .size = mount->size,
						   .path_offset = (uint32_t)(name - (char *)launch) };
		name = stpcpy(name, mount->path) + 1;
		if (mount->archive_fd < 0)
			continue;
		archive = ALIGN(archive);
		mounts[i].offset = archive;
		read_archive(mount, (char *)launch + archive);
		archive += mount->size;
	}
}

long launch_block_size(const struct vm_config *config)
{
	struct plan plan;
	size_t size = plan_make(config, &plan);

	return size <= LAUNCH_BLOCK_MAX ? (long)whole_size(config, &plan, size) : -E2BIG;
}

static char *strings_write(char *to, char *const *strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to = stpcpy(to, strings[i]) + 1;
	return to;
}

void launch_block_write(const struct vm_config *config, void *block)
{
	struct walnut_launch *launch = block;
	struct plan plan;
	char *to = (char *)(launch + 1);

	memset(launch, 0, sizeof(*launch));
	launch->magic = WALNUT_LAUNCH_MAGIC;
	launch->total_size = (uint32_t)plan_make(config, &plan);
	launch->argc = (uint32_t)plan.argc;
	launch->envc = (uint32_t)plan.envc;
	launch->strings_offset = sizeof(*launch);
	if (config->input_fd >= 0 && isatty(config->input_fd))
		launch->flags |= WALNUT_LAUNCH_TTY_STDIN;
	if (config->output_fd >= 0 && isatty(config->output_fd))
		launch->flags |= WALNUT_LAUNCH_TTY_STDOUT;
	if (config->error_fd >= 0 && isatty(config->error_fd))
		launch->flags |= WALNUT_LAUNCH_TTY_STDERR;

	to = strings_write(to, config->argv, plan.argc);
	to = strings_write(to, config->envp, plan.envc);
	if (config->invoke) {
		launch->invoke_offset = (uint32_t)(to - (char *)block);
		to = strings_write(to, &config->invoke, 1);
	}
	launch->dirc = config->share_count;
	launch->dirs_offset = (uint32_t)(to - (char *)block);
	for (unsigned i = 0; i < config->share_count; i++)
		to = stpcpy(to, guest_name(&config->shares[i])) + 1;
	if (config->mount_count)
		write_mounts(config, &plan, launch);
}
