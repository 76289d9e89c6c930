/* Ring 0's own layout: selectors, vectors and page-table bits, shared by its C and
 * its assembly. The image is linked at VA_KERNEL + its physical address, in slots
 * of 2 MiB, so that one page directory maps all of it and, entered through another
 * slot of the top level, serves as the identity map that the entry needs:
 *
 *	slot 1		nucleus code (supervisor, execute)
 *	slot 2		nucleus data, page tables, pool (supervisor, write)
 *	slots 3 …	the image's code, then its constants (ring 3; see walnut.ld)
 *	500, 501	device registers (ring 3, uncached)
 *	502, 503	IOAPIC and local APIC registers (supervisor, uncached)
 *	all others	the RAM there, the image's data included (ring 3, write)
 */
#ifndef WALNUT_KERNEL_LAYOUT_H
#define WALNUT_KERNEL_LAYOUT_H

#include "nucleus.h"

#define SLOT_SIZE 0x200000
#define SLOT_DEVICES (NUCLEUS_DIRECT_END / SLOT_SIZE)
#define SLOT_IOAPIC 502
#define SLOT_LAPIC 503
#define SLOT_VA(slot) (VA_KERNEL + (slot) * SLOT_SIZE)
#define VA_NUCLEUS_TEXT SLOT_VA(1)
#define VA_NUCLEUS_DATA SLOT_VA(2)
#define PA_IOAPIC 0xfec00000
#define PA_LAPIC 0xfee00000
#define PA_APIC_END 0xff000000

#define PTE_P 0x1
#define PTE_W 0x2
#define PTE_U 0x4
#define PTE_PCD 0x10
#define PTE_PS 0x80
#define PTE_NX 0x8000000000000000

#define SELECTOR_CODE 0x08
#define SELECTOR_USER_DATA (0x10 | 3)
#define SELECTOR_USER_CODE (0x18 | 3)
#define SELECTOR_TSS 0x20

#define VECTOR_DEVICE NUCLEUS_MSI_VECTOR /* one for all lines: it only has to end the halt */
#define VECTOR_TIMER 0x41
#define VECTOR_SPURIOUS 0x4f

#define RFLAGS_RESERVED 0x2

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_ET 0x10
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR0_VALUE (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG)
#define CR4_PAE 0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define CR4_FSGSBASE 0x10000
#define CR4_OSXSAVE 0x40000
#define CR4_SMEP 0x100000
#define CR4_VALUE (CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT)

#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_LMA 0x400
#define EFER_NXE 0x800

#endif
