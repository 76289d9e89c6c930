/* The program: what it is, and what it is given. */
#include "libkrun.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "config.h"
#include "program/limits.h"

static int set_env(struct vm_config *config, const char *const envp[])
{
	return api_set_strings(&config->envp, NULL, envp ? envp : (const char *const *)environ);
}

KRUN_API int32_t krun_set_exec(uint32_t ctx_id, const char *exec_path, const char *const argv[],
			       const char *const envp[])
{
	struct vm_config *config;
	int error;

	if (!exec_path)
		return api_refuse(-EINVAL, "no program");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = api_set_strings(&config->argv, exec_path, argv);
	if (!error)
		error = set_env(config, envp);
	return api_release(error);
}

KRUN_API int32_t krun_set_env(uint32_t ctx_id, const char *const envp[])
{
	struct vm_config *config = api_acquire(ctx_id);

	return config ? api_release(set_env(config, envp)) : -ENOENT;
}

KRUN_API int32_t krun_set_workdir(uint32_t ctx_id, const char *workdir_path)
{
	struct vm_config *config;

	if (!workdir_path)
		return api_refuse(-EINVAL, "no folder");
	config = api_acquire(ctx_id);
	return config ? api_release(api_set_string(&config->workdir, workdir_path)) : -ENOENT;
}

KRUN_API int32_t krun_set_rlimits(uint32_t ctx_id, const char *const rlimits[])
{
	struct vm_config *config;

	if (!rlimits)
		return api_refuse(-EINVAL, "no limits");
	for (size_t i = 0; rlimits[i]; i++)
		if (!limit_is_one(rlimits[i]))
			return api_refuse(-EINVAL, "%s: not NUMBER=SOFT:HARD", rlimits[i]);
	config = api_acquire(ctx_id);
	return config ? api_release(api_set_strings(&config->rlimits, NULL, rlimits)) : -ENOENT;
}

KRUN_API int32_t krun_set_mapped_volumes(uint32_t ctx_id, const char *const mapped_volumes[])
{
	if (!api_acquire(ctx_id))
		return -ENOENT;
	context_release();
	return api_refuse(-EINVAL, "no longer part of the API; krun_add_virtiofs() shares folders");
}
