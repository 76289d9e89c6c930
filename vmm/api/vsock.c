/* The public functions for the guest's socket device. */
#include "libkrun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "config.h"

#include "walnut.h"

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
		return api_refuse(-EINVAL, "no path of a socket");
	if (strlen(c_filepath) >= sizeof(address->sun_path))
		return api_refuse(-ENAMETOOLONG, "%.40s...: too long for a socket", c_filepath);
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = add_port(&config->vsock, port, c_filepath, listen);
	return api_release(error);
}

KRUN_API int32_t krun_add_vsock_port(uint32_t ctx_id, uint32_t port, const char *c_filepath)
{
	return krun_add_vsock_port2(ctx_id, port, c_filepath, false);
}

KRUN_API int32_t krun_disable_implicit_vsock(uint32_t ctx_id)
{
	struct vm_config *config = api_acquire(ctx_id);

	if (!config)
		return -ENOENT;
	config->vsock.implicit_disabled = true;
	return api_release(0);
}

KRUN_API int32_t krun_add_vsock(uint32_t ctx_id, uint32_t tsi_features)
{
	struct vm_config *config;
	int error = 0;

	if (tsi_features & ~(uint32_t)(KRUN_TSI_HIJACK_INET | KRUN_TSI_HIJACK_UNIX))
		return api_refuse(-EINVAL, "features 0x%x are not known", tsi_features);
	if (tsi_features & KRUN_TSI_HIJACK_UNIX)
		return api_refuse(-ENOTSUP, "Unix sockets of the host go by krun_add_vsock_port()");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	if (!config->vsock.implicit_disabled || config->vsock.added)
		error = -EEXIST;
	else
		config->vsock.tsi = tsi_features & KRUN_TSI_HIJACK_INET;
	if (!error)
		config->vsock.added = true;
	return api_release(error);
}

/* The guest's sockets may be the host's from now on, unless there is to be no device. */
static int want_tsi(struct vsock_config *config)
{
	if (config->added ? !config->tsi : config->implicit_disabled)
		return -ENODEV;
	config->tsi = true;
	return 0;
}

static int add_published(struct net_policy *policy, const struct net_publish *publish)
{
	struct net_publish *grown;

	for (unsigned i = 0; i < policy->published_count; i++)
		if (policy->published[i].udp == publish->udp &&
		    policy->published[i].guest_port == publish->guest_port)
			return -EEXIST;
	if (policy->published_count == PORTS_MAX)
		return -ENOSPC;
	grown = realloc(policy->published, (policy->published_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->published = grown;
	policy->published[policy->published_count++] = *publish;
	return 0;
}

KRUN_API int32_t krun_walnut_publish(uint32_t ctx_id, const char *port)
{
	struct net_publish publish;
	struct vm_config *config;
	int error;

	if (!port || net_publish_parse(&publish, port))
		return api_refuse(-EINVAL, "%s: not [ADDRESS:]HOST:GUEST[/udp]", port ? port : "NULL");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	error = want_tsi(&config->vsock);
	if (!error)
		error = add_published(&config->vsock.policy, &publish);
	return api_release(error);
}

KRUN_API int32_t krun_walnut_allow_net(uint32_t ctx_id, const char *destination)
{
	struct net_policy *policy;
	struct net_rule rule, *grown;
	struct vm_config *config;
	int error;

	if (!destination || net_rule_parse(&rule, destination))
		return api_refuse(-EINVAL, "%s: no destination", destination ? destination : "NULL");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	policy = &config->vsock.policy;
	error = want_tsi(&config->vsock);
	if (!error && policy->rule_count == PORTS_MAX)
		error = -ENOSPC;
	grown = error ? NULL : realloc(policy->rules, (policy->rule_count + 1) * sizeof(*grown));
	if (!error && !grown)
		error = -ENOMEM;
	if (!error) {
		policy->rules = grown;
		policy->rules[policy->rule_count++] = rule;
	}
	return api_release(error);
}

/* "HOST:GUEST" and nothing else. */
static int parse_mapping(const char *text, struct net_publish *publish)
{
	if (strspn(text, "0123456789:") != strlen(text) || strchr(text, ':') != strrchr(text, ':'))
		return -EINVAL;
	return net_publish_parse(publish, text);
}

KRUN_API int32_t krun_set_port_map(uint32_t ctx_id, const char *const port_map[])
{
	struct net_policy fresh = { 0 };
	struct net_publish publish;
	struct vm_config *config;
	int error = 0;

	for (size_t i = 0; port_map && port_map[i] && !error; i++) {
		error = parse_mapping(port_map[i], &publish);
		for (unsigned k = 0; k < fresh.published_count && !error; k++)
			if (fresh.published[k].host_port == publish.host_port)
				error = -EINVAL;
		if (!error)
			error = add_published(&fresh, &publish);
		if (error == -EEXIST)
			error = -EINVAL;
	}
	if (error)
		api_refuse(error, "a mapping is not HOST:GUEST, or has a port that another has");
	config = error ? NULL : api_acquire(ctx_id);
	if (!error && !config)
		error = -ENOENT;
	if (config) {
		/* With an interface of its own the guest has its ports there. */
		error = config->net_count > 0 ? -EINVAL : want_tsi(&config->vsock);
		if (!error) {
			free(config->vsock.policy.published);
			config->vsock.policy.published = fresh.published;
			config->vsock.policy.published_count = fresh.published_count;
			fresh.published = NULL;
		}
		api_release(error);
	}
	free(fresh.published);
	return error;
}
