#include "net_option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "libkrun.h"
#include "passt.h"
#include "walnut.h"

int net_option_parse(struct net_option *net, const char *command, const char *argument)
{
	static const struct {
		const char *name;
		enum net_kind kind;
	} kinds[] = {
		{ "none", NET_OPTION_NONE }, { "tsi", NET_OPTION_TSI }, { "passt", NET_OPTION_PASST },
	};

	net->said = true;
	net->tap = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argument, kinds[i].name) == 0) {
			net->kind = kinds[i].kind;
			return 0;
		}
	}
	if (strncmp(argument, "tap:", 4) != 0 || !argument[4])
		return fail("%s: --net %s: it is passt, tap:NAME, tsi or none", command, argument);
	net->kind = NET_OPTION_TAP;
	net->tap = argument + 4;
	return 0;
}

int net_option_add_port(struct net_option *net, const char *command, const char *argument, bool listen)
{
	const char *option = listen ? "vsock-listen" : "vsock";
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(argument, &end, 10);
	if (argument[0] < '0' || argument[0] > '9' || errno || *end != ':' || !end[1] || number == 0 ||
	    number >= UINT32_MAX)
		return fail("%s: --%s %s: it is PORT:PATH", command, option, argument);
	if (net->port_count == NET_OPTION_PORTS_MAX)
		return fail("%s: --%s %s: at most %d ports", command, option, argument, NET_OPTION_PORTS_MAX);
	net->ports[net->port_count++] = (struct net_option_port){ (uint32_t)number, end + 1, listen };
	return 0;
}

int net_option_connect_ports(const struct net_option *net, uint32_t context, char *message, size_t size)
{
	for (unsigned i = 0; i < net->port_count; i++) {
		const struct net_option_port *port = &net->ports[i];
		int32_t code = krun_add_vsock_port2(context, port->number, port->path, port->listen);

		if (!code)
			continue;
		snprintf(message, size, "--vsock%s %u:%.120s: %s", port->listen ? "-listen" : "", port->number, port->path,
			 strerror(-code));
		return code;
	}
	return 0;
}

int net_option_add(const struct net_option *net, uint32_t context, const char *const *arguments, int *passt_fd,
		   char *message, size_t size)
{
	uint8_t mac[6] = { 0x5a, 0x94, 0xef, 0xe4, 0x0c, 0xee };
	int32_t code = 0;

	if (net->pcap && !net_option_has_interface(net)) {
		snprintf(message, size, "--pcap %.60s: goes with --net passt or tap:NAME", net->pcap);
		return -EINVAL;
	}
	if (net->kind == NET_OPTION_TAP) {
		code = krun_add_net_tap(context, (char *)net->tap, mac, COMPAT_NET_FEATURES, 0);
		if (code)
			snprintf(message, size, "--net tap:%.60s: %s", net->tap, strerror(-code));
	} else if (net->kind == NET_OPTION_PASST) {
		*passt_fd = passt_start(arguments, message, size);
		if (*passt_fd < 0)
			return *passt_fd;
		code = krun_add_net_unixstream(context, NULL, *passt_fd, mac, 0, 0);
		if (code)
			snprintf(message, size, "--net passt: %s", strerror(-code));
	}
	if (!code && net->pcap) {
		code = krun_walnut_set_net_pcap(context, net->pcap);
		if (code)
			snprintf(message, size, "--pcap %.60s: %s", net->pcap, strerror(-code));
	}
	return code;
}
