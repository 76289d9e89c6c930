/* Loads a bzImage. Every number in the setup header is the file's word only. */
#include "boot/bzimage.h"

#include <errno.h>
#include <string.h>

#include "boot/image_file.h"
#include "boot/layout.h"
#include "failure.h"
#include "vm/guest_mem.h"

#define SECTOR 512u
#define SETUP_SECTS_DEFAULT 4
#define HEADER_OFFSET offsetof(struct boot_params, header)
#define JUMP_OFFSET_BYTE 0x201u
#define HEADER_END_MAX 0x290u /* the zero page has other things from here on */
#define PROTOCOL_MIN 0x020a   /* pref_address and init_size: Linux 2.6.31 */
#define ENTRY_64_OFFSET 0x200u

bool bzimage_recognise(const uint8_t *beginning, size_t size)
{
	uint32_t magic;

	if (size < BZIMAGE_MAGIC_END)
		return false;
	memcpy(&magic, beginning + HEADER_OFFSET, sizeof(magic));
	return magic == BOOT_PARAMS_HEADER_MAGIC;
}

static int check_header(const struct image_file *file, const struct boot_params *header)
{
	if (header->header != BOOT_PARAMS_HEADER_MAGIC || header->boot_flag != BOOT_PARAMS_BOOT_FLAG)
		return failure_set(file->failure, -ENOEXEC, "%s: not a bzImage", file->name);
	if (header->version < PROTOCOL_MIN)
		return failure_set(file->failure, -ENOEXEC, "%s: boot protocol %u.%02u, older than 2.10", file->name,
				   header->version >> 8, header->version & 0xffu);
	if (!(header->loadflags & BOOT_LOADED_HIGH))
		return failure_set(file->failure, -ENOEXEC, "%s: a kernel for low memory (zImage)", file->name);
	if (header->relocatable_kernel &&
	    (header->kernel_alignment == 0 || (header->kernel_alignment & (header->kernel_alignment - 1))))
		return failure_set(file->failure, -ENOEXEC, "%s: bad kernel alignment", file->name);
	return 0;
}

int bzimage_open(const struct image_file *file, struct bzimage *image)
{
	uint8_t *page = (uint8_t *)&image->header;
	uint8_t beginning[HEADER_END_MAX];
	unsigned end, sectors;
	int error;

	memset(&image->header, 0, sizeof(image->header));
	if (file->size < HEADER_END_MAX)
		return failure_set(file->failure, -ENOEXEC, "%s: not a bzImage", file->name);
	error = image_file_read(file, beginning, sizeof(beginning), 0);
	if (error)
		return error;
	/* The header ends where the jump over it leads to. */
	end = HEADER_OFFSET + beginning[JUMP_OFFSET_BYTE];
	if (end > HEADER_END_MAX)
		end = HEADER_END_MAX;
	memcpy(page + BOOT_PARAMS_SETUP_HEADER, beginning + BOOT_PARAMS_SETUP_HEADER,
	       end - BOOT_PARAMS_SETUP_HEADER);
	error = check_header(file, &image->header);
	if (error)
		return error;

	sectors = image->header.setup_sects ? image->header.setup_sects : SETUP_SECTS_DEFAULT;
	image->kernel_offset = (uint64_t)(sectors + 1) * SECTOR;
	if (file->size <= image->kernel_offset)
		return failure_set(file->failure, -ENOEXEC, "%s: truncated (no kernel behind its setup code)",
				   file->name);
	image->kernel_size = (uint64_t)image->header.syssize * 16;
	if (image->kernel_size == 0 || image->kernel_size > file->size - image->kernel_offset)
		return failure_set(file->failure, -ENOEXEC, "%s: truncated (%llu of %llu bytes)", file->name,
				   (unsigned long long)(file->size - image->kernel_offset),
				   (unsigned long long)image->kernel_size);
	return 0;
}

/* Room for the kernel at this address, or NULL. */
static void *room(const struct guest_mem *mem, uint64_t address, uint64_t size)
{
	return address >= BOOT_HIGH_RAM ? guest_mem_range(mem, address, size) : NULL;
}

int bzimage_load(const struct image_file *file, const struct bzimage *image, const struct guest_mem *mem,
		 struct bzimage_place *place)
{
	const struct boot_params *header = &image->header;
	uint64_t size = image->kernel_size > header->init_size ? image->kernel_size : header->init_size;
	uint64_t start = header->pref_address;
	uint64_t mask = header->relocatable_kernel ? header->kernel_alignment - 1ull : 0;
	void *to = start & mask ? NULL : room(mem, start, size);

	if (!to && header->relocatable_kernel) {
		start = (BOOT_HIGH_RAM + mask) & ~mask;
		to = room(mem, start, size);
	}
	if (!to)
		return failure_set(file->failure, -ENOMEM, "%s: does not fit into guest memory (it needs %llu MiB at %llu MiB)",
				   file->name, (unsigned long long)((size + 0xfffff) >> 20),
				   (unsigned long long)(start >> 20));
	place->start = start;
	place->end = start + size;
	place->entry_64 = header->xloadflags & BOOT_XLF_KERNEL_64;
	place->entry = place->entry_64 ? start + ENTRY_64_OFFSET : start;
	return image_file_read(file, to, image->kernel_size, image->kernel_offset);
}
