/* What a machine for a foreign kernel may have beyond libkrun's settings. */
#include <errno.h>

#include "context.h"
#include "walnut.h"

KRUN_API int32_t krun_walnut_set_balloon(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = context_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->balloon = enabled;
	context_release();
	return 0;
}
