/* Loads the initial RAM file system. */
#include "boot/initrd.h"

#include <errno.h>

#include "boot/image_file.h"
#include "failure.h"
#include "vm/guest_mem.h"

#define PAGE_MASK 4095ull

uint64_t initrd_place(const struct guest_mem *mem, uint64_t kernel_end, uint64_t max, uint64_t size)
{
	uint64_t end = mem->regions[0].size; /* the region that begins at 0 */
	uint64_t start;

	if (max < end)
		end = max + 1;
	if (size > end)
		return 0;
	start = (end - size) & ~PAGE_MASK;
	return start >= kernel_end ? start : 0;
}

int initrd_load(const char *path, const struct guest_mem *mem, uint64_t kernel_end, uint64_t max,
		struct initrd *initrd, struct failure *failure)
{
	struct image_file file;
	int error = image_file_open(&file, path, failure);

	if (error)
		return error;
	initrd->size = file.size;
	initrd->gpa = initrd_place(mem, kernel_end, max, file.size);
	if (file.size == 0)
		error = failure_set(failure, -ENOEXEC, "%s: is empty", path);
	else if (initrd->gpa == 0)
		error = failure_set(failure, -ENOMEM, "%s: does not fit into guest memory beside the kernel", path);
	else
		error = image_file_read(&file, guest_mem_range(mem, initrd->gpa, file.size), file.size, 0);
	image_file_close(&file);
	return error;
}
