/* A host for Walnut objects that is an ordinary Linux process: gives them memory
 * and tables, instantiates the first module and calls its _start. */
#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MEMORY32_REACH ((UINT64_C(8) << 30) + WALNUT_PAGE_SIZE)
#define MEMORY64_PAGES (UINT64_C(1) << 20) /* 64 GiB of address space: our limit */

/* The linker collects the pointers of all objects between these two. */
extern const struct walnut_module *const __start_walnut_modules[];
extern const struct walnut_module *const __stop_walnut_modules[];

struct host host;

void *host_pointer(uint32_t address, uint64_t size)
{
	uint64_t limit = host.memory ? host.memory->size : 0;

	return address + size <= limit ? host.memory->base + address : NULL;
}

/* --- What compiled code calls (abi/app_object.h) ----------------------------- */

/* Pages that the memory may ever have. */
static uint64_t limit_of(const struct walnut_memory *memory)
{
	uint64_t reachable = memory->flags & WALNUT_MEMORY_64 ? MEMORY64_PAGES : WALNUT_MEMORY32_PAGES_MAX;

	return memory->max_pages < reachable ? memory->max_pages : reachable;
}

/* Reserves all that the memory could grow to, so that its base never moves, and all that
 * a 32-bit access can reach, which must fault if the object was compiled with --memory
 * zero. That wants its memory 0 at address 0: root may map it, others see
 * vm.mmap_min_addr. */
void walnut_memory_init(struct walnut_memory *memory)
{
	int at_zero = memory->flags & WALNUT_MEMORY_AT_ZERO;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at_zero ? MAP_FIXED : 0);
	uint64_t reach = memory->flags & WALNUT_MEMORY_64 ? limit_of(memory) * WALNUT_PAGE_SIZE : MEMORY32_REACH;
	void *base = mmap(NULL, reach + WALNUT_PAGE_SIZE, PROT_NONE, flags, -1, 0);

	if (base == MAP_FAILED || host.memory_count == MEMORIES_MAX || memory->pages > limit_of(memory) ||
	    (memory->size && mprotect(base, memory->size, PROT_READ | PROT_WRITE)))
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	memory->base = base;
	memory->host = reach;
	host.memories[host.memory_count++] = memory;
}

uint64_t walnut_memory_grow(struct walnut_memory *memory, uint64_t delta)
{
	uint64_t old = memory->pages, limit = limit_of(memory);

	if (delta > limit - old)
		return UINT64_MAX;
	if (delta && mprotect(memory->base + memory->size, delta * WALNUT_PAGE_SIZE, PROT_READ | PROT_WRITE))
		return UINT64_MAX;
	memory->pages = old + delta;
	memory->size = memory->pages * WALNUT_PAGE_SIZE;
	return old;
}

void walnut_table_init(struct walnut_table *table)
{
	table->elements = calloc(table->size ? table->size : 1, sizeof(*table->elements));
	if (!table->elements)
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
}

uint64_t walnut_table_grow(struct walnut_table *table, uint64_t delta, uint64_t value)
{
	uint64_t old = table->size;
	uint64_t limit = table->max_size < UINT32_MAX ? table->max_size : UINT32_MAX;
	uint64_t *elements;

	if (delta > limit - old)
		return UINT64_MAX;
	elements = reallocarray(table->elements, old + delta ? old + delta : 1, sizeof(*elements));
	if (!elements)
		return UINT64_MAX;
	for (uint64_t i = 0; i < delta; i++)
		elements[old + i] = value;
	table->elements = elements;
	table->size = old + delta;
	return old;
}

/* The program has one thread, so nobody ends a wait but the clock. */
uint32_t walnut_atomic_wait(const void *place, uint64_t expected, int64_t timeout_ns, uint32_t size)
{
	struct timespec time = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
	uint64_t value = size == 4 ? *(const volatile uint32_t *)place : *(const volatile uint64_t *)place;

	if (value != expected)
		return WALNUT_WAIT_NOT_EQUAL;
	if (timeout_ns < 0)
		walnut_trap(WALNUT_TRAP_DEADLOCK);
	while (nanosleep(&time, &time))
		continue;
	return WALNUT_WAIT_TIMED_OUT;
}

uint32_t walnut_atomic_notify(const void *place, uint32_t count)
{
	(void)place, (void)count;
	return 0;
}

/* ---------------------------------------------------------------------------- */

static const struct walnut_export *find_export(const struct walnut_module *module, const char *name,
					       uint32_t kind)
{
	for (uint64_t i = 0; i < module->export_count; i++) {
		const struct walnut_export *export = &module->exports[i];

		if (export->type.kind == kind && strcmp(export->field, name) == 0)
			return export;
	}
	return NULL;
}

int main(int argc, char **argv, char **envp)
{
	const struct walnut_module *module = __start_walnut_modules[0];
	const struct walnut_export *memory = find_export(module, "memory", WALNUT_EXTERN_MEMORY);
	const struct walnut_export *start = find_export(module, "_start", WALNUT_EXTERN_FUNC);

	if (module->abi_version != WALNUT_ABI_VERSION || !start) {
		fputs("linux-host: not a program that this host knows\n", stderr);
		return 125;
	}
	host = (struct host){ .argc = argc, .argv = argv, .envp = envp,
			      .memory = memory ? memory->address : NULL };
	host_catch_traps();
	module->instantiate();
	start->invoke(NULL, NULL);
	return 0;
}
