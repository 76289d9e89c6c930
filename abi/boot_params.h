/* The Linux x86 boot protocol's zero page: Documentation/arch/x86/boot.rst and
 * zero-page.rst. Only the fields that a loader needs are named. */
#ifndef WALNUT_ABI_BOOT_PARAMS_H
#define WALNUT_ABI_BOOT_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#define BOOT_PARAMS_E820_MAX 128

enum e820_type {
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_UNUSABLE = 5,
};

struct __attribute__((packed)) e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
};

struct __attribute__((packed)) boot_params {
	uint8_t pad0[0x070];
	uint64_t acpi_rsdp_addr; /* 0x070 */
	uint8_t pad1[0x0c0 - 0x078];
	uint32_t ext_ramdisk_image; /* 0x0c0: high halves */
	uint32_t ext_ramdisk_size;
	uint32_t ext_cmd_line_ptr;
	uint8_t pad2[0x1e8 - 0x0cc];
	uint8_t e820_entries; /* 0x1e8 */
	uint8_t pad3[0x1ef - 0x1e9];
	uint8_t sentinel; /* 0x1ef */
	uint8_t pad4;
	/* struct setup_header */
	uint8_t setup_sects; /* 0x1f1 */
	uint16_t root_flags;
	uint32_t syssize;
	uint16_t ram_size;
	uint16_t vid_mode;
	uint16_t root_dev;
	uint16_t boot_flag; /* 0x1fe */
	uint16_t jump;
	uint32_t header; /* 0x202 */
	uint16_t version;
	uint32_t realmode_swtch;
	uint16_t start_sys_seg;
	uint16_t kernel_version;
	uint8_t type_of_loader; /* 0x210 */
	uint8_t loadflags;
	uint16_t setup_move_size;
	uint32_t code32_start;
	uint32_t ramdisk_image; /* 0x218 */
	uint32_t ramdisk_size;
	uint32_t bootsect_kludge;
	uint16_t heap_end_ptr;
	uint8_t ext_loader_ver;
	uint8_t ext_loader_type;
	uint32_t cmd_line_ptr; /* 0x228 */
	uint32_t initrd_addr_max;
	uint32_t kernel_alignment; /* 0x230 */
	uint8_t relocatable_kernel;
	uint8_t min_alignment;
	uint16_t xloadflags;
	uint32_t cmdline_size; /* 0x238 */
	uint32_t hardware_subarch;
	uint64_t hardware_subarch_data;
	uint32_t payload_offset; /* 0x248: the compressed kernel, from the protected-mode part's start */
	uint32_t payload_length;
	uint64_t setup_data;
	uint64_t pref_address; /* 0x258 */
	uint32_t init_size;
	uint32_t handover_offset;
	uint32_t kernel_info_offset; /* 0x268 */
	uint8_t pad5[0x2d0 - 0x26c];
	struct e820_entry e820_table[BOOT_PARAMS_E820_MAX]; /* 0x2d0 */
	uint8_t pad6[4096 - 0x2d0 - 20 * BOOT_PARAMS_E820_MAX];
};

#define BOOT_PARAMS_HEADER_MAGIC 0x53726448u /* "HdrS" */
#define BOOT_PARAMS_BOOT_FLAG 0xaa55u
#define BOOT_PARAMS_SETUP_HEADER 0x1f1u /* where the file's header begins, and the zero page's */

/* loadflags */
#define BOOT_LOADED_HIGH 0x01u
/* xloadflags */
#define BOOT_XLF_KERNEL_64 0x0001u /* a 64-bit entry point at +0x200 */

_Static_assert(sizeof(struct e820_entry) == 20, "e820");
_Static_assert(sizeof(struct boot_params) == 4096, "zero page");
_Static_assert(offsetof(struct boot_params, ramdisk_image) == 0x218, "ramdisk_image");
_Static_assert(offsetof(struct boot_params, cmd_line_ptr) == 0x228, "cmd_line_ptr");
_Static_assert(offsetof(struct boot_params, cmdline_size) == 0x238, "cmdline_size");
_Static_assert(offsetof(struct boot_params, pref_address) == 0x258, "pref_address");
_Static_assert(offsetof(struct boot_params, e820_table) == 0x2d0, "e820_table");

#endif
