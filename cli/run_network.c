#include "run_network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "libkrun.h"
#include "passt.h"
#include "walnut.h"

#define LINE_SIZE 1024
#define PORT_SIZE 160

struct request {
	const struct run_options *options;
	uint32_t context;
	char line[LINE_SIZE]; /* the kernel's */
	const char *passt[PASST_ARGUMENTS_MAX + 1];
	char *owned[PASST_ARGUMENTS_MAX]; /* those that are ours to free */
	unsigned passt_count, owned_count;
	char *message;
	size_t message_size;
};

static int refuse(struct request *request, int code, const char *option, const char *argument, const char *why)
{
	snprintf(request->message, request->message_size, "%s %.60s: %s", option, argument, why);
	return code;
}

/* Each connection of the program's is a descriptor of ours. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A word for the kernel. */
static int add_word(struct request *request, const char *name, const char *value)
{
	size_t used = strlen(request->line), room = sizeof(request->line) - used;

	return snprintf(request->line + used, room, "%s%s%s", used ? " " : "", name, value) < (int)room ? 0 : -E2BIG;
}

static int add_passt(struct request *request, const char *option, char *value)
{
	if (!value)
		return -ENOMEM;
	request->owned[request->owned_count++] = value;
	if (request->passt_count + 2 > PASST_ARGUMENTS_MAX)
		return -E2BIG;
	request->passt[request->passt_count++] = option;
	request->passt[request->passt_count++] = value;
	return 0;
}

static bool is_port(const char *text, size_t size)
{
	return size > 0 && size <= 5 && strspn(text, "0123456789") >= size;
}

/* [ADDRESS:]HOST:GUEST[/udp] as passt has it: ADDRESS/HOST:GUEST after -t or -u. */
static int publish_by_passt(struct request *request, const char *port)
{
	size_t size = strlen(port);
	const char *option = "-t", *host = port, *address = "";
	int address_size = 0;
	const char *colon;
	char *value = NULL;

	if (size > 4 && (strcmp(port + size - 4, "/udp") == 0 || strcmp(port + size - 4, "/tcp") == 0)) {
		option = port[size - 3] == 'u' ? "-u" : "-t";
		size -= 4;
	}
	colon = memrchr(port, ':', size);
	if (!colon || !is_port(colon + 1, size - (size_t)(colon + 1 - port)))
		return -EINVAL;
	host = memrchr(port, ':', (size_t)(colon - port));
	if (host) {
		address = port;
		address_size = (int)(host - port);
		if (address_size > 2 && address[0] == '[' && address[address_size - 1] == ']') {
			address++;
			address_size -= 2;
		}
		if ((int)strspn(address, "0123456789abcdefABCDEF.:") < address_size || address_size == 0)
			return -EINVAL;
	}
	host = host ? host + 1 : port;
	if (!is_port(host, (size_t)(colon - host)))
		return -EINVAL;
	if (asprintf(&value, "%.*s%s%.*s", address_size, address, address_size ? "/" : "",
		     (int)(size - (size_t)(host - port)), host) < 0)
		value = NULL;
	return add_passt(request, option, value);
}

static bool is_allowed_all(const struct run_options *options)
{
	for (unsigned i = 0; i < options->allowed_count; i++)
		if (strcmp(options->allowed[i], "all") == 0)
			return true;
	return false;
}

static int publish(struct request *request, const char *port)
{
	switch (request->options->net.kind) {
	case NET_OPTION_TSI:
		return krun_walnut_publish(request->context, port);
	case NET_OPTION_PASST:
		return publish_by_passt(request, port);
	default:
		return 0; /* all its ports are on the interface, or there are none */
	}
}

static int publish_all(struct request *request)
{
	const struct run_options *options = request->options;

	if (options->published_count > 0 && options->net.kind == NET_OPTION_TAP)
		return refuse(request, -EINVAL, "--publish", options->published[0],
			      "with --net tap:NAME all ports are at the program's own address");
	for (unsigned i = 0; i < options->published_count; i++) {
		const char *port = options->published[i];
		int code;

		/* passt sends answers to loopback addresses by way of the gateway's. */
		if (options->net.kind == NET_OPTION_PASST && strncmp(port, "127.", 4) == 0 && strstr(port, "/udp") &&
		    !is_allowed_all(options))
			return refuse(request, -EINVAL, "--publish", port,
				      "with --net passt, datagrams at loopback addresses need --allow-net all");
		code = publish(request, port);

		if (code)
			return refuse(request, code, "--publish", port,
				      code == -EINVAL ? "not [ADDRESS:]HOST:GUEST[/udp]" :
				      code == -EEXIST ? "that port of the program's is published already" :
							strerror(-code));
	}
	return 0;
}

/* passt knows no lists. It lets the machine connect wherever this one may, by default without its
 * loopback addresses. */
static int allow_by_passt(struct request *request)
{
	const struct run_options *options = request->options;

	for (unsigned i = 0; i < options->allowed_count; i++) {
		if (strcmp(options->allowed[i], "all") != 0)
			return refuse(request, -EINVAL, "--allow-net", options->allowed[i],
				      "with --net passt it is all or nothing more");
	}
	if (!is_allowed_all(options))
		request->passt[request->passt_count++] = "--no-map-gw";
	return 0;
}

static int allow_all(struct request *request)
{
	const struct run_options *options = request->options;

	if (options->net.kind == NET_OPTION_PASST)
		return allow_by_passt(request);
	for (unsigned i = 0; i < options->allowed_count && options->net.kind == NET_OPTION_TSI; i++) {
		int code = krun_walnut_allow_net(request->context, options->allowed[i]);

		if (code)
			return refuse(request, code, "--allow-net", options->allowed[i],
				      code == -EINVAL ? "not ADDRESS[/PREFIX][:PORT[-PORT]] or all" : strerror(-code));
	}
	return 0;
}

/* [ADDR:]PORT is published as itself, and the kernel told to listen there. */
static int add_listener(struct request *request, const char *listener, char *ports, size_t size)
{
	const char *colon = strrchr(listener, ':'), *port = colon ? colon + 1 : listener;
	char published[PORT_SIZE];
	size_t used = strlen(ports);

	if (strlen(listener) + strlen(port) + 2 > sizeof(published) || !is_port(port, strlen(port)) ||
	    strlen(port) + 2 > size - used)
		return -EINVAL;
	snprintf(published, sizeof(published), "%s:%s", listener, port);
	snprintf(ports + used, size - used, "%s%s", used ? "," : "", port);
	return publish(request, published);
}

static int add_listeners(struct request *request)
{
	const struct run_options *options = request->options;
	char ports[LINE_SIZE / 2] = "";

	for (unsigned i = 0; i < options->listener_count && options->net.kind != NET_OPTION_NONE; i++) {
		const char *listener = options->listeners[i];
		int code = add_listener(request, listener, ports, sizeof(ports));

		if (code)
			return refuse(request, code, "--listen", listener,
				      code == -EINVAL ? "not [ADDRESS:]PORT" :
				      code == -EEXIST ? "that port is published already" : strerror(-code));
	}
	return ports[0] ? add_word(request, "walnut.listen=", ports) : 0;
}

/* Addresses for the kernel, which knows best what they look like; but they are one word each. */
static int add_addresses(struct request *request)
{
	const struct run_options *options = request->options;
	const struct {
		const char *option, *name, *value;
	} words[] = {
		{ "--ip", "ip=", options->address },
		{ "--gateway", "gateway=", options->gateway },
		{ "--dns", "dns=", options->dns },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *value = words[i].value;

		if (!value)
			continue;
		if (!net_option_has_interface(&options->net))
			return refuse(request, -EINVAL, words[i].option, value, "goes with --net passt or tap:NAME");
		if (!*value || strspn(value, "0123456789./") != strlen(value) || add_word(request, words[i].name, value))
			return refuse(request, -EINVAL, words[i].option, value, "not an address");
	}
	return 0;
}

/* Who asks for the default by name has sockets even if they reach nothing but each other. */
static int add_sockets(struct request *request)
{
	const struct net_option *net = &request->options->net;
	int code;

	if (net->kind != NET_OPTION_TSI || !net->said)
		return 0;
	code = krun_disable_implicit_vsock(request->context);
	if (!code)
		code = krun_add_vsock(request->context, KRUN_TSI_HIJACK_INET);
	return code ? refuse(request, code, "--net", "tsi", strerror(-code)) : 0;
}

static int configure(struct request *request, const char *image, int *passt_fd)
{
	const struct run_options *options = request->options;
	int code = add_sockets(request);

	if (!code)
		code = publish_all(request);
	if (!code)
		code = allow_all(request);
	if (!code)
		code = add_listeners(request);
	if (!code)
		code = add_addresses(request);
	/* What passt takes; DHCP would say so, too. */
	if (!code && options->net.kind == NET_OPTION_PASST)
		code = add_word(request, "mtu=", "65520");
	if (!code && options->net.port_count > 0 && net_option_has_interface(&options->net))
		code = refuse(request, -EINVAL, "--vsock", options->net.ports[0].path, "goes with --net tsi");
	if (!code)
		code = net_option_connect_ports(&options->net, request->context, request->message, request->message_size);
	if (!code && request->line[0])
		code = krun_set_kernel(request->context, image, KRUN_KERNEL_FORMAT_ELF, NULL, request->line);
	if (!code)
		code = net_option_add(&options->net, request->context, request->passt, passt_fd, request->message,
				      request->message_size);
	return code;
}

int run_network_configure(const struct run_options *options, uint32_t context, const char *image, int *passt_fd,
			  char *message, size_t size)
{
	struct request request = { .options = options, .context = context, .message = message, .message_size = size };
	int code;

	if (options->published_count > 0 || options->allowed_count > 0 || options->listener_count > 0)
		raise_descriptor_limit();
	/* What the program tries and may not is told; that a link is down always. */
	if (options->verbose)
		krun_set_log_level(KRUN_LOG_LEVEL_INFO);
	else if (net_option_has_interface(&options->net))
		krun_set_log_level(KRUN_LOG_LEVEL_WARN);
	code = configure(&request, image, passt_fd);
	for (unsigned i = 0; i < request.owned_count; i++)
		free(request.owned[i]);
	return code;
}
