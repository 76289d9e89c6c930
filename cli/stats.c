#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_MS 1e6

static void duration(const char *name, uint64_t ns)
{
	if (ns)
		fprintf(stderr, "  %-20s %10.3f ms taken\n", name, (double)ns / NS_PER_MS);
	else
		fprintf(stderr, "  %-20s %10s (image from the cache, or given)\n", name, "-");
}

static void moment(const char *name, uint64_t start_ns, uint64_t at_ns)
{
	if (at_ns >= start_ns)
		fprintf(stderr, "  %-20s %10.3f ms\n", name, (double)(at_ns - start_ns) / NS_PER_MS);
	else
		fprintf(stderr, "  %-20s %10s (not reached, or not known)\n", name, "-");
}

static void counter(const char *name, uint64_t count)
{
	fprintf(stderr, "  %-20s %10" PRIu64 "\n", name, count);
}

/* What only our own VMM can count. */
static void vmm_counter(const char *name, uint64_t count, bool ours)
{
	if (ours)
		counter(name, count);
	else
		fprintf(stderr, "  %-20s %10s (not known under QEMU)\n", name, "-");
}

FILE *stats_open(void)
{
	return fopen("/proc/self/status", "re");
}

/* Not getrusage(2): what that reports includes the process that forked us. */
static uint64_t peak_rss_kib(FILE *status)
{
	char line[256];
	uint64_t kib = 0;

	while (status && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1)
			break;
	}
	if (status)
		fclose(status);
	return kib;
}

void stats_print(FILE *process, uint64_t start_ns, const struct toolchain_times *times,
		 const struct krun_walnut_stats *stats)
{
	bool ours = stats->guest_entered_ns != 0;

	fputs("timeline, from the start of walnut:\n", stderr);
	duration("compile", times->compile_ns);
	duration("link", times->link_ns);
	moment("VM created", start_ns, stats->vm_created_ns);
	moment("image loaded", start_ns, stats->image_loaded_ns);
	moment("guest entered", start_ns, stats->guest_entered_ns);
	moment("runtime up", start_ns, stats->runtime_up_ns);
	moment("first instruction", start_ns, stats->first_instruction_ns);
	moment("exit", start_ns, stats->exit_ns);
	fputs("counters:\n", stderr);
	vmm_counter("VM exits, port I/O", stats->exits[KRUN_WALNUT_EXIT_IO], ours);
	vmm_counter("VM exits, MMIO", stats->exits[KRUN_WALNUT_EXIT_MMIO], ours);
	vmm_counter("VM exits, halt", stats->exits[KRUN_WALNUT_EXIT_HLT], ours);
	vmm_counter("VM exits, signal", stats->exits[KRUN_WALNUT_EXIT_INTR], ours);
	vmm_counter("VM exits, shutdown", stats->exits[KRUN_WALNUT_EXIT_SHUTDOWN], ours);
	vmm_counter("VM exits, other", stats->exits[KRUN_WALNUT_EXIT_OTHER], ours);
	vmm_counter("queue notifications", stats->notifies, ours);
	vmm_counter("IRQs injected", stats->irqs_injected, ours);
	counter("IRQs taken by guest", stats->guest_irqs);
	counter("guest page faults", stats->guest_page_faults);
	counter("guest memory KiB", stats->guest_peak_memory_bytes / 1024);
	counter("peak memory RSS KiB", peak_rss_kib(process));
}
