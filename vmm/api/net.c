/* Network interfaces. Whether the other side is there is found out when the machine is built. */
#include "libkrun.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "api/api.h"
#include "config.h"
#include "net/pcap.h"
#include "walnut.h"

#define FEATURES (COMPAT_NET_FEATURES | NET_FEATURE_GUEST_TSO6 | NET_FEATURE_HOST_TSO6)
#define NEED_GUEST_CSUM (NET_FEATURE_GUEST_TSO4 | NET_FEATURE_GUEST_TSO6 | NET_FEATURE_GUEST_UFO)

static bool fits(const char *text, size_t size)
{
	return text[0] != '\0' && strlen(text) < size;
}

/* With the context taken. -EINVAL also for the two ways to say the same. */
static int append(struct vm_config *config, const struct net_config *net, bool legacy)
{
	struct net_config *slot = &config->nets[config->net_count];

	if (config->net_count > 0 && (legacy || config->net_legacy))
		return -EINVAL;
	if (config->net_count == NETS_MAX)
		return -ENOSPC;
	*slot = *net;
	if (net->path) {
		slot->path = strdup(net->path);
		if (!slot->path)
			return -ENOMEM;
	}
	if (legacy)
		memcpy(slot->mac, config->net_mac, sizeof(slot->mac));
	config->net_legacy = legacy;
	config->net_count++;
	return 0;
}

static int32_t add(const char *function, uint32_t ctx_id, struct net_config *net, const uint8_t *mac,
		   uint32_t features, uint32_t flags)
{
	struct vm_config *config;

	if (!mac)
		return api_refuse_for(function, -EINVAL, "no MAC address");
	if (features & ~(uint32_t)FEATURES)
		return api_refuse_for(function, -EINVAL, "features 0x%x are not known",
				      features & ~(uint32_t)FEATURES);
	memcpy(net->mac, mac, sizeof(net->mac));
	net->features = features;
	net->vfkit = flags & NET_FLAG_VFKIT;
	net->dhcp = flags & NET_FLAG_DHCP_CLIENT;
	config = api_acquire_for(function, ctx_id);
	return config ? api_release_for(function, append(config, net, false)) : -ENOENT;
}

static int32_t add_socket(const char *function, uint32_t ctx_id, enum net_kind kind, const char *path, int fd,
			  const uint8_t *mac, uint32_t features, uint32_t flags)
{
	uint32_t known = NET_FLAG_DHCP_CLIENT | (kind == NET_UNIX_DATAGRAM && path ? NET_FLAG_VFKIT : 0);
	const struct sockaddr_un *address = NULL;
	struct net_config net = { .kind = kind, .path = (char *)path, .fd = fd };

	if (path ? fd >= 0 || !fits(path, sizeof(address->sun_path)) : fd < 0)
		return api_refuse_for(function, -EINVAL, "not a socket's path, or not one of path and descriptor");
	if (flags & ~known)
		return api_refuse_for(function, -EINVAL, "flags 0x%x are not for this", flags & ~known);
	return add(function, ctx_id, &net, mac, features, flags);
}

KRUN_API int32_t krun_add_net_unixstream(uint32_t ctx_id, const char *c_path, int fd, uint8_t *const c_mac,
					 uint32_t features, uint32_t flags)
{
	return add_socket(__func__, ctx_id, NET_UNIX_STREAM, c_path, fd, c_mac, features, flags);
}

KRUN_API int32_t krun_add_net_unixgram(uint32_t ctx_id, const char *c_path, int fd, uint8_t *const c_mac,
				       uint32_t features, uint32_t flags)
{
	return add_socket(__func__, ctx_id, NET_UNIX_DATAGRAM, c_path, fd, c_mac, features, flags);
}

KRUN_API int32_t krun_add_net_tap(uint32_t ctx_id, char *c_tap_name, uint8_t *const c_mac, uint32_t features,
				  uint32_t flags)
{
	struct net_config net = { .kind = NET_TAP, .path = c_tap_name, .fd = -1 };

	if (!c_tap_name || !fits(c_tap_name, IFNAMSIZ))
		return api_refuse(-EINVAL, "no name of an interface");
	if (flags & ~(uint32_t)NET_FLAG_DHCP_CLIENT)
		return api_refuse(-EINVAL, "flags 0x%x are not for this", flags);
	if ((features & NEED_GUEST_CSUM) && !(features & NET_FEATURE_GUEST_CSUM))
		return api_refuse(-EINVAL, "segments for the guest need GUEST_CSUM");
	return add(__func__, ctx_id, &net, c_mac, features, flags);
}

KRUN_API int32_t krun_set_passt_fd(uint32_t ctx_id, int fd)
{
	const struct net_config net = { .kind = NET_UNIX_STREAM, .fd = fd, .features = COMPAT_NET_FEATURES };
	struct vm_config *config;

	if (fd < 0)
		return api_refuse(-EINVAL, "descriptor %d", fd);
	config = api_acquire(ctx_id);
	return config ? api_release(append(config, &net, true)) : -ENOENT;
}

KRUN_API int32_t krun_set_gvproxy_path(uint32_t ctx_id, char *c_path)
{
	const struct net_config net = { .kind = NET_UNIX_DATAGRAM, .path = c_path, .fd = -1,
					.features = COMPAT_NET_FEATURES, .vfkit = true };
	const struct sockaddr_un *address = NULL;
	struct vm_config *config;

	if (!c_path || !fits(c_path, sizeof(address->sun_path)))
		return api_refuse(-EINVAL, "not a socket's path");
	config = api_acquire(ctx_id);
	return config ? api_release(append(config, &net, true)) : -ENOENT;
}

KRUN_API int32_t krun_set_net_mac(uint32_t ctx_id, uint8_t *const c_mac)
{
	struct vm_config *config;

	if (!c_mac)
		return api_refuse(-EINVAL, "no MAC address");
	config = api_acquire(ctx_id);
	if (!config)
		return -ENOENT;
	memcpy(config->net_mac, c_mac, sizeof(config->net_mac));
	if (config->net_legacy)
		memcpy(config->nets[0].mac, c_mac, sizeof(config->nets[0].mac));
	return api_release(0);
}

/* With the context taken. */
static int set_pcap(struct vm_config *config, const char *path)
{
	struct net_config *net;
	char *copy;

	if (config->net_count == 0)
		return -ENOENT;
	net = &config->nets[config->net_count - 1];
	if (net->pcap_path)
		return -EINVAL;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	net->pcap_fd = net_pcap_create(path);
	if (net->pcap_fd < 0) {
		free(copy);
		return net->pcap_fd;
	}
	net->pcap_path = copy;
	return 0;
}

KRUN_API int32_t krun_walnut_set_net_pcap(uint32_t ctx_id, const char *path)
{
	struct vm_config *config;

	if (!path || !*path)
		return api_refuse(-EINVAL, "no path");
	config = api_acquire(ctx_id);
	return config ? api_release(set_pcap(config, path)) : -ENOENT;
}
