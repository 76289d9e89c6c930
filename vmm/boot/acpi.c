/* RSDP, XSDT, FADT, MADT and DSDT: ACPI specification 6.3, chapter 5.
 *
 * The full-hardware kind, not the reduced one: with that Linux gives up the 8259s and with
 * them the interrupt numbers by which old drivers find the serial port and the clock. There
 * is no SMI: the machine is in ACPI mode from the beginning. Powering off is a write to the
 * PM1a control register, restarting one to the keyboard controller. */
#include "boot/acpi.h"

#include <stdio.h>
#include <string.h>

#include "boot/aml.h"
#include "boot/checksum.h"
#include "boot/layout.h"
#include "device/acpi_pm.h"
#include "device/cmos.h"
#include "device/i8042.h"
#include "device/serial.h"
#include "vm/guest_mem.h"

#include "acpi_tables.h"
#include "pci.h"

#define OEM "WALNUT"
#define OEM_TABLE "WALNUTVM"
#define TABLE_ALIGN 16u

/* Tables are put one behind the other. */
struct tables {
	uint8_t *data;
	size_t size;
	bool overflow;
};

/* Room for a table, zeroed as all guest memory is; NULL: no room. */
static void *reserve(struct tables *tables, size_t size)
{
	size_t at = (tables->size + TABLE_ALIGN - 1) & ~(size_t)(TABLE_ALIGN - 1);

	if (tables->overflow || size > BOOT_ACPI_SIZE - at) {
		tables->overflow = true;
		return NULL;
	}
	tables->size = at + size;
	return tables->data + at;
}

static uint64_t address_of(const struct tables *tables, const void *table)
{
	return BOOT_ACPI + (uint64_t)((const uint8_t *)table - tables->data);
}

/* Fills in the header of a table that is complete otherwise. */
static void finish(void *table, const char *signature, uint8_t revision, size_t size)
{
	struct acpi_header *header = table;

	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = (uint32_t)size;
	header->revision = revision;
	memcpy(header->oem_id, OEM, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE, sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, OEM, sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = checksum(table, size);
}

static void describe_isa_device(struct aml *aml, const char *name, const char *id, uint16_t port, uint8_t ports,
				unsigned irq)
{
	size_t device = aml_device(aml, name);
	size_t resources;

	aml_define(aml, "_HID");
	aml_eisa_id(aml, id);
	aml_define(aml, "_UID");
	aml_integer(aml, 1);
	resources = aml_resources(aml);
	aml_resource_io(aml, port, ports);
	aml_resource_isa_irq(aml, irq);
	aml_resources_end(aml, resources);
	aml_end(aml, device);
}

static void describe_virtio(struct aml *aml, unsigned number, uint32_t base, uint32_t size, uint32_t gsi)
{
	char name[5];
	size_t device, resources;

	snprintf(name, sizeof(name), "VR%02X", number & 0xff);
	device = aml_device(aml, name);
	aml_define(aml, "_HID");
	aml_string(aml, "LNRO0005");
	aml_define(aml, "_UID");
	aml_integer(aml, number);
	aml_define(aml, "_CCA");
	aml_integer(aml, 1);
	resources = aml_resources(aml);
	aml_resource_memory(aml, base, size);
	aml_resource_interrupt(aml, gsi);
	aml_resources_end(aml, resources);
	aml_end(aml, device);
}

/* Which interrupt pin A of each device is connected to. */
static void describe_pci_interrupts(struct aml *aml, const struct acpi_machine *machine)
{
	size_t table, route;

	aml_define(aml, "_PRT");
	table = aml_package(aml, (uint8_t)machine->virtio_count);
	for (unsigned i = 0; i < machine->virtio_count; i++) {
		route = aml_package(aml, 4);
		aml_integer(aml, (i + 1) << 16 | 0xffff); /* all functions of device i + 1 */
		aml_integer(aml, 0);			  /* pin A */
		aml_integer(aml, 0);			  /* no link device: */
		aml_integer(aml, machine->virtio[i].gsi);
		aml_end(aml, route);
	}
	aml_end(aml, table);
}

static void describe_pci(struct aml *aml, const struct acpi_machine *machine)
{
	size_t device = aml_device(aml, "PCI0");
	size_t resources;

	aml_define(aml, "_HID");
	aml_eisa_id(aml, "PNP0A03");
	aml_define(aml, "_UID");
	aml_integer(aml, 0);
	resources = aml_resources(aml);
	aml_resource_bus_number(aml, 0);
	aml_resource_io(aml, PCI_CONFIG_ADDRESS, 2 * sizeof(uint32_t));
	aml_resource_window(aml, BOOT_PCI_WINDOW, BOOT_PCI_WINDOW_SIZE);
	aml_resources_end(aml, resources);
	describe_pci_interrupts(aml, machine);
	aml_end(aml, device);
}

/* Sleep state 5, soft off: the value of SLP_TYP for the PM1a control register. */
static void describe_power_off(struct aml *aml)
{
	size_t package;

	aml_define(aml, "_S5_");
	package = aml_package(aml, 4);
	aml_integer(aml, ACPI_PM_SLEEP_TYPE_OFF);
	for (int i = 1; i < 4; i++)
		aml_integer(aml, 0);
	aml_end(aml, package);
}

static const void *write_dsdt(struct tables *tables, const struct acpi_machine *machine)
{
	struct acpi_header *dsdt = reserve(tables, sizeof(*dsdt));
	struct aml aml;
	size_t scope;

	if (!dsdt)
		return NULL;
	aml_init(&aml, dsdt + 1, BOOT_ACPI_SIZE - tables->size);
	describe_power_off(&aml);
	scope = aml_scope(&aml, "_SB_");
	describe_isa_device(&aml, "COM1", "PNP0501", SERIAL_COM1, SERIAL_PORTS, SERIAL_IRQ);
	describe_isa_device(&aml, "RTC_", "PNP0B00", CMOS_PORT, CMOS_PORTS, CMOS_IRQ);
	if (machine->pci)
		describe_pci(&aml, machine);
	for (unsigned i = 0; i < machine->virtio_count && !machine->pci; i++)
		describe_virtio(&aml, i, machine->virtio[i].base, machine->virtio[i].size, machine->virtio[i].gsi);
	aml_end(&aml, scope);
	tables->overflow |= aml.overflow;
	tables->size += aml.size;
	finish(dsdt, "DSDT", 2, sizeof(*dsdt) + aml.size);
	return dsdt;
}

static struct acpi_address io_address(uint16_t port, uint8_t bytes)
{
	return (struct acpi_address){
		.space = ACPI_SPACE_IO, .bit_width = (uint8_t)(bytes * 8),
		.access_size = bytes == 1 ? ACPI_ACCESS_BYTE : ACPI_ACCESS_WORD, .address = port,
	};
}

static const void *write_fadt(struct tables *tables, const void *dsdt)
{
	struct acpi_fadt *fadt = reserve(tables, sizeof(*fadt));

	if (!fadt)
		return NULL;
	fadt->dsdt = (uint32_t)address_of(tables, dsdt);
	fadt->x_dsdt = fadt->dsdt;
	fadt->sci_interrupt = ACPI_PM_IRQ;
	fadt->pm1a_event_block = ACPI_PM_EVENT_PORT;
	fadt->pm1_event_length = ACPI_PM_EVENT_PORTS;
	fadt->pm1a_control_block = ACPI_PM_CONTROL_PORT;
	fadt->pm1_control_length = ACPI_PM_CONTROL_PORTS;
	fadt->x_pm1a_event_block = io_address(ACPI_PM_EVENT_PORT, ACPI_PM_EVENT_PORTS);
	fadt->x_pm1a_control_block = io_address(ACPI_PM_CONTROL_PORT, ACPI_PM_CONTROL_PORTS);
	fadt->c2_latency = 0xffff; /* above 100 and 1000: no C2, no C3 */
	fadt->c3_latency = 0xffff;
	fadt->century = CMOS_CENTURY;
	fadt->boot_flags = ACPI_BOOT_LEGACY_DEVICES | ACPI_BOOT_NO_VGA;
	fadt->flags = ACPI_FADT_WBINVD | ACPI_FADT_PROC_C1 | ACPI_FADT_NO_POWER_BUTTON |
		      ACPI_FADT_NO_SLEEP_BUTTON | ACPI_FADT_RESET_REGISTER;
	fadt->reset_register = io_address(I8042_COMMAND_PORT, 1);
	fadt->reset_value = I8042_COMMAND_RESET;
	fadt->minor_revision = ACPI_FADT_MINOR;
	finish(fadt, "FACP", ACPI_FADT_REVISION, sizeof(*fadt));
	return fadt;
}

static const void *write_madt(struct tables *tables, const struct acpi_machine *machine)
{
	struct madt_tail {
		struct acpi_madt_io_apic io_apic;
		struct acpi_madt_override sci;
		struct acpi_madt_nmi nmi;
	} __attribute__((packed)) *tail;
	size_t cpus = machine->vcpu_count * sizeof(struct acpi_madt_local_apic);
	size_t size = sizeof(struct acpi_madt) + cpus + sizeof(*tail);
	struct acpi_madt *madt = reserve(tables, size);
	struct acpi_madt_local_apic *cpu;

	if (!madt)
		return NULL;
	madt->local_apic = BOOT_LOCAL_APIC;
	madt->flags = ACPI_MADT_PCAT_COMPAT;
	cpu = (struct acpi_madt_local_apic *)(madt + 1);
	for (unsigned i = 0; i < machine->vcpu_count; i++)
		cpu[i] = (struct acpi_madt_local_apic){ 0, sizeof(*cpu), (uint8_t)i, (uint8_t)i, 1 };
	tail = (struct madt_tail *)(cpu + machine->vcpu_count);
	/* KVM connects each ISA interrupt to the pin of the same number, the timer's too. */
	tail->io_apic = (struct acpi_madt_io_apic){ 1, sizeof(tail->io_apic), 0, 0, BOOT_IO_APIC, 0 };
	tail->sci = (struct acpi_madt_override){ 2, sizeof(tail->sci), 0, ACPI_PM_IRQ, ACPI_PM_IRQ,
						 ACPI_MPS_LEVEL | ACPI_MPS_ACTIVE_HIGH };
	tail->nmi = (struct acpi_madt_nmi){ 4, sizeof(tail->nmi), 0xff, 0, 1 };
	finish(madt, "APIC", 3, size);
	return madt;
}

static const void *write_xsdt(struct tables *tables, const void *fadt, const void *madt)
{
	struct __attribute__((packed)) {
		struct acpi_header header;
		uint64_t tables[2];
	} *xsdt = reserve(tables, sizeof(*xsdt));

	if (!xsdt)
		return NULL;
	xsdt->tables[0] = address_of(tables, fadt);
	xsdt->tables[1] = address_of(tables, madt);
	finish(xsdt, "XSDT", 1, sizeof(*xsdt));
	return xsdt;
}

uint64_t acpi_write(const struct guest_mem *mem, const struct acpi_machine *machine)
{
	struct tables tables = { .data = guest_mem_range(mem, BOOT_ACPI, BOOT_ACPI_SIZE) };
	const void *dsdt, *fadt, *madt, *xsdt;
	struct acpi_rsdp *rsdp;

	if (!tables.data)
		return 0;
	rsdp = reserve(&tables, sizeof(*rsdp));
	dsdt = write_dsdt(&tables, machine);
	fadt = write_fadt(&tables, dsdt);
	madt = write_madt(&tables, machine);
	xsdt = write_xsdt(&tables, fadt, madt);
	if (tables.overflow)
		return 0;
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, OEM, sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = address_of(&tables, xsdt);
	rsdp->checksum = checksum(rsdp, offsetof(struct acpi_rsdp, length));
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
	return BOOT_ACPI;
}
