/* Serial ports. */
#include "libkrun.h"

#include <errno.h>

#include "api/api.h"
#include "config.h"
#include "walnut.h"

KRUN_API int32_t krun_add_serial_console_default(uint32_t ctx_id, int input_fd, int output_fd)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	if (config->serial_count == SERIALS_CONFIG_MAX)
		return api_release(-ENOSPC);
	config->serials[config->serial_count++] = (struct serial_config){ input_fd, output_fd };
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_serial_escape(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->serial_escape = enabled;
	return api_release(0);
}
