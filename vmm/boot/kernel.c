/* Kernel formats. A compressed one is unpacked into memory of its own and from there on an
 * ELF file like others. */
#include "boot/kernel.h"

#include <errno.h>
#include <unistd.h>

#include "boot/decompress.h"
#include "boot/layout.h"
#include "failure.h"

#include "libkrun.h"
#include "walnut.h"

/* Where a kernel does not say: what Linux has always reached. */
#define INITRD_MAX_DEFAULT 0x7fffffffull

/* What the magic numbers say the file is. */
static int open_any(struct kernel *kernel)
{
	const struct image_file *file = &kernel->file;
	uint8_t beginning[BZIMAGE_MAGIC_END] = { 0 };
	uint64_t size = file->size < sizeof(beginning) ? file->size : sizeof(beginning);
	int error = image_file_read(file, beginning, size, 0);

	if (error)
		return error;
	if (elf_recognise(beginning)) {
		error = elf_open(file, &kernel->elf);
		kernel->kind = kernel->elf.walnut ? KERNEL_WALNUT : KERNEL_ELF;
		return error;
	}
	if (!bzimage_recognise(beginning, sizeof(beginning)))
		return failure_set(file->failure, -ENOEXEC, "%s: not a kernel (neither ELF nor bzImage)", file->name);
	kernel->kind = KERNEL_BZIMAGE;
	return bzimage_open(file, &kernel->bzimage);
}

static int open_compressed(struct kernel *kernel, enum compression compression)
{
	struct image_file plain;
	int error = decompress_payload(&kernel->file, compression, &plain);

	if (error)
		return error;
	image_file_close(&kernel->file);
	kernel->file = plain;
	return elf_open(&kernel->file, &kernel->elf);
}

static int open_format(struct kernel *kernel, unsigned format)
{
	const struct image_file *file = &kernel->file;
	int error;

	kernel->kind = KERNEL_ELF;
	switch (format) {
	case KRUN_WALNUT_KERNEL_FORMAT_AUTO:
		return open_any(kernel);
	case KRUN_KERNEL_FORMAT_ELF:
		error = elf_open(file, &kernel->elf);
		if (!error && kernel->elf.walnut)
			kernel->kind = KERNEL_WALNUT;
		return error;
	case KRUN_KERNEL_FORMAT_RAW:
		error = open_any(kernel);
		if (!error && kernel->kind != KERNEL_BZIMAGE)
			error = failure_set(file->failure, -ENOEXEC, "%s: not a bzImage, the only raw kernel there is",
					    file->name);
		return error;
	case KRUN_KERNEL_FORMAT_PE_GZ:
	case KRUN_KERNEL_FORMAT_IMAGE_GZ:
		return open_compressed(kernel, COMPRESSION_GZIP);
	case KRUN_KERNEL_FORMAT_IMAGE_BZ2:
		return open_compressed(kernel, COMPRESSION_BZIP2);
	case KRUN_KERNEL_FORMAT_IMAGE_ZSTD:
		return open_compressed(kernel, COMPRESSION_ZSTD);
	default:
		return failure_set(file->failure, -EINVAL, "%s: unknown kernel format %u", file->name, format);
	}
}

int kernel_open(struct kernel *kernel, const char *path, unsigned format, struct failure *failure)
{
	int error = image_file_open(&kernel->file, path, failure);

	if (error)
		return error;
	error = open_format(kernel, format);
	if (error)
		image_file_close(&kernel->file);
	return error;
}

void kernel_close(struct kernel *kernel)
{
	image_file_close(&kernel->file);
}

static int check_entry(const struct kernel *kernel)
{
	const struct elf_image *image = &kernel->image;

	if (image->entry >= image->start && image->entry < image->end)
		return 0;
	return failure_set(kernel->file.failure, -ENOEXEC, "%s: entry point outside the image", kernel->file.name);
}

static int load_elf(struct kernel *kernel, const struct guest_mem *mem)
{
	const struct elf *elf = &kernel->elf;
	int error = elf_load(&kernel->file, elf, mem, kernel->kind == KERNEL_WALNUT, &kernel->image);

	if (error)
		return error;
	kernel->entry = KERNEL_ENTRY_LINUX_64;
	if (kernel->kind == KERNEL_WALNUT)
		return check_entry(kernel);
	/* As libkrun does it: a note decides. A Walnut image has it, too, for others. */
	if (elf->pvh_entry) {
		kernel->entry = KERNEL_ENTRY_PVH;
		kernel->image.entry = elf->pvh_entry;
	} else if (elf->is_32_bit) {
		return failure_set(kernel->file.failure, -ENOEXEC,
				   "%s: a 32-bit kernel without a PVH entry point", kernel->file.name);
	}
	return check_entry(kernel);
}

static int load_bzimage(struct kernel *kernel, const struct guest_mem *mem)
{
	struct bzimage_place place;
	int error = bzimage_load(&kernel->file, &kernel->bzimage, mem, &place);

	if (error)
		return error;
	kernel->entry = place.entry_64 ? KERNEL_ENTRY_LINUX_64 : KERNEL_ENTRY_LINUX_32;
	kernel->image = (struct elf_image){ .entry = place.entry, .start = place.start, .end = place.end };
	return check_entry(kernel);
}

int kernel_load(struct kernel *kernel, const struct guest_mem *mem)
{
	return kernel->kind == KERNEL_BZIMAGE ? load_bzimage(kernel, mem) : load_elf(kernel, mem);
}

uint32_t kernel_cmdline_max(const struct kernel *kernel)
{
	uint32_t said = kernel->bzimage.header.cmdline_size;

	if (kernel->kind != KERNEL_BZIMAGE || said >= BOOT_CMDLINE_MAX)
		return BOOT_CMDLINE_MAX;
	return said + 1;
}

uint64_t kernel_initrd_max(const struct kernel *kernel)
{
	return kernel->kind == KERNEL_BZIMAGE ? kernel->bzimage.header.initrd_addr_max : INITRD_MAX_DEFAULT;
}
