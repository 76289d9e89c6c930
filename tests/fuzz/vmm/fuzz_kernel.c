/* libFuzzer on the kernel loaders: the input is the file, whatever it is, and the initial RAM
 * file system, of which only the size counts. The last byte chooses the format. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boot/initrd.h"
#include "boot/kernel.h"
#include "failure.h"
#include "libkrun.h"
#include "vm/guest_mem.h"
#include "walnut.h"

#define RAM_SIZE (48u << 20)

static void load(struct kernel *kernel, const char *path, const struct guest_mem *mem, struct failure *failure)
{
	struct initrd initrd = { 0 };
	int error = kernel_load(kernel, mem);

	if (error) {
		assert(failure->text[0] != '\0');
		return;
	}
	assert(kernel->image.start <= kernel->image.entry && kernel->image.entry < kernel->image.end);
	assert(kernel->image.end <= RAM_SIZE);
	assert(kernel_cmdline_max(kernel) > 0);
	error = initrd_load(path, mem, kernel->image.end, kernel_initrd_max(kernel), &initrd, failure);
	assert(error || (initrd.gpa >= kernel->image.end && initrd.gpa + initrd.size <= RAM_SIZE));
}

static unsigned format(const uint8_t *data, size_t size)
{
	switch (size > 0 ? data[size - 1] & 7 : 0) {
	case 5:
		return KRUN_KERNEL_FORMAT_IMAGE_GZ;
	case 6:
		return KRUN_KERNEL_FORMAT_IMAGE_BZ2;
	case 7:
		return KRUN_KERNEL_FORMAT_IMAGE_ZSTD;
	default:
		return KRUN_WALNUT_KERNEL_FORMAT_AUTO;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kernel kernel;
	struct failure failure = { 0 };
	struct guest_mem mem;
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	assert(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert(guest_mem_create(&mem, RAM_SIZE, &failure) == 0);
	if (kernel_open(&kernel, path, format(data, size), &failure)) {
		assert(failure.text[0] != '\0');
	} else {
		load(&kernel, path, &mem, &failure);
		kernel_close(&kernel);
	}
	guest_mem_destroy(&mem);
	close(fd);
	return 0;
}
