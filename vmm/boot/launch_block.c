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
};

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
	plan->strings_size = strings_measure(config->argv, &plan->argc);
	plan->strings_size += strings_measure(config->envp, &plan->envc);
	plan->invoke_size = config->invoke ? strlen(config->invoke) + 1 : 0;
	plan->dirs_size = 0;
	for (unsigned i = 0; i < config->share_count; i++)
		plan->dirs_size += strlen(guest_name(&config->shares[i])) + 1;
	return sizeof(struct walnut_launch) + plan->strings_size + plan->invoke_size + plan->dirs_size;
}

long launch_block_size(const struct vm_config *config)
{
	struct plan plan;
	size_t size = plan_make(config, &plan);

	return size <= LAUNCH_BLOCK_MAX ? (long)size : -E2BIG;
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
}
