/* What the machine boots. */
#include "libkrun.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "config.h"
#include "walnut.h"

KRUN_API int32_t krun_set_kernel(uint32_t ctx_id, const char *kernel_path, uint32_t kernel_format,
				 const char *initramfs, const char *cmdline)
{
	struct vm_config *config;
	int error;

	if (!kernel_path)
		return api_refuse(-EINVAL, "no path");
	if (kernel_format > KRUN_KERNEL_FORMAT_IMAGE_ZSTD && kernel_format != KRUN_WALNUT_KERNEL_FORMAT_AUTO)
		return api_refuse(-EINVAL, "%u is no kernel format", kernel_format);
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = api_set_string(&config->kernel_path, kernel_path);
	if (!error)
		error = api_set_string(&config->initramfs_path, initramfs);
	if (!error)
		error = api_set_string(&config->cmdline, cmdline);
	if (!error)
		config->kernel_format = kernel_format;
	return api_release(error);
}

KRUN_API int32_t krun_set_kernel_console(uint32_t ctx_id, const char *console_id)
{
	struct vm_config *config;

	if (!console_id || console_id[0] == '\0' || strpbrk(console_id, " \t\n\""))
		return api_refuse(-EINVAL, "no name of a console");
	config = api_acquire(ctx_id);
	return config ? api_release(api_set_string(&config->kernel_console, console_id)) : -ENOENT;
}
