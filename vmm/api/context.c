/* Contexts come and go. */
#include "libkrun.h"

#include <errno.h>

#include "api/api.h"

KRUN_API int32_t krun_create_ctx(void)
{
	int32_t id = context_create();

	return id < 0 ? api_refuse(id, "out of memory") : id;
}

KRUN_API int32_t krun_free_ctx(uint32_t ctx_id)
{
	struct vm_config *config = context_take(ctx_id);

	if (!config)
		return api_refuse(-ENOENT, "there is no context %u", ctx_id);
	context_config_free(config);
	return 0;
}
