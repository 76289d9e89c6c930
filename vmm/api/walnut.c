/* The setters of walnut.h. */
#include "walnut.h"

#include <errno.h>

#include "api/api.h"
#include "config.h"
#include "gdb/listen.h"

KRUN_API int32_t krun_walnut_set_accel(uint32_t ctx_id, enum krun_walnut_accel accel)
{
	struct vm_config *config;

	if (accel < KRUN_WALNUT_ACCEL_AUTO || accel > KRUN_WALNUT_ACCEL_TCG)
		return api_refuse(-EINVAL, "%d is no accelerator", (int)accel);
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->accel = accel;
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_stdio(uint32_t ctx_id, int input_fd, int output_fd, int error_fd)
{
	struct vm_config *config;

	if (input_fd < -1 || output_fd < -1 || error_fd < -1)
		return api_refuse(-EINVAL, "no descriptor is below -1");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->input_fd = input_fd;
	config->output_fd = output_fd;
	config->error_fd = error_fd;
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_sandbox(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->sandbox = enabled ? SANDBOX_ON : SANDBOX_OFF;
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_jail(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->jail = enabled;
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_gdb(uint32_t ctx_id, const char *address)
{
	struct vm_config *config;
	char host[64];
	uint16_t port;

	if (address && gdb_address_split(address, host, &port))
		return api_refuse(-EINVAL, "%s: not [ADDRESS:]PORT", address);
	config = api_acquire(ctx_id);
	return config ? api_release(api_set_string(&config->gdb, address)) : -ENOENT;
}

KRUN_API int32_t krun_walnut_set_invoke(uint32_t ctx_id, const char *export_name)
{
	struct vm_config *config = api_acquire(ctx_id);

	return config ? api_release(api_set_string(&config->invoke, export_name)) : -ENOENT;
}

KRUN_API int32_t krun_walnut_set_balloon(uint32_t ctx_id, bool enabled)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->balloon_chosen = true;
	config->balloon = enabled;
	return api_release(0);
}

KRUN_API int32_t krun_walnut_set_transport(uint32_t ctx_id, enum krun_walnut_transport transport)
{
	struct vm_config *config;

	if (transport < KRUN_WALNUT_TRANSPORT_MMIO || transport > KRUN_WALNUT_TRANSPORT_PCI)
		return api_refuse(-EINVAL, "there is no transport %d", (int)transport);
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	config->transport = transport;
	return api_release(0);
}
