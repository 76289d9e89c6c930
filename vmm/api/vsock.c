/* The public functions for the guest's socket device. */
#include "libkrun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"

#define PORTS_MAX 1024u

static bool has_port(const struct vsock_config *config, uint32_t number)
{
	for (unsigned i = 0; i < config->port_count; i++)
		if (config->ports[i].number == number)
			return true;
	return false;
}

static int add_port(struct vsock_config *config, uint32_t number, const char *path, bool listen)
{
	struct vsock_port_config *grown;
	char *copy;

	if (config->implicit_disabled && !config->added)
		return -ENODEV;
	if (has_port(config, number) || (listen && access(path, F_OK) == 0))
		return -EEXIST;
	if (config->port_count == PORTS_MAX)
		return -ENOSPC;
	grown = realloc(config->ports, (config->port_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	config->ports = grown;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	config->ports[config->port_count++] = (struct vsock_port_config){ number, copy, listen };
	return 0;
}

KRUN_API int32_t krun_add_vsock_port2(uint32_t ctx_id, uint32_t port, const char *c_filepath, bool listen)
{
	const struct sockaddr_un *address = NULL;
	struct vm_config *config;
	int error;

	if (!c_filepath || c_filepath[0] == '\0')
		return -EINVAL;
	if (strlen(c_filepath) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = add_port(&config->vsock, port, c_filepath, listen);
	context_release();
	return error;
}

KRUN_API int32_t krun_add_vsock_port(uint32_t ctx_id, uint32_t port, const char *c_filepath)
{
	return krun_add_vsock_port2(ctx_id, port, c_filepath, false);
}

KRUN_API int32_t krun_disable_implicit_vsock(uint32_t ctx_id)
{
	struct vm_config *config = context_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->vsock.implicit_disabled = true;
	context_release();
	return 0;
}

KRUN_API int32_t krun_add_vsock(uint32_t ctx_id, uint32_t tsi_features)
{
	struct vm_config *config;
	int error = 0;

	if (tsi_features & ~(uint32_t)(KRUN_TSI_HIJACK_INET | KRUN_TSI_HIJACK_UNIX))
		return -EINVAL;
	if (tsi_features)
		return -ENOTSUP;
	config = context_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	if (!config->vsock.implicit_disabled || config->vsock.added)
		error = -EEXIST;
	else
		config->vsock.added = true;
	context_release();
	return error;
}
