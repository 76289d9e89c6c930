/* See acpi.h. ACPI 6.3: 5.2.5 (RSDP), 5.2.7 and 5.2.8 (RSDT, XSDT), 5.2.9 (FADT), 6.4 (resources). */
#include "boot/acpi.h"

#include <stdbool.h>
#include <stddef.h>

#include "acpi_tables.h"
#include "lib/string.h"
#include "mem/space.h"

#define HARDWARE_ID "LNRO0005" /* virtio-mmio */
#define TABLE_MAX (1u << 20)
#define RSDP_OLD_SIZE 20u
#define DEVICE_MAX 160u /* bytes of AML behind the name, in which a device's resources are */

/* Large resource descriptors: tag, length of what follows (16 bits). */
#define MEMORY32_FIXED 0x86u
#define MEMORY32_FIXED_SIZE 9u
#define EXTENDED_INTERRUPT 0x89u
#define EXTENDED_INTERRUPT_MIN 6u

static uint32_t read32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* A table, whole; NULL: there is none with that signature. */
static const uint8_t *table_at(uint64_t address, const char *signature, uint32_t *size)
{
	const struct acpi_header *header = address ? space_show(address, sizeof(*header)) : NULL;

	if (!header || memcmp(header->signature, signature, sizeof(header->signature)) != 0 ||
	    header->length < sizeof(*header) || header->length > TABLE_MAX)
		return NULL;
	*size = header->length;
	return space_show(address, *size);
}

/* The FADT, from the list of tables; entries have 4 or 8 bytes. */
static const uint8_t *find_fadt(uint64_t list, const char *signature, uint32_t entry_size, uint32_t *size)
{
	uint32_t list_size = 0;
	const uint8_t *entries = table_at(list, signature, &list_size);

	if (!entries)
		return NULL;
	for (uint32_t at = sizeof(struct acpi_header); list_size - at >= entry_size; at += entry_size) {
		uint64_t address = 0;
		const uint8_t *fadt;

		memcpy(&address, entries + at, entry_size);
		fadt = table_at(address, "FACP", size);
		if (fadt)
			return fadt;
	}
	return NULL;
}

static const uint8_t *find_dsdt(uint64_t rsdp_address, uint32_t *size)
{
	const struct acpi_rsdp *rsdp = rsdp_address ? space_show(rsdp_address, RSDP_OLD_SIZE) : NULL;
	const uint8_t *fadt = NULL;
	uint32_t fadt_size = 0;
	uint64_t dsdt = 0;

	if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature)) != 0)
		return NULL;
	if (rsdp->revision >= 2 && (rsdp = space_show(rsdp_address, sizeof(*rsdp))))
		fadt = find_fadt(rsdp->xsdt, "XSDT", sizeof(uint64_t), &fadt_size);
	if (!fadt && rsdp)
		fadt = find_fadt(rsdp->rsdt, "RSDT", sizeof(uint32_t), &fadt_size);
	if (!fadt)
		return NULL;
	if (fadt_size >= offsetof(struct acpi_fadt, x_dsdt) + sizeof(dsdt))
		memcpy(&dsdt, fadt + offsetof(struct acpi_fadt, x_dsdt), sizeof(dsdt));
	if (!dsdt && fadt_size >= offsetof(struct acpi_fadt, dsdt) + sizeof(uint32_t))
		dsdt = read32(fadt + offsetof(struct acpi_fadt, dsdt));
	return table_at(dsdt, "DSDT", size);
}

static bool is_descriptor(const uint8_t *at, uint32_t left, uint32_t tag, uint32_t size)
{
	return left >= 3 + size && at[0] == tag && (at[1] | (uint32_t)at[2] << 8) >= size;
}

/* The resources behind a device's name: registers first, then the interrupt. */
static bool read_device(const uint8_t *at, uint32_t size, struct cmdline_device *device)
{
	bool has_memory = false;

	for (; size; at++, size--) {
		if (!has_memory && is_descriptor(at, size, MEMORY32_FIXED, MEMORY32_FIXED_SIZE) && at[1] == MEMORY32_FIXED_SIZE) {
			device->address = read32(at + 4);
			device->size = read32(at + 8);
			has_memory = true;
		} else if (has_memory && is_descriptor(at, size, EXTENDED_INTERRUPT, EXTENDED_INTERRUPT_MIN) && at[4] >= 1) {
			device->irq = read32(at + 5);
			return true;
		}
	}
	return false;
}

uint32_t acpi_find_virtio(uint64_t rsdp, struct cmdline_device *devices, uint32_t max)
{
	const uint32_t name = sizeof(HARDWARE_ID) - 1;
	uint32_t size = 0, count = 0;
	const uint8_t *dsdt = find_dsdt(rsdp, &size);

	for (uint32_t at = sizeof(struct acpi_header); dsdt && count < max && at + name <= size; at++) {
		uint32_t left;

		if (memcmp(dsdt + at, HARDWARE_ID, name) != 0)
			continue;
		left = size - at - name;
		if (read_device(dsdt + at + name, left < DEVICE_MAX ? left : DEVICE_MAX, &devices[count]))
			count++;
	}
	return count;
}
