/* The runtime's entry: from bare memory to the program's first instruction, and out
 * again. The order is that of need, and nothing is done for what a program may never
 * use: each device access and each new page costs. */
#include "app_object.h"
#include "boot/acpi.h"
#include "clock.h"
#include "cmdline.h"
#include "exit.h"
#include "idle.h"
#include "invoke.h"
#include "launch_block.h"
#include "lib/string.h"
#include "lib/text.h"
#include "mem/space.h"
#include "modules.h"
#include "nucleus/nucleus.h"
#include "trap.h"
#include "tsc.h"
#include "virtio/console.h"
#include "virtio/device.h"
#include "wasi/args.h"
#include "wasi/descriptor.h"
#include "wasi/guest.h"
#include "wasi/sock_preopen.h"

#define COMMAND_LINE_MAX 65536

/* wasi/preopen.c: only in images whose program has something to do with files. A pointer,
 * because NULL is too far away for a call. */
extern void preopen_start(const struct launch *launch) __attribute__((weak));
static void (*const volatile start_files)(const struct launch *launch) = preopen_start;

/* The same for sockets. */
void sock_preopen(struct cmdline_word ports) __attribute__((weak));
static void (*const volatile open_listeners)(struct cmdline_word ports) = sock_preopen;

void network_configure(const struct cmdline *line) __attribute__((weak));
static void (*const volatile configure_network)(const struct cmdline *line) = network_configure;

static struct cmdline line;
static struct launch launch;

_Noreturn static void fail(const char *what, const char *name)
{
	char buffer[256];
	struct text text = TEXT_IN(buffer);

	text_string(&text, what);
	text_string(&text, name);
	runtime_fail(buffer, text.used);
}

static void read_command_line(const struct nucleus_info *info)
{
	uint64_t max = info->command_line_max < COMMAND_LINE_MAX ? info->command_line_max : COMMAND_LINE_MAX;
	const char *text = NULL;

	if (info->command_line && max)
		text = space_show(info->command_line, max);
	if (text && !cmdline_parse(&line, text, max))
		fail("the command line is longer than the loader may make it", "");
}

/* From the command line, where no launch block says it. */
static void read_arguments(void)
{
	static const char name[] = "app"; /* the first argument, which nobody gave */
	size_t size;
	char *strings;

	strings = space_allocate(sizeof(name) + line.arguments.size + 1);
	if (!strings)
		fail("no memory for the arguments", "");
	memcpy(strings, name, sizeof(name));
	launch.arguments.count = 1 + cmdline_split(line.arguments, strings + sizeof(name), &size);
	launch.arguments.data = strings;
	launch.arguments.size = (uint32_t)(sizeof(name) + size);
}

/* What this run was given: a launch block, or just files. */
static void read_launch(const struct nucleus_info *info)
{
	const char *block;

	if (!info->initrd || !info->initrd_size) {
		read_arguments();
		return;
	}
	block = space_show(info->initrd, info->initrd_size);
	if (block && launch_parse(&launch, block, info->initrd_size))
		return;
	if (!block || !launch_parse_archive(&launch, block, info->initrd_size))
		fail("the initial ramdisk is neither a launch block nor a cpio archive", "");
	read_arguments();
}

static const struct walnut_module *find_program(void)
{
	const struct walnut_module *module = module_find("main");

	if (!module)
		fail("the image has no module named main", "");
	if (module->abi_version != WALNUT_ABI_VERSION)
		fail("the module was compiled for another version of this kernel", "");
	return module;
}

static void choose_memory(const struct walnut_module *module)
{
	const struct walnut_export *memory = module_export(module, "memory");

	if (memory && memory->type.kind == WALNUT_EXTERN_MEMORY)
		guest_set_memory(memory->address);
}

static void run_program(const struct walnut_module *module)
{
	const struct walnut_export *start;
	const struct walnut_functype *type;

	exit_times.first_instruction = tsc_read();
	/* Before the start function, which may call WASI too. */
	choose_memory(module);
	module->instantiate();
	if (launch.invoke) {
		invoke_run(module, launch.invoke, &launch.arguments);
		return;
	}
	start = module_export(module, "_start");
	if (!start || start->type.kind != WALNUT_EXTERN_FUNC)
		fail("the module exports no function _start", "");
	type = start->type.func;
	if (*type->params || *type->results)
		fail("the module's _start takes parameters or returns results", "");
	start->invoke(NULL, NULL);
}

static void set_limits(void)
{
	uint64_t number;

	if (cmdline_item(line.limits, "descriptors", &number))
		descriptor_limit(number);
	if (cmdline_item(line.limits, "memory", &number))
		space_limit_memories(number);
}

/* For walnut.debug: what the kernel found, on the serial port. */
static void describe(const struct nucleus_info *info)
{
	char buffer[384];
	struct text text = TEXT_IN(buffer);

	idle_until(tsc_read() + 1); /* has the timer started */
	clock_monotonic_ns();	    /* and the clock */
	text_string(&text, "walnut: ");
	text_unsigned(&text, space_ram_total() >> 20);
	text_string(&text, " MiB of RAM, ");
	text_unsigned(&text, line.device_count);
	text_string(&text, " devices, streams");
	for (int stream = 0; stream < CONSOLE_STREAMS; stream++)
		text_string(&text, console_has(stream) ? " yes" : " no");
	text_string(&text, ", ");
	text_unsigned(&text, launch.arguments.count);
	text_string(&text, " arguments; clock: ");
	text_string(&text, info->kvmclock ? "kvmclock" : "TSC");
	if (info->tsc_hz) {
		text_string(&text, " at ");
		text_unsigned(&text, info->tsc_hz / 1000000);
		text_string(&text, " MHz");
	}
	text_string(&text, info->timer & NUCLEUS_TIMER_TSC_DEADLINE ? ", timer: TSC deadline" : ", timer: local APIC");
	text_string(&text, info->timer & NUCLEUS_TIMER_X2APIC ? ", x2APIC" : ", xAPIC");
	text_string(&text, ", interrupts: ");
	text_string(&text, device_interrupts());
	text_string(&text, "\r\n");
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)buffer, text.used, 0, 0);
}

void runtime_main(const struct nucleus_info *info)
{
	const struct walnut_module *module;

	exit_init(info);
	trap_init();
	space_init(info);
	read_command_line(info);
	if (!line.device_count)
		line.device_count = acpi_find_virtio(info->rsdp, line.devices, CMDLINE_DEVICES_MAX);
	exit_set_port(line.exit_port);
	space_set_zeroed(line.ports.known);
	device_init(&line);
	console_start(&line.ports);
	read_launch(info);
	clock_init(info, &line);
	args_set(&launch.arguments, &launch.environment);
	descriptor_init(launch.flags);
	if (start_files)
		start_files(&launch);
	if (configure_network)
		configure_network(&line);
	/* Behind them: libraries look for directories up to the first that is none. */
	if (open_listeners)
		open_listeners(line.listen);
	set_limits();
	module = find_program();
	if (line.debug)
		describe(info);
	exit_times.runtime_up = tsc_read();
	run_program(module);
	runtime_exit(0, 0);
}
