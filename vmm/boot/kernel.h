/* The kernel of a VM, whatever its format: what it is, how to load and how to enter it. */
#ifndef WALNUT_VMM_BOOT_KERNEL_H
#define WALNUT_VMM_BOOT_KERNEL_H

#include <stdint.h>

#include "boot/bzimage.h"
#include "boot/elf.h"
#include "boot/image_file.h"

struct failure;
struct guest_mem;

enum kernel_kind {
	KERNEL_WALNUT, /* a program of ours: it needs less of a machine */
	KERNEL_ELF,
	KERNEL_BZIMAGE,
};

enum kernel_entry {
	KERNEL_ENTRY_LINUX_64, /* long mode, RSI: zero page */
	KERNEL_ENTRY_LINUX_32, /* 32-bit protected mode, ESI: zero page */
	KERNEL_ENTRY_PVH,      /* 32-bit protected mode, EBX: start info */
};

struct kernel {
	struct image_file file;
	enum kernel_kind kind;
	enum kernel_entry entry;
	struct elf elf;
	struct bzimage bzimage;
	struct elf_image image; /* kernel_load()'s; a bzImage's range is what it needs at first */
};

/* Opens the file and finds out what it is. `format` is one of KRUN_KERNEL_FORMAT_*, of which
 * the compressed ones are decompressed here. 0, or a negative errno; kernel_close() is due
 * after success only. */
int kernel_open(struct kernel *kernel, const char *path, unsigned format, struct failure *failure);
void kernel_close(struct kernel *kernel);

int kernel_load(struct kernel *kernel, const struct guest_mem *mem);

/* Bytes of command line that the kernel takes, with the NUL. */
uint32_t kernel_cmdline_max(const struct kernel *kernel);

/* The last address that an initial RAM file system may occupy. */
uint64_t kernel_initrd_max(const struct kernel *kernel);

#endif
