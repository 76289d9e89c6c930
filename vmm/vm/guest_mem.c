/* Guest RAM: anonymous memory, not reserved, so that a guest costs what it uses. */
#include "vm/guest_mem.h"

#include <errno.h>
#include <sys/mman.h>

#include "failure.h"

static int region_add(struct guest_mem *mem, uint64_t gpa, uint64_t size, struct failure *failure)
{
	void *hva = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (hva == MAP_FAILED)
		return failure_errno(failure, -errno, "cannot reserve %llu MiB of guest memory",
				     (unsigned long long)(size >> 20));
	mem->regions[mem->count++] = (struct guest_region){ gpa, size, hva };
	return 0;
}

int guest_mem_create(struct guest_mem *mem, uint64_t size, struct failure *failure)
{
	uint64_t low = size < GUEST_MEM_GAP_START ? size : GUEST_MEM_GAP_START;
	int error;

	*mem = (struct guest_mem){ 0 };
	error = region_add(mem, 0, low, failure);
	if (!error && size > low)
		error = region_add(mem, GUEST_MEM_GAP_END, size - low, failure);
	return error;
}

void guest_mem_destroy(struct guest_mem *mem)
{
	while (mem->count > 0) {
		struct guest_region *region = &mem->regions[--mem->count];

		munmap(region->hva, region->size);
	}
}

void *guest_mem_range(const struct guest_mem *mem, uint64_t gpa, uint64_t size)
{
	for (unsigned i = 0; i < mem->count; i++) {
		const struct guest_region *region = &mem->regions[i];

		/* Subtractions only: nothing here can wrap. */
		if (gpa >= region->gpa && gpa - region->gpa <= region->size &&
		    size <= region->size - (gpa - region->gpa) && size > 0)
			return region->hva + (gpa - region->gpa);
	}
	return NULL;
}
