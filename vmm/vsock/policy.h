/* Who the guest's sockets may reach, and where they may be reached. Nothing that is not
 * listed. */
#ifndef WALNUT_VMM_VSOCK_POLICY_H
#define WALNUT_VMM_VSOCK_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

union net_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Destinations that are allowed. */
struct net_rule {
	uint16_t family; /* AF_UNSPEC: every address */
	uint8_t address[16];
	unsigned prefix; /* bits of the address that count */
	uint16_t port_first, port_last;
};

/* A port of the guest that appears on the host. */
struct net_publish {
	bool udp;
	uint16_t family;     /* AF_UNSPEC: at the address that the guest binds to */
	uint8_t address[16]; /* else at this one */
	uint16_t host_port;  /* 0: any */
	uint16_t guest_port;
};

struct net_policy {
	struct net_rule *rules;
	unsigned rule_count;
	struct net_publish *published;
	unsigned published_count;
};

/* "all" or an address with or without "/PREFIX", and ":PORT" or ":FIRST-LAST" or neither; IPv6
 * with ports is in brackets. 0 or -EINVAL. */
int net_rule_parse(struct net_rule *rule, const char *text);

/* "[ADDRESS:]HOST:GUEST[/tcp|/udp]". 0 or -EINVAL. */
int net_publish_parse(struct net_publish *publish, const char *text);

/* Takes a socket address as it comes from the guest: IPv4 or IPv6 of exactly its size. */
bool net_address_parse(union net_address *address, const void *bytes, uint32_t size);
uint32_t net_address_size(const union net_address *address);

/* Whether the guest may send to it. */
bool net_policy_allows(const struct net_policy *policy, const union net_address *to);

/* Whether names may be looked up: only where every address may be reached, since a question
 * can carry anything anywhere. */
bool net_policy_allows_names(const struct net_policy *policy);

/* Where a socket that the guest binds to `address` appears on the host: *address is changed
 * to it. False: nowhere. */
bool net_policy_publishes(const struct net_policy *policy, bool udp, union net_address *address);

#endif
