/* The program: what it is, and what it is given. */
#include "libkrun.h"

#include <errno.h>
#include <unistd.h>

#include "api/api.h"

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
