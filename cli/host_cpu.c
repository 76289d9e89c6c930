#include "host_cpu.h"

#include <cpuid.h>
#include <string.h>

void host_cpu_read(struct host_cpu *cpu)
{
	uint32_t a, b, c, d, *at = cpu->leaves;

	memset(cpu, 0, sizeof(*cpu));
	if (__get_cpuid(0, &a, &b, &c, &d)) {
		*at++ = b;
		*at++ = c;
		*at++ = d;
	}
	if (__get_cpuid(1, &a, &b, &c, &d)) {
		*at++ = a;
		/* Not b: it has the number of the core that we happen to run on;
		 * not OSXSAVE and APIC state either, which are no features. */
		*at++ = c;
		*at++ = d;
	}
	for (uint32_t subleaf = 0; subleaf < 2; subleaf++) {
		if (!__get_cpuid_count(7, subleaf, &a, &b, &c, &d))
			continue;
		*at++ = a;
		*at++ = b;
		*at++ = c;
		*at++ = d;
	}
	if (__get_cpuid_count(13, 1, &a, &b, &c, &d))
		*at++ = a;
	if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
		*at++ = c;
		*at++ = d;
	}
}
