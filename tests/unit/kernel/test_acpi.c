/* Tests kernel/runtime/boot/acpi.c: devices in tables as VMMs write them, and in broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "acpi_tables.h"
#include "boot/acpi.h"
#include "mem/space.h"

#define RSDP 0x100
#define XSDT 0x200
#define RSDT 0x300
#define FADT 0x400
#define DSDT 0x800
#define MEMORY_SIZE 0x2000

static uint8_t memory[MEMORY_SIZE];

const void *space_show(uint64_t start, uint64_t size)
{
	return start <= MEMORY_SIZE && size <= MEMORY_SIZE - start ? memory + start : NULL;
}

static struct acpi_header *table(uint64_t at, const char *signature, uint32_t size)
{
	struct acpi_header *header = (struct acpi_header *)(memory + at);

	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = size;
	return header;
}

/* The resources as QEMU and Firecracker write them, among other AML. */
static uint32_t add_device(uint32_t at, uint32_t base, uint32_t irq)
{
	const uint8_t name[] = { 0x08, '_', 'H', 'I', 'D', 0x0d, 'L', 'N', 'R', 'O', '0', '0', '0', '5', 0, 0x08, '_', 'U', 'I', 'D', 0x0a, 3 };
	uint8_t resources[] = { 0x08, '_', 'C', 'R', 'S', 0x11, 0x1a, 0x0a, 0x17, 0x86, 9, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0,
				0x89, 6, 0, 3, 1, 0, 0, 0, 0, 0x79, 0 };

	memcpy(resources + 13, &base, sizeof(base));
	memcpy(resources + 26, &irq, sizeof(irq));
	memcpy(memory + at, name, sizeof(name));
	memcpy(memory + at + sizeof(name), resources, sizeof(resources));
	return at + (uint32_t)(sizeof(name) + sizeof(resources));
}

static int setup(void **state)
{
	struct acpi_rsdp *rsdp = (struct acpi_rsdp *)(memory + RSDP);
	uint64_t fadt = FADT;
	uint32_t fadt_32 = FADT, end;

	memset(memory, 0, sizeof(memory));
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	rsdp->revision = 2;
	rsdp->rsdt = RSDT;
	rsdp->xsdt = XSDT;
	table(XSDT, "XSDT", sizeof(struct acpi_header) + sizeof(fadt));
	memcpy(memory + XSDT + sizeof(struct acpi_header), &fadt, sizeof(fadt));
	table(RSDT, "RSDT", sizeof(struct acpi_header) + sizeof(fadt_32));
	memcpy(memory + RSDT + sizeof(struct acpi_header), &fadt_32, sizeof(fadt_32));
	table(FADT, "FACP", sizeof(struct acpi_fadt));
	((struct acpi_fadt *)(memory + FADT))->x_dsdt = DSDT;
	end = add_device(DSDT + 50, 0xfeb00e00, 12);
	end = add_device(end + 7, 0xfeb00c00, 33);
	table(DSDT, "DSDT", end - DSDT);
	return 0;
}

static void devices_are_found(void **state)
{
	struct cmdline_device devices[4];
	struct acpi_rsdp *rsdp = (struct acpi_rsdp *)(memory + RSDP);
	struct acpi_fadt *fadt = (struct acpi_fadt *)(memory + FADT);

	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 2);
	assert_int_equal(devices[0].address, 0xfeb00e00);
	assert_int_equal(devices[0].size, 512);
	assert_int_equal(devices[0].irq, 12);
	assert_int_equal(devices[1].address, 0xfeb00c00);
	assert_int_equal(devices[1].irq, 33);
	assert_int_equal(acpi_find_virtio(RSDP, devices, 1), 1); /* no more than there is room for */
	rsdp->revision = 0; /* the old list, and the old pointer */
	fadt->x_dsdt = 0;
	fadt->dsdt = DSDT;
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 2);
}

static void broken_tables_are_as_good_as_none(void **state)
{
	struct cmdline_device devices[4];
	struct acpi_header *dsdt = (struct acpi_header *)(memory + DSDT);
	uint32_t size = dsdt->length;

	assert_int_equal(acpi_find_virtio(0, devices, 4), 0);
	assert_int_equal(acpi_find_virtio(MEMORY_SIZE - 10, devices, 4), 0);
	assert_int_equal(acpi_find_virtio(RSDP + 1, devices, 4), 0);
	dsdt->length = UINT32_MAX;
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 0);
	dsdt->length = 3;
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 0);
	for (uint32_t cut = sizeof(*dsdt); cut < size - 2; cut++) { /* wherever it ends before its last two bytes, nothing behind is read */
		dsdt->length = cut;
		assert_true(acpi_find_virtio(RSDP, devices, 4) < 2);
	}
	dsdt->length = size;
	memcpy(dsdt->signature, "SSDT", 4);
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 0);
	memcpy(dsdt->signature, "DSDT", 4);
	((struct acpi_header *)(memory + XSDT))->length = sizeof(struct acpi_header); /* an empty list: the other one */
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 2);
	((struct acpi_header *)(memory + RSDT))->length = sizeof(struct acpi_header) + 3;
	assert_int_equal(acpi_find_virtio(RSDP, devices, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(devices_are_found, setup),
		cmocka_unit_test_setup(broken_tables_are_as_good_as_none, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
