/* MP floating pointer and configuration table: one ISA bus whose interrupts are the I/O
 * APIC's pins of the same numbers, as KVM connects them. */
#include "boot/mp_table.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "boot/checksum.h"
#include "boot/layout.h"
#include "vm/guest_mem.h"

#include "mp_spec.h"

#define REVISION 4 /* 1.4 */
#define APIC_VERSION 0x14
#define IO_APIC_VERSION 0x11
#define ISA_INTERRUPTS 16
#define FEATURES_APIC_FPU 0x201u
#define ALL_LOCAL_APICS 0xff

struct writer {
	uint8_t *at;
	uint16_t count;
};

static void add(struct writer *w, const void *entry, size_t size)
{
	memcpy(w->at, entry, size);
	w->at += size;
	w->count++;
}
#define ADD(writer, ...) add(writer, &(__VA_ARGS__), sizeof(__VA_ARGS__))

static void add_entries(struct writer *w, unsigned vcpu_count)
{
	uint8_t io_apic = (uint8_t)vcpu_count;

	for (unsigned i = 0; i < vcpu_count; i++)
		ADD(w, (struct mp_processor){ .type = MP_PROCESSOR, .apic_id = (uint8_t)i, .apic_version = APIC_VERSION,
					      .flags = i == 0 ? 3 : 1, .features = FEATURES_APIC_FPU });
	ADD(w, (struct mp_bus){ .type = MP_BUS, .name = { 'I', 'S', 'A', ' ', ' ', ' ' } });
	ADD(w, (struct mp_io_apic){ MP_IO_APIC, io_apic, IO_APIC_VERSION, 1, BOOT_IO_APIC });
	for (uint8_t i = 0; i < ISA_INTERRUPTS; i++)
		ADD(w, (struct mp_interrupt){ MP_IO_INTERRUPT, MP_INT, 0, 0, i, io_apic, i });
	ADD(w, (struct mp_interrupt){ MP_LOCAL_INTERRUPT, MP_EXT_INT, 0, 0, 0, ALL_LOCAL_APICS, 0 });
	ADD(w, (struct mp_interrupt){ MP_LOCAL_INTERRUPT, MP_NMI, 0, 0, 0, ALL_LOCAL_APICS, 1 });
}

static size_t table_size(unsigned vcpu_count)
{
	return sizeof(struct mp_table) + vcpu_count * sizeof(struct mp_processor) + sizeof(struct mp_bus) +
	       sizeof(struct mp_io_apic) + (ISA_INTERRUPTS + 2) * sizeof(struct mp_interrupt);
}

void mp_table_write(const struct guest_mem *mem, unsigned vcpu_count)
{
	struct mp_pointer *pointer = guest_mem_range(mem, BOOT_MP_TABLE, BOOT_LOW_MEMORY_END - BOOT_MP_TABLE);
	struct mp_table *table = (struct mp_table *)(pointer + 1);
	struct writer w = { .at = (uint8_t *)(table + 1) };
	size_t size = table_size(vcpu_count);

	assert(pointer && sizeof(*pointer) + size <= BOOT_LOW_MEMORY_END - BOOT_MP_TABLE);
	add_entries(&w, vcpu_count);
	memcpy(table->signature, "PCMP", sizeof(table->signature));
	table->length = (uint16_t)size;
	table->revision = REVISION;
	memcpy(table->oem_id, "WALNUT  ", sizeof(table->oem_id));
	memcpy(table->product_id, "MICROVM     ", sizeof(table->product_id));
	table->entry_count = w.count;
	table->local_apic = BOOT_LOCAL_APIC;
	table->checksum = checksum(table, size);

	memcpy(pointer->signature, "_MP_", sizeof(pointer->signature));
	pointer->table = BOOT_MP_TABLE + sizeof(*pointer);
	pointer->length = 1;
	pointer->revision = REVISION;
	pointer->checksum = checksum(pointer, sizeof(*pointer));
}
