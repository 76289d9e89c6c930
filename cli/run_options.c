#include "run_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "mount_option.h"
#include "option_values.h"
#include "options.h"
#include "share_option.h"

#define RAM_DEFAULT_MIB 128

enum { OPTION_ENV = 1, OPTION_MEM, OPTION_ACCEL, OPTION_INVOKE, OPTION_NO_CACHE, OPTION_LEVEL,
       OPTION_DEBUG, OPTION_GDB, OPTION_CPU, OPTION_STATS, OPTION_VERBOSE, OPTION_DIR, OPTION_TMPFS, OPTION_BUNDLE, OPTION_PUBLISH, OPTION_NET,
       OPTION_ALLOW_NET, OPTION_LISTEN, OPTION_VSOCK, OPTION_VSOCK_LISTEN, OPTION_IP, OPTION_GATEWAY, OPTION_DNS, OPTION_PCAP, OPTION_JAIL };

static const struct option_spec specs[] = {
	{ "env", 'e', "K=V", "set a variable of the program's environment (repeatable)", OPTION_ENV },
	{ "mem", 'm', "SIZE", "RAM of the machine, default 128M; used as it is touched", OPTION_MEM },
	{ "accel", 0, "auto|kvm|tcg", "KVM, QEMU's TCG, or KVM where it works (default)", OPTION_ACCEL },
	{ "invoke", 0, "FUNC", "call this export instead of _start", OPTION_INVOKE },
	{ "no-cache", 0, NULL, "neither read nor write the image cache", OPTION_NO_CACHE },
	{ NULL, 'O', "0…3", "optimisation level, default 2", OPTION_LEVEL },
	{ NULL, 'g', NULL, "keep functions and lines for a debugger", OPTION_DEBUG },
	{ "gdb", 0, "[ADDR:]PORT", "wait for GDB there before the program starts", OPTION_GDB },
	{ "target-cpu", 0, "CPU", "LLVM's name; default: this machine's CPU", OPTION_CPU },
	{ "stats", 0, NULL, "print timeline and counters to stderr at the end", OPTION_STATS },
	{ "verbose", 'v', NULL, "say what is being done", OPTION_VERBOSE },
	{ "tmpfs", 0, "GUEST[:SIZE]", "give the program a folder in RAM (repeatable)", OPTION_TMPFS },
	{ "bundle", 0, "DIR[::GUEST]", "give it a copy of a folder, read-only (repeatable)", OPTION_BUNDLE },
	{ "dir", 0, "HOST[::GUEST][:ro]", "share a folder, as the program knows it (repeatable)", OPTION_DIR },
	{ "publish", 'p', "[ADDR:]HOST:GUEST[/udp]", "let the program's port appear on this machine (repeatable)",
	  OPTION_PUBLISH },
	{ "allow-net", 0, "CIDR[:PORTS]|all", "let the program connect there (repeatable)", OPTION_ALLOW_NET },
	{ "listen", 0, "[ADDR:]PORT", "hand the program a TCP listener, descriptor 3 and up (repeatable)", OPTION_LISTEN },
	{ "vsock", 0, "PORT:PATH", "lead this AF_VSOCK port of the host's to a Unix socket (repeatable)", OPTION_VSOCK },
	{ "vsock-listen", 0, "PORT:PATH", "make a Unix socket that leads to the program's AF_VSOCK port (repeatable)",
	  OPTION_VSOCK_LISTEN },
	{ "net", 0, "MODE", "tsi (default): this machine's sockets, as allowed; passt, tap:NAME: an interface; none", OPTION_NET },
	{ "ip", 0, "ADDR/PREFIX", "the interface's address; default: by DHCP", OPTION_IP },
	{ "gateway", 0, "ADDR", "where other networks are, with --ip", OPTION_GATEWAY },
	{ "dns", 0, "ADDR", "who knows names, with --ip", OPTION_DNS },
	{ "pcap", 0, "FILE", "record the interface's frames, for tcpdump and Wireshark", OPTION_PCAP },
	{ "jail", 0, NULL, "lock the machine's process in (namespaces, empty root, limits)", OPTION_JAIL },
	{ 0 },
};

static const struct usage usage = {
	"run", "APP.wasm [ARGS…]",
	"Run a WASI program in a microVM of its own. APP is a module, its text (.wat, where\n"
	"wabt is installed), or an image that `walnut build` made.",
	specs,
	"Exit status: the program's own; 134 when it traps; 128 + N when signal N ended it;\n"
	"125 when walnut itself failed, with one line on standard error.",
};

/* Appends to a list that ends with NULL. */
static int add_string(const char ***list, unsigned *count, const char *string)
{
	const char **grown = realloc(*list, (*count + 2) * sizeof(*grown));

	if (!grown)
		return fail("run: out of memory");
	*list = grown;
	grown[(*count)++] = string;
	grown[*count] = NULL;
	return 0;
}

static int add_variable(struct run_options *options, const char *variable)
{
	if (!strchr(variable, '=') || variable[0] == '=')
		return fail("run: --env %s: it is NAME=VALUE", variable);
	return add_string(&options->environment, &options->environment_count, variable);
}

static int set_accel(struct run_options *options, const char *argument)
{
	static const struct {
		const char *name;
		enum krun_walnut_accel accel;
	} names[] = {
		{ "auto", KRUN_WALNUT_ACCEL_AUTO },
		{ "kvm", KRUN_WALNUT_ACCEL_KVM },
		{ "tcg", KRUN_WALNUT_ACCEL_TCG },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(argument, names[i].name) == 0) {
			options->accel = names[i].accel;
			return 0;
		}
	}
	return fail("run: --accel %s: it is auto, kvm or tcg", argument);
}

static int apply(void *opaque, int id, const char *argument)
{
	struct run_options *options = opaque;

	switch (id) {
	case OPTION_ENV:
		return add_variable(options, argument);
	case OPTION_MEM:
		return option_memory("run", argument, &options->ram_mib);
	case OPTION_ACCEL:
		return set_accel(options, argument);
	case OPTION_INVOKE:
		options->invoke = argument;
		return 0;
	case OPTION_NO_CACHE:
		options->no_cache = true;
		return 0;
	case OPTION_LEVEL:
		return compile_settings_level(&options->settings, argument);
	case OPTION_GDB:
		options->gdb = argument;
		return 0;
	case OPTION_JAIL:
		options->jail = true;
		return 0;
	case OPTION_DEBUG:
		options->settings.debug_lines = true;
		return 0;
	case OPTION_CPU:
		options->settings.target_cpu = argument;
		return 0;
	case OPTION_STATS:
		options->stats = true;
		return 0;
	case OPTION_VERBOSE:
		options->verbose = options->settings.verbose = true;
		return 0;
	case OPTION_TMPFS:
		return mount_option_tmpfs(options, argument);
	case OPTION_BUNDLE:
		return mount_option_bundle(options, argument);
	case OPTION_DIR:
		return share_option(options, argument);
	case OPTION_PUBLISH:
		return add_string(&options->published, &options->published_count, argument);
	case OPTION_NET:
		return net_option_parse(&options->net, "run", argument);
	case OPTION_VSOCK:
	case OPTION_VSOCK_LISTEN:
		return net_option_add_port(&options->net, "run", argument, id == OPTION_VSOCK_LISTEN);
	case OPTION_PCAP:
		options->net.pcap = argument;
		return 0;
	case OPTION_IP:
		options->address = argument;
		return 0;
	case OPTION_GATEWAY:
		options->gateway = argument;
		return 0;
	case OPTION_DNS:
		options->dns = argument;
		return 0;
	case OPTION_ALLOW_NET:
		return add_string(&options->allowed, &options->allowed_count, argument);
	case OPTION_LISTEN:
		return add_string(&options->listeners, &options->listener_count, argument);
	default:
		return fail("run: internal: option %d", id);
	}
}

int run_options_parse(struct run_options *options, int argc, char **argv)
{
	*options = (struct run_options){ .ram_mib = RAM_DEFAULT_MIB, .net.kind = NET_OPTION_TSI, .settings.opt_level = 2 };
	options->environment = calloc(1, sizeof(*options->environment));
	if (!options->environment)
		return -fail("run: out of memory");
	options->operand = options_parse(&usage, argc, argv, apply, options);
	if (options->operand < 0)
		return options->operand;
	if (options->operand >= argc)
		return -fail("run: no program given (walnut run --help)");
	options->settings.require_start = !options->invoke;
	return 0;
}

void run_options_free(struct run_options *options)
{
	free(options->environment);
	free(options->published);
	free(options->allowed);
	free(options->listeners);
	for (unsigned i = 0; i < options->dir_count; i++) {
		free(options->dirs[i].host);
		free(options->dirs[i].guest);
	}
	free(options->dirs);
	for (unsigned i = 0; i < options->mount_count; i++) {
		free(options->mounts[i].path);
		if (options->mounts[i].archive_fd >= 0)
			close(options->mounts[i].archive_fd);
	}
	free(options->mounts);
}
