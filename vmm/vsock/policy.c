/* Rules are matched in their order; addresses that mean the same to the kernel are made
 * the same first. */
#include "vsock/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 128

/* A decimal number up to `max`; *end is behind it. False: there is none. */
static bool number(const char *text, unsigned long max, unsigned long *value, const char **end)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	*value = strtoul(text, &stop, 10);
	*end = stop;
	return stop - text <= 6 && *value <= max;
}

static bool parse_ports(struct net_rule *rule, const char *text)
{
	unsigned long first, last;
	const char *end;

	if (!number(text, UINT16_MAX, &first, &end))
		return false;
	last = first;
	if (*end == '-' && !number(end + 1, UINT16_MAX, &last, &end))
		return false;
	rule->port_first = (uint16_t)first;
	rule->port_last = (uint16_t)last;
	return *end == '\0' && first <= last;
}

/* An address without anything around it. */
static bool parse_address(const char *text, uint16_t *family, uint8_t *address)
{
	*family = AF_INET;
	if (inet_pton(AF_INET, text, address) == 1)
		return true;
	*family = AF_INET6;
	return inet_pton(AF_INET6, text, address) == 1;
}

static bool parse_network(struct net_rule *rule, char *text)
{
	char *slash = strchr(text, '/');
	unsigned long prefix;
	const char *end;

	if (strcmp(text, "all") == 0) {
		rule->family = AF_UNSPEC;
		return true;
	}
	if (slash)
		*slash = '\0';
	if (!parse_address(text, &rule->family, rule->address))
		return false;
	rule->prefix = rule->family == AF_INET ? 32 : 128;
	if (!slash)
		return true;
	if (!number(slash + 1, rule->prefix, &prefix, &end) || *end != '\0')
		return false;
	rule->prefix = (unsigned)prefix;
	return true;
}

/* Splits "[ADDRESS]:REST", "ADDRESS:REST" or "ADDRESS"; *rest is NULL if there is none. */
static bool split(char *text, char **address, char **rest)
{
	char *end = strrchr(text, ']');

	*address = text;
	*rest = NULL;
	if (text[0] == '[') {
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*address = text + 1;
		*rest = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		return true;
	}
	end = strchr(text, ':');
	if (!end || strchr(end + 1, ':')) /* two colons: a bare IPv6 address */
		return true;
	*end = '\0';
	*rest = end + 1;
	return true;
}

int net_rule_parse(struct net_rule *rule, const char *text)
{
	char copy[TEXT_MAX], *address, *ports;

	*rule = (struct net_rule){ .port_last = UINT16_MAX };
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	if (!split(copy, &address, &ports) || !parse_network(rule, address) || (ports && !parse_ports(rule, ports)))
		return -EINVAL;
	return 0;
}

int net_publish_parse(struct net_publish *publish, const char *text)
{
	char copy[TEXT_MAX], *suffix, *host, *guest;
	unsigned long host_port, guest_port;
	const char *end;

	*publish = (struct net_publish){ 0 };
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	suffix = strrchr(copy, '/');
	if (suffix) {
		publish->udp = strcmp(suffix, "/udp") == 0;
		if (!publish->udp && strcmp(suffix, "/tcp") != 0)
			return -EINVAL;
		*suffix = '\0';
	}
	guest = strrchr(copy, ':');
	if (!guest)
		return -EINVAL;
	*guest++ = '\0';
	host = strrchr(copy, ':');
	if (host) {
		size_t size = (size_t)(host - copy);
		char *address = copy;

		*host++ = '\0';
		if (size >= 2 && copy[0] == '[' && copy[size - 1] == ']') {
			copy[size - 1] = '\0';
			address++;
		} else if (strchr(copy, ':')) {
			return -EINVAL;
		}
		if (!parse_address(address, &publish->family, publish->address))
			return -EINVAL;
	} else {
		host = copy;
	}
	if (!number(host, UINT16_MAX, &host_port, &end) || *end != '\0' ||
	    !number(guest, UINT16_MAX, &guest_port, &end) || *end != '\0')
		return -EINVAL;
	publish->host_port = (uint16_t)host_port;
	publish->guest_port = (uint16_t)guest_port;
	return 0;
}

bool net_address_parse(union net_address *address, const void *bytes, uint32_t size)
{
	uint16_t family;

	memset(address, 0, sizeof(*address));
	if (size != sizeof(address->v4) && size != sizeof(address->v6))
		return false;
	memcpy(&family, bytes, sizeof(family));
	if (family != (size == sizeof(address->v4) ? AF_INET : AF_INET6))
		return false;
	memcpy(address, bytes, size);
	return true;
}

uint32_t net_address_size(const union net_address *address)
{
	return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

/* The address and family that a packet to it would really have: IPv4 inside IPv6 is IPv4,
 * and connecting to "any" means this host. */
static uint16_t real_address(const union net_address *from, uint8_t *address)
{
	static const uint8_t zeros[4];

	if (from->any.sa_family == AF_INET) {
		memcpy(address, &from->v4.sin_addr, 4);
	} else if (IN6_IS_ADDR_V4MAPPED(&from->v6.sin6_addr)) {
		memcpy(address, &from->v6.sin6_addr.s6_addr[12], 4);
	} else {
		memcpy(address, &from->v6.sin6_addr, 16);
		if (IN6_IS_ADDR_UNSPECIFIED(&from->v6.sin6_addr))
			address[15] = 1;
		return AF_INET6;
	}
	if (memcmp(address, zeros, 4) == 0) {
		address[0] = 127;
		address[3] = 1;
	}
	return AF_INET;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 && (rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0);
}

bool net_policy_allows(const struct net_policy *policy, const union net_address *to)
{
	uint8_t address[16];
	uint16_t family = real_address(to, address);
	uint16_t port = ntohs(to->v4.sin_port); /* at the same place in both */

	for (unsigned i = 0; i < policy->rule_count; i++) {
		const struct net_rule *rule = &policy->rules[i];

		if (port < rule->port_first || port > rule->port_last)
			continue;
		if (rule->family == AF_UNSPEC ||
		    (rule->family == family && same_prefix(rule->address, address, rule->prefix)))
			return true;
	}
	return false;
}

bool net_policy_allows_names(const struct net_policy *policy)
{
	for (unsigned i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].family == AF_UNSPEC)
			return true;
	return false;
}

bool net_policy_publishes(const struct net_policy *policy, bool udp, union net_address *address)
{
	uint16_t port = ntohs(address->v4.sin_port);

	for (unsigned i = 0; i < policy->published_count; i++) {
		const struct net_publish *publish = &policy->published[i];

		if (publish->udp != udp || publish->guest_port != port)
			continue;
		if (publish->family == AF_INET) {
			*address = (union net_address){ .v4 = { .sin_family = AF_INET } };
			memcpy(&address->v4.sin_addr, publish->address, 4);
		} else if (publish->family == AF_INET6) {
			*address = (union net_address){ .v6 = { .sin6_family = AF_INET6 } };
			memcpy(&address->v6.sin6_addr, publish->address, 16);
		}
		address->v4.sin_port = htons(publish->host_port);
		return true;
	}
	return false;
}
