/* lwIP's memory: what it calls pools, and a heap, both from the heap that file systems use. The
 * bounds are lwipopts.h's for each pool, and heap_max() for the heap, which carries what is on its
 * way: received frames, and data that was not acknowledged yet. */
#include "lwip/opt.h"

#include "lwip/etharp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/memp.h"
#include "lwip/pbuf.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

#include "fs/heap.h"
#include "lib/string.h"
#include "mem/space.h"

/* In front of each piece, whose size it is. */
struct heap_header {
	uint64_t size;
	uint64_t pad;
};

#define HEAP_MIN (UINT64_C(4) << 20)
#define HEAP_MAX (UINT64_C(64) << 20)

static const struct {
	uint32_t max, size;
} pools[] = {
#define LWIP_MEMPOOL(name, num, size, desc) { (num), (uint32_t)(size) },
#include "lwip/priv/memp_std.h"
};

static uint32_t pool_used[sizeof(pools) / sizeof(pools[0])];
static uint64_t heap_used;

void memp_init(void)
{
}

void *memp_malloc(memp_t type)
{
	void *memory = pool_used[type] < pools[type].max ? fs_allocate(pools[type].size) : NULL;

	if (memory)
		pool_used[type]++;
	return memory;
}

void memp_free(memp_t type, void *memory)
{
	if (!memory)
		return;
	fs_free(memory, pools[type].size);
	pool_used[type]--;
}

/* A part of RAM: the program's own memory grows into the rest. */
static uint64_t heap_max(void)
{
	uint64_t max = space_ram_total() / 4;

	return max < HEAP_MIN ? HEAP_MIN : max > HEAP_MAX ? HEAP_MAX : max;
}

void *lwip_allocate(size_t size)
{
	struct heap_header *header;

	size += sizeof(*header);
	if (heap_used + size > heap_max())
		return NULL;
	header = fs_allocate(size);
	if (!header)
		return NULL;
	header->size = size;
	heap_used += size;
	return header + 1;
}

void *lwip_allocate_zeroed(size_t count, size_t size)
{
	void *memory = __builtin_mul_overflow(count, size, &size) ? NULL : lwip_allocate(size);

	if (memory)
		memset(memory, 0, size);
	return memory;
}

void lwip_free(void *memory)
{
	struct heap_header *header = memory;

	if (!memory)
		return;
	header--;
	heap_used -= header->size;
	fs_free(header, header->size);
}
