/* The ways out; see exit.h. */
#include "exit.h"

#include "lib/string.h"
#include "mem/space.h"
#include "ports.h"
#include "status.h"
#include "tsc.h"
#include "virtio/console.h"

struct exit_times exit_times;

static const struct nucleus_info *info;
static bool failing;
static uint16_t exit_port;

#define STATUS_FAILED 125 /* walnut run's own */

void exit_init(const struct nucleus_info *boot_info)
{
	info = boot_info;
}

void exit_set_port(uint64_t port)
{
	if (port <= UINT16_MAX)
		exit_port = (uint16_t)port;
}

static size_t add_record(uint8_t *to, uint16_t kind, const void *payload, uint32_t size)
{
	struct walnut_status_header header = { WALNUT_STATUS_MAGIC, kind, size };

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), payload, size);
	return sizeof(header) + size;
}

static size_t add_timeline(uint8_t *to)
{
	struct walnut_status_timeline timeline = {
		.entered = info->entry_tsc,
		.runtime_up = exit_times.runtime_up,
		.first_instruction = exit_times.first_instruction,
		.exit = tsc_read(),
		.irqs = info->irqs,
		.page_faults = info->page_faults,
		.peak_memory_bytes = space_ram_used(),
	};

	return add_record(to, WALNUT_STATUS_TIMELINE, &timeline, sizeof(timeline));
}

_Noreturn static void power_off(uint32_t status)
{
	if (exit_port)
		port_write(exit_port, 1, status);
	for (;;)
		nucleus_call(NUCLEUS_POWER_OFF, 0, 0, 0, 0);
}

/* net/network.c: only in images whose program has something to do with sockets. */
void network_finish(void) __attribute__((weak));
static void (*const volatile finish_network)(void) = network_finish;

void runtime_exit(uint32_t status, uint32_t trap)
{
	uint8_t records[sizeof(struct walnut_status_timeline) + sizeof(struct walnut_status_exit) +
			2 * sizeof(struct walnut_status_header)];
	struct walnut_status_exit payload = { status, trap };
	size_t size = add_timeline(records);

	if (finish_network && !trap)
		finish_network();
	size += add_record(records + size, WALNUT_STATUS_EXIT, &payload, sizeof(payload));
	console_finish(records, size);
	power_off(status);
}

static void report_on_serial(const char *reason, size_t size)
{
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)"walnut: ", 8, 0, 0);
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)reason, size, 0, 0);
	nucleus_call(NUCLEUS_SERIAL_WRITE, (uint64_t)"\r\n", 2, 0, 0);
}

void runtime_fail(const char *reason, size_t size)
{
	uint8_t records[sizeof(struct walnut_status_header) + WALNUT_STATUS_MAX];

	if (size > WALNUT_STATUS_MAX)
		size = WALNUT_STATUS_MAX;
	/* A failure of the console itself must not come back here. */
	if (failing || (!console_has(CONSOLE_STATUS) && !console_has(CONSOLE_ERROR))) {
		report_on_serial(reason, size);
		power_off(STATUS_FAILED);
	}
	failing = true;
	if (!console_has(CONSOLE_STATUS)) {
		console_write_all(CONSOLE_ERROR, "walnut: ", 8);
		console_write_all(CONSOLE_ERROR, reason, size);
		console_write_all(CONSOLE_ERROR, "\n", 1);
	}
	console_finish(records, add_record(records, WALNUT_STATUS_FAILURE, reason, (uint32_t)size));
	power_off(STATUS_FAILED);
}
