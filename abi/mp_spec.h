/* Intel MultiProcessor Specification 1.4, chapter 4: what tells a kernel without ACPI about
 * processors and interrupts. */
#ifndef WALNUT_ABI_MP_SPEC_H
#define WALNUT_ABI_MP_SPEC_H

#include <stdint.h>

struct __attribute__((packed)) mp_pointer {
	char signature[4]; /* "_MP_" */
	uint32_t table;
	uint8_t length; /* in 16 bytes */
	uint8_t revision;
	uint8_t checksum;
	uint8_t features[5];
};
_Static_assert(sizeof(struct mp_pointer) == 16, "MP floating pointer");

struct __attribute__((packed)) mp_table {
	char signature[4]; /* "PCMP" */
	uint16_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[8];
	char product_id[12];
	uint32_t oem_table;
	uint16_t oem_table_size;
	uint16_t entry_count;
	uint32_t local_apic;
	uint16_t extended_length;
	uint8_t extended_checksum;
	uint8_t reserved;
};
_Static_assert(sizeof(struct mp_table) == 44, "MP table");

enum mp_entry_type { MP_PROCESSOR, MP_BUS, MP_IO_APIC, MP_IO_INTERRUPT, MP_LOCAL_INTERRUPT };

struct __attribute__((packed)) mp_processor {
	uint8_t type;
	uint8_t apic_id;
	uint8_t apic_version;
	uint8_t flags; /* 1: usable, 2: the one that boots */
	uint32_t signature;
	uint32_t features;
	uint64_t reserved;
};
_Static_assert(sizeof(struct mp_processor) == 20, "MP processor");

struct __attribute__((packed)) mp_bus {
	uint8_t type;
	uint8_t id;
	char name[6];
};

struct __attribute__((packed)) mp_io_apic {
	uint8_t type;
	uint8_t id;
	uint8_t version;
	uint8_t flags; /* 1: usable */
	uint32_t address;
};

/* Of the I/O APIC and of local ones. */
struct __attribute__((packed)) mp_interrupt {
	uint8_t type;
	uint8_t kind;
	uint16_t flags;
	uint8_t source_bus;
	uint8_t source_irq;
	uint8_t apic_id;
	uint8_t pin;
};
_Static_assert(sizeof(struct mp_bus) == 8 && sizeof(struct mp_io_apic) == 8 && sizeof(struct mp_interrupt) == 8,
	       "MP entries");

enum mp_interrupt_kind { MP_INT, MP_NMI, MP_SMI, MP_EXT_INT };

#endif
