/* The public functions that fill in a context: libkrun.h and the setters of walnut.h. */
#include "libkrun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "gdb/listen.h"
#include "log.h"

#define STRINGS_MAX (1u << 20) /* entries of an argument or environment array; Linux has less */
#define VCPUS_MAX 1	 /* Walnut's guest has one processor */

extern char **environ;

KRUN_API int32_t krun_set_log_level(uint32_t level)
{
	log_configure(STDERR_FILENO, level > LOG_LEVEL_TRACE ? LOG_LEVEL_TRACE : (enum log_level)level);
	return 0;
}

KRUN_API int32_t krun_init_log(int target_fd, uint32_t level, uint32_t style, uint32_t options)
{
	if (target_fd == 0 || target_fd < KRUN_LOG_TARGET_DEFAULT || style > KRUN_LOG_STYLE_NEVER ||
	    (options & ~(uint32_t)KRUN_LOG_OPTION_NO_ENV))
		return -EINVAL;
	log_configure(target_fd == KRUN_LOG_TARGET_DEFAULT ? STDERR_FILENO : target_fd,
		      level > LOG_LEVEL_TRACE ? LOG_LEVEL_TRACE : (enum log_level)level);
	return 0;
}

KRUN_API int32_t krun_create_ctx(void)
{
	return context_create();
}

KRUN_API int32_t krun_free_ctx(uint32_t ctx_id)
{
	struct vm_config *config = context_take(ctx_id);

	if (!config)
		return -ENOENT;
	context_config_free(config);
	return 0;
}

KRUN_API int32_t krun_set_vm_config(uint32_t ctx_id, uint8_t num_vcpus, uint32_t ram_mib)
{
	struct vm_config *config;

	if (num_vcpus == 0 || num_vcpus > VCPUS_MAX || ram_mib == 0)
		return -EINVAL;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->vcpu_count = num_vcpus;
	config->ram_mib = ram_mib;
	context_release();
	return 0;
}

/* Replaces *field by a copy of `value` (NULL: none). */
static int set_string(char **field, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*field);
	*field = copy;
	return 0;
}

/* Replaces *field by `first` (if any) and then the array's strings. */
static int set_strings(char ***field, const char *first, const char *const *strings)
{
	size_t count = 0, n = 0;
	char **copy;

	while (strings && strings[count])
		if (++count > STRINGS_MAX)
			return -E2BIG;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	if (first)
		copy[n++] = strdup(first);
	for (size_t i = 0; i < count && (n == 0 || copy[n - 1]); i++)
		copy[n++] = strdup(strings[i]);
	if (n > 0 && !copy[n - 1]) {
		context_strings_free(copy);
		return -ENOMEM;
	}
	context_strings_free(*field);
	*field = copy;
	return 0;
}

KRUN_API int32_t krun_set_kernel(uint32_t ctx_id, const char *kernel_path, uint32_t kernel_format,
				 const char *initramfs, const char *cmdline)
{
	struct vm_config *config;
	int error;

	if (!kernel_path || kernel_format > KRUN_KERNEL_FORMAT_IMAGE_ZSTD)
		return -EINVAL;
	if (kernel_format != KRUN_KERNEL_FORMAT_ELF || initramfs)
		return -ENOTSUP;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = set_string(&config->kernel_path, kernel_path);
	if (!error)
		error = set_string(&config->cmdline, cmdline);
	context_release();
	return error;
}

static int set_env(struct vm_config *config, const char *const envp[])
{
	return set_strings(&config->envp, NULL, envp ? envp : (const char *const *)environ);
}

KRUN_API int32_t krun_set_exec(uint32_t ctx_id, const char *exec_path, const char *const argv[],
			       const char *const envp[])
{
	struct vm_config *config;
	int error;

	if (!exec_path)
		return -EINVAL;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = set_strings(&config->argv, exec_path, argv);
	if (!error)
		error = set_env(config, envp);
	context_release();
	return error;
}

KRUN_API int32_t krun_set_env(uint32_t ctx_id, const char *const envp[])
{
	struct vm_config *config = context_acquire(ctx_id);
	int error;

	if (!config)
		return -ENOENT;
	error = set_env(config, envp);
	context_release();
	return error;
}

KRUN_API int32_t krun_has_feature(uint64_t feature)
{
	switch (feature) {
	case KRUN_FEATURE_BLK:
		return 1;
	case KRUN_FEATURE_NET:
	case KRUN_FEATURE_GPU:
	case KRUN_FEATURE_INPUT:
	case KRUN_FEATURE_TEE:
	case KRUN_FEATURE_AMD_SEV:
	case KRUN_FEATURE_INTEL_TDX:
	case KRUN_FEATURE_AWS_NITRO:
	case KRUN_FEATURE_VIRGL_RESOURCE_MAP2:
	case KRUN_FEATURE_INIT_BLOB:
		return 0;
	default:
		return -EINVAL;
	}
}

KRUN_API int32_t krun_get_max_vcpus(void)
{
	return VCPUS_MAX;
}

KRUN_API int32_t krun_walnut_set_accel(uint32_t ctx_id, enum krun_walnut_accel accel)
{
	struct vm_config *config;

	if (accel < KRUN_WALNUT_ACCEL_AUTO || accel > KRUN_WALNUT_ACCEL_TCG)
		return -EINVAL;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->accel = accel;
	context_release();
	return 0;
}

KRUN_API int32_t krun_walnut_set_stdio(uint32_t ctx_id, int input_fd, int output_fd, int error_fd)
{
	struct vm_config *config;

	if (input_fd < -1 || output_fd < -1 || error_fd < -1)
		return -EINVAL;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->input_fd = input_fd;
	config->output_fd = output_fd;
	config->error_fd = error_fd;
	context_release();
	return 0;
}

KRUN_API int32_t krun_walnut_set_gdb(uint32_t ctx_id, const char *address)
{
	struct vm_config *config;
	char host[64];
	uint16_t port;
	int error;

	if (address && gdb_address_split(address, host, &port))
		return -EINVAL;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = set_string(&config->gdb, address);
	context_release();
	return error;
}

KRUN_API int32_t krun_walnut_set_invoke(uint32_t ctx_id, const char *export_name)
{
	struct vm_config *config = context_acquire(ctx_id);
	int error;

	if (!config)
		return -ENOENT;
	error = set_string(&config->invoke, export_name);
	context_release();
	return error;
}
