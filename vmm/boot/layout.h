/* Where things lie in guest-physical memory before the guest runs: the addresses
 * libkrun uses, so that a kernel meets the same machine. */
#ifndef WALNUT_VMM_BOOT_LAYOUT_H
#define WALNUT_VMM_BOOT_LAYOUT_H

#define BOOT_GDT 0x500
#define BOOT_IDT 0x520
#define BOOT_PVH_START_INFO 0x6000
#define BOOT_PVH_MODULES 0x6040
#define BOOT_PVH_MEMMAP 0x6080
#define BOOT_ZERO_PAGE 0x7000
#define BOOT_STACK 0x8ff0
#define BOOT_PML4 0x9000
#define BOOT_PDPT 0xa000
#define BOOT_PD 0xb000
#define BOOT_CMDLINE 0x20000
#define BOOT_CMDLINE_MAX 0x10000 /* with the NUL */
#define BOOT_LOW_RAM_END 0x9fc00 /* the EBDA's place */
#define BOOT_MP_TABLE 0x9fc00
#define BOOT_LOW_MEMORY_END 0xa0000
#define BOOT_ACPI 0xe0000 /* RSDP first; kernels that are not told look here for it */
#define BOOT_ACPI_SIZE 0x20000
#define BOOT_HIGH_RAM 0x100000

#define BOOT_TSS 0xfffbd000 /* KVM's, outside RAM */
#define BOOT_IO_APIC 0xfec00000u
#define BOOT_LOCAL_APIC 0xfee00000u

/* Devices, in the gap of guest_mem.h. */
#define BOOT_VIRTIO_BASE 0xd0000000u
#define BOOT_VIRTIO_SIZE 0x1000u
#define BOOT_VIRTIO_IRQ 5u /* and upward; PCs leave out those of clock and power management */

/* Where PCI devices may have their BARs. */
#define BOOT_PCI_WINDOW 0xd1000000u
#define BOOT_PCI_WINDOW_SIZE 0x01000000u

/* Descriptors at BOOT_GDT, by number. Linux's 32-bit entry wants code and data in these
 * places. */
enum {
	BOOT_GDT_CODE_64 = 1,
	BOOT_GDT_DATA_64 = 2,
	BOOT_GDT_TSS_64 = 3,
	BOOT_GDT_TSS_32 = 1,
	BOOT_GDT_CODE_32 = 2,
	BOOT_GDT_DATA_32 = 3,
	BOOT_GDT_ENTRIES = 4,
};

#endif
