/* libFuzzer on what loaders and firmware leave in memory: the input is the memory from 4 KiB on, and in its
 * first bytes which protocol it is. The boot information is read from it, then ACPI's tables. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "boot/acpi.h"
#include "boot/information.h"
#include "mem/space.h"
#include "multiboot.h"

#define MEMORY_SIZE 0x10000u
#define BEGIN 0x1000u

static uint8_t *memory;

const void *space_show(uint64_t start, uint64_t size)
{
	return size <= MEMORY_SIZE && start <= MEMORY_SIZE - size ? memory + start : NULL;
}

/* Everything that was found lies where it may. */
static void check(const struct nucleus_info *info)
{
	for (uint32_t i = 0; i < info->ram_count; i++) {
		const struct nucleus_range *range = &info->ram[i];

		if (range->start % 4096 || range->size % 4096 || !range->size || range->start + range->size < range->start)
			abort();
		if (range->start < info->image_start + info->image_size && info->image_start < range->start + range->size)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nucleus_info info = { .image_start = 0x200000, .image_size = 0x800000 };
	struct cmdline_device devices[4];

	if (!memory) /* all that nucleus_direct() promises */
		memory = mmap((void *)VA_KERNEL, NUCLEUS_DIRECT_END + 2 * NUCLEUS_DEVICES_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (memory != (void *)VA_KERNEL || size < 2)
		return 0;
	memset(memory, 0, MEMORY_SIZE);
	memcpy(memory + BEGIN, data + 1, size - 1 < MEMORY_SIZE - BEGIN ? size - 1 : MEMORY_SIZE - BEGIN);
	switch (data[0] % 4) {
	case 0:
		boot_information_read(BEGIN, 0, &info);
		break;
	case 1:
		boot_information_read(0, BEGIN, &info);
		break;
	case 2:
		boot_information_read(MULTIBOOT_BOOT_MAGIC, BEGIN, &info);
		break;
	default:
		info.rsdp = BEGIN;
	}
	check(&info);
	if (acpi_find_virtio(info.rsdp, devices, 4) > 4)
		abort();
	return 0;
}
