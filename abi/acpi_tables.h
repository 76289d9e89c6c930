/* ACPI tables as far as a small PC needs them: ACPI specification 6.3, chapter 5. */
#ifndef WALNUT_ABI_ACPI_TABLES_H
#define WALNUT_ABI_ACPI_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct __attribute__((packed)) acpi_rsdp {
	char signature[8]; /* "RSD PTR " */
	uint8_t checksum;  /* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum; /* of all */
	uint8_t reserved[3];
};
_Static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");

struct __attribute__((packed)) acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
};
_Static_assert(sizeof(struct acpi_header) == 36, "table header");

/* Generic address structure. */
struct __attribute__((packed)) acpi_address {
	uint8_t space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
};
#define ACPI_SPACE_IO 1u
#define ACPI_ACCESS_BYTE 1u
#define ACPI_ACCESS_WORD 2u

struct __attribute__((packed)) acpi_fadt {
	struct acpi_header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved0;
	uint8_t preferred_profile;
	uint16_t sci_interrupt;
	uint32_t smi_command;
	uint8_t acpi_enable;
	uint8_t acpi_disable;
	uint8_t s4bios_request;
	uint8_t pstate_control;
	uint32_t pm1a_event_block;
	uint32_t pm1b_event_block;
	uint32_t pm1a_control_block;
	uint32_t pm1b_control_block;
	uint32_t pm2_control_block;
	uint32_t pm_timer_block;
	uint32_t gpe0_block;
	uint32_t gpe1_block;
	uint8_t pm1_event_length;
	uint8_t pm1_control_length;
	uint8_t pm2_control_length;
	uint8_t pm_timer_length;
	uint8_t gpe0_length;
	uint8_t gpe1_length;
	uint8_t gpe1_base;
	uint8_t cstate_control;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush_size;
	uint16_t flush_stride;
	uint8_t duty_offset;
	uint8_t duty_width;
	uint8_t day_alarm;
	uint8_t month_alarm;
	uint8_t century;
	uint16_t boot_flags;
	uint8_t reserved1;
	uint32_t flags;
	struct acpi_address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_revision;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct acpi_address x_pm1a_event_block;
	struct acpi_address x_pm1b_event_block;
	struct acpi_address x_pm1a_control_block;
	struct acpi_address x_pm1b_control_block;
	struct acpi_address x_pm2_control_block;
	struct acpi_address x_pm_timer_block;
	struct acpi_address x_gpe0_block;
	struct acpi_address x_gpe1_block;
	struct acpi_address sleep_control;
	struct acpi_address sleep_status;
	uint64_t hypervisor_vendor;
};
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "FADT flags");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "FADT X_DSDT");
_Static_assert(sizeof(struct acpi_fadt) == 276, "FADT");

#define ACPI_FADT_REVISION 6
#define ACPI_FADT_MINOR 3

/* boot_flags */
#define ACPI_BOOT_LEGACY_DEVICES 0x0001u
#define ACPI_BOOT_8042 0x0002u
#define ACPI_BOOT_NO_VGA 0x0004u
/* flags */
#define ACPI_FADT_WBINVD 0x001u
#define ACPI_FADT_PROC_C1 0x004u
#define ACPI_FADT_NO_POWER_BUTTON 0x010u
#define ACPI_FADT_NO_SLEEP_BUTTON 0x020u
#define ACPI_FADT_RESET_REGISTER 0x400u

struct __attribute__((packed)) acpi_madt {
	struct acpi_header header;
	uint32_t local_apic;
	uint32_t flags;
};
#define ACPI_MADT_PCAT_COMPAT 1u /* there are 8259s, too */

struct __attribute__((packed)) acpi_madt_local_apic {
	uint8_t type; /* 0 */
	uint8_t length;
	uint8_t processor_uid;
	uint8_t apic_id;
	uint32_t flags; /* 1: enabled */
};

struct __attribute__((packed)) acpi_madt_io_apic {
	uint8_t type; /* 1 */
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
};

struct __attribute__((packed)) acpi_madt_override {
	uint8_t type; /* 2 */
	uint8_t length;
	uint8_t bus; /* 0: ISA */
	uint8_t source;
	uint32_t gsi;
	uint16_t flags;
};
#define ACPI_MPS_ACTIVE_HIGH 0x1u
#define ACPI_MPS_LEVEL 0xcu

struct __attribute__((packed)) acpi_madt_nmi {
	uint8_t type; /* 4 */
	uint8_t length;
	uint8_t processor_uid; /* 0xff: all */
	uint16_t flags;
	uint8_t lint;
};

_Static_assert(sizeof(struct acpi_madt) == 44, "MADT");
_Static_assert(sizeof(struct acpi_madt_local_apic) == 8, "local APIC");
_Static_assert(sizeof(struct acpi_madt_io_apic) == 12, "I/O APIC");
_Static_assert(sizeof(struct acpi_madt_override) == 10, "override");
_Static_assert(sizeof(struct acpi_madt_nmi) == 6, "NMI");

#endif
