/* What the host's CPU can do, as far as code generation for it may depend on it:
 * the raw CPUID leaves, for the cache key. Cheap, and without LLVM. */
#ifndef WALNUT_CLI_HOST_CPU_H
#define WALNUT_CLI_HOST_CPU_H

#include <stdint.h>

struct host_cpu {
	uint32_t leaves[24];
};

void host_cpu_read(struct host_cpu *cpu);

#endif
