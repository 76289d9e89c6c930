/* vmm/boot/: ACPI and MP tables, and the language that one of them is written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "boot/acpi.h"
#include "boot/aml.h"
#include "boot/layout.h"
#include "boot/mp_table.h"
#include "failure.h"
#include "vm/guest_mem.h"

#include "acpi_tables.h"
#include "mp_spec.h"

static struct guest_mem memory(void)
{
	struct failure failure;
	struct guest_mem mem;

	assert_int_equal(guest_mem_create(&mem, 16u << 20, &failure), 0);
	return mem;
}

static uint8_t sum(const void *data, size_t size)
{
	const uint8_t *at = data;
	uint8_t total = 0;

	while (size-- > 0)
		total = (uint8_t)(total + *at++);
	return total;
}

static const struct acpi_header *table(const struct guest_mem *mem, uint64_t gpa, const char *signature)
{
	const struct acpi_header *header = guest_mem_range(mem, gpa, sizeof(*header));

	assert_non_null(header);
	assert_memory_equal(header->signature, signature, 4);
	assert_true(gpa >= BOOT_ACPI && gpa + header->length <= BOOT_ACPI + BOOT_ACPI_SIZE);
	assert_int_equal(sum(header, header->length), 0);
	return header;
}

static struct acpi_machine machine(unsigned vcpus, unsigned devices)
{
	struct acpi_machine m = { .vcpu_count = vcpus, .virtio_count = devices };

	for (unsigned i = 0; i < devices; i++) {
		m.virtio[i].base = 0xd0000000 + i * 0x1000;
		m.virtio[i].size = 0x1000;
		m.virtio[i].gsi = 5 + i;
	}
	return m;
}

struct tables {
	const struct acpi_fadt *fadt;
	const struct acpi_madt *madt;
	const struct acpi_header *dsdt;
};

static struct tables find_tables(const struct guest_mem *mem, uint64_t gpa)
{
	const struct acpi_rsdp *rsdp = guest_mem_range(mem, gpa, sizeof(*rsdp));
	const struct acpi_header *xsdt;
	struct tables tables;
	uint64_t entries[2];

	assert_memory_equal(rsdp->signature, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, sizeof(*rsdp)), 0);
	xsdt = table(mem, rsdp->xsdt, "XSDT");
	assert_int_equal(xsdt->length, sizeof(*xsdt) + sizeof(entries));
	memcpy(entries, xsdt + 1, sizeof(entries));
	tables.fadt = (const void *)table(mem, entries[0], "FACP");
	tables.madt = (const void *)table(mem, entries[1], "APIC");
	assert_int_equal(tables.fadt->dsdt, tables.fadt->x_dsdt);
	tables.dsdt = table(mem, tables.fadt->x_dsdt, "DSDT");
	return tables;
}

static void acpi_tables_lead_to_each_other(void **state)
{
	struct guest_mem mem = memory();
	struct acpi_machine m = machine(1, 3);
	struct tables tables;

	assert_int_equal(acpi_write(&mem, &m), 0xe0000);
	tables = find_tables(&mem, 0xe0000);
	assert_int_equal(tables.fadt->pm1a_control_block, 0x604);
	assert_int_equal(tables.fadt->pm1_control_length, 2);
	assert_int_equal(tables.fadt->reset_register.address, 0x64);
	assert_int_equal(tables.fadt->reset_value, 0xfe);
	assert_true(tables.fadt->flags & ACPI_FADT_RESET_REGISTER);
	assert_int_equal(tables.fadt->smi_command, 0);
	guest_mem_destroy(&mem);
}

static void madt_has_each_processor(void **state)
{
	struct guest_mem mem = memory();
	struct acpi_machine m = machine(16, 0);
	const struct acpi_madt_local_apic *cpu;
	const struct acpi_madt *madt;
	unsigned cpus = 0, io_apics = 0;
	const uint8_t *at, *end;

	assert_int_not_equal(acpi_write(&mem, &m), 0);
	madt = find_tables(&mem, BOOT_ACPI).madt;
	assert_int_equal(madt->local_apic, 0xfee00000);
	at = (const uint8_t *)(madt + 1);
	end = (const uint8_t *)madt + madt->header.length;
	for (; at < end; at += at[1]) {
		assert_true(at[1] >= 2 && at + at[1] <= end);
		cpu = (const void *)at;
		if (at[0] == 0) {
			assert_int_equal(cpu->apic_id, cpus++);
			assert_int_equal(cpu->flags, 1);
		}
		io_apics += at[0] == 1;
	}
	assert_int_equal(cpus, 16);
	assert_int_equal(io_apics, 1);
	guest_mem_destroy(&mem);
}

/* The name occurs in the table, and what follows it. */
static const uint8_t *find(const struct acpi_header *dsdt, const char *text)
{
	const uint8_t *found = memmem(dsdt, dsdt->length, text, strlen(text));

	assert_non_null(found);
	return found + strlen(text);
}

static void dsdt_describes_each_device(void **state)
{
	static const uint8_t off[] = { 0x12 /* Package */ };
	struct guest_mem mem = memory();
	struct acpi_machine m = machine(1, 11);
	const struct acpi_header *dsdt;
	uint32_t base, gsi;
	const uint8_t *at;

	assert_int_not_equal(acpi_write(&mem, &m), 0);
	dsdt = find_tables(&mem, BOOT_ACPI).dsdt;
	assert_memory_equal(find(dsdt, "_S5_"), off, sizeof(off));
	at = find(dsdt, "VR0A");
	assert_ptr_equal(memmem(at, 40, "LNRO0005", 9) != NULL, true);
	at = memmem(at, 80, (const uint8_t[]){ 0x86, 9, 0, 1 }, 4);
	assert_non_null(at);
	memcpy(&base, at + 4, sizeof(base));
	assert_int_equal(base, 0xd000a000);
	at = memmem(at, 40, (const uint8_t[]){ 0x89, 6, 0, 3, 1 }, 5);
	assert_non_null(at);
	memcpy(&gsi, at + 5, sizeof(gsi));
	assert_int_equal(gsi, 15);
	guest_mem_destroy(&mem);
}

static void dsdt_describes_a_pci_bus_instead(void **state)
{
	struct guest_mem mem = memory();
	struct acpi_machine m = machine(1, 2);
	const struct acpi_header *dsdt;

	m.pci = true;
	assert_int_not_equal(acpi_write(&mem, &m), 0);
	dsdt = find_tables(&mem, BOOT_ACPI).dsdt;
	find(dsdt, "PCI0");
	find(dsdt, "_PRT");
	assert_null(memmem(dsdt, dsdt->length, "LNRO0005", 8));
	guest_mem_destroy(&mem);
}

static void most_devices_fit(void **state)
{
	struct guest_mem mem = memory();
	struct acpi_machine m = machine(255, ACPI_VIRTIO_MAX);

	assert_int_not_equal(acpi_write(&mem, &m), 0);
	find(find_tables(&mem, BOOT_ACPI).dsdt, "VR1E");
	guest_mem_destroy(&mem);
}

static void acpi_needs_its_memory(void **state)
{
	struct failure failure;
	struct guest_mem mem;
	struct acpi_machine m = machine(1, 0);

	assert_int_equal(guest_mem_create(&mem, 0xe1000, &failure), 0);
	assert_int_equal(acpi_write(&mem, &m), 0);
	guest_mem_destroy(&mem);
}

static void integers_are_as_short_as_can_be(void **state)
{
	static const struct { uint64_t value; uint8_t bytes[9]; size_t size; } cases[] = {
		{ 0, { 0x00 }, 1 }, { 1, { 0x01 }, 1 }, { 2, { 0x0a, 2 }, 2 }, { 0xff, { 0x0a, 0xff }, 2 },
		{ 0x100, { 0x0b, 0, 1 }, 3 }, { 0x10000, { 0x0c, 0, 0, 1, 0 }, 5 },
		{ 0x100000000, { 0x0e, 0, 0, 0, 0, 1, 0, 0, 0 }, 9 },
	};
	uint8_t buffer[16];
	struct aml aml;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		aml_init(&aml, buffer, sizeof(buffer));
		aml_integer(&aml, cases[i].value);
		assert_int_equal(aml.size, cases[i].size);
		assert_memory_equal(buffer, cases[i].bytes, cases[i].size);
	}
}

static void eisa_ids_are_packed(void **state)
{
	static const uint8_t packed[] = { 0x0c, 0x41, 0xd0, 0x05, 0x01 };
	uint8_t buffer[8];
	struct aml aml;

	aml_init(&aml, buffer, sizeof(buffer));
	aml_eisa_id(&aml, "PNP0501");
	assert_memory_equal(buffer, packed, sizeof(packed));
}

static void packages_know_their_length(void **state)
{
	/* Package { 5, 0 }: length of 3 + count + integers, in three bytes */
	static const uint8_t package[] = { 0x12, 0x87, 0x00, 0x00, 0x02, 0x0a, 0x05, 0x00 };
	uint8_t buffer[16];
	struct aml aml;
	size_t mark;

	aml_init(&aml, buffer, sizeof(buffer));
	mark = aml_package(&aml, 2);
	aml_integer(&aml, 5);
	aml_integer(&aml, 0);
	aml_end(&aml, mark);
	assert_int_equal(aml.size, sizeof(package));
	assert_memory_equal(buffer, package, sizeof(package));
}

static void too_much_language_is_noticed(void **state)
{
	uint8_t buffer[8] = { 0 }, beyond[8];
	struct aml aml;
	size_t mark;

	aml_init(&aml, buffer, 6);
	memset(beyond, 0, sizeof(beyond));
	mark = aml_device(&aml, "DEV0");
	aml_string(&aml, "long text");
	aml_end(&aml, mark);
	assert_true(aml.overflow);
	assert_memory_equal(buffer + 6, beyond, 2);
}

static void mp_table_adds_up(void **state)
{
	static const uint8_t sizes[] = { 20, 8, 8, 8, 8 };
	unsigned counts[5] = { 0 };
	struct guest_mem mem = memory();
	const struct mp_pointer *pointer = guest_mem_range(&mem, 0x9fc00, 1024);
	const struct mp_table *mp;
	const uint8_t *at, *end;

	mp_table_write(&mem, 16);
	assert_memory_equal(pointer->signature, "_MP_", 4);
	assert_int_equal(sum(pointer, sizeof(*pointer)), 0);
	mp = guest_mem_range(&mem, pointer->table, sizeof(*mp));
	assert_memory_equal(mp->signature, "PCMP", 4);
	assert_int_equal(sum(mp, mp->length), 0);
	at = (const uint8_t *)(mp + 1);
	end = (const uint8_t *)mp + mp->length;
	for (unsigned i = 0; i < mp->entry_count; i++) {
		assert_true(at < end && *at < 5);
		counts[*at]++;
		at += sizes[*at];
	}
	assert_ptr_equal(at, end);
	assert_int_equal(counts[MP_PROCESSOR], 16);
	assert_int_equal(counts[MP_IO_APIC], 1);
	assert_int_equal(counts[MP_IO_INTERRUPT], 16);
	assert_int_equal(counts[MP_LOCAL_INTERRUPT], 2);
	assert_true(pointer->table + mp->length <= 0xa0000);
	guest_mem_destroy(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acpi_tables_lead_to_each_other),
		cmocka_unit_test(madt_has_each_processor),
		cmocka_unit_test(dsdt_describes_each_device),
		cmocka_unit_test(dsdt_describes_a_pci_bus_instead),
		cmocka_unit_test(most_devices_fit),
		cmocka_unit_test(acpi_needs_its_memory),
		cmocka_unit_test(integers_are_as_short_as_can_be),
		cmocka_unit_test(eisa_ids_are_packed),
		cmocka_unit_test(packages_know_their_length),
		cmocka_unit_test(too_much_language_is_noticed),
		cmocka_unit_test(mp_table_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
