/* libFuzzer on the kernel loader: the input is the file. */
#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/elf.h"
#include "failure.h"
#include "vm/guest_mem.h"

#define RAM_SIZE (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	struct failure failure = { 0 };
	struct guest_mem mem;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	int error;

	assert(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	assert(guest_mem_create(&mem, RAM_SIZE, &failure) == 0);
	error = elf_load(fd, "fuzz", &mem, &image, &failure);
	if (error)
		assert(failure.text[0] != '\0');
	else
		assert(image.start <= image.entry && image.entry < image.end && image.end <= RAM_SIZE);
	guest_mem_destroy(&mem);
	close(fd);
	return 0;
}
