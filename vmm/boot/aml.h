/* Writes ACPI Machine Language, as far as describing devices goes: ACPI specification 6.3,
 * chapter 20. Objects that contain others are begun and ended; what does not fit any more is
 * left out, and the whole is marked as too long. */
#ifndef WALNUT_VMM_BOOT_AML_H
#define WALNUT_VMM_BOOT_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aml {
	uint8_t *data; /* the caller's */
	size_t size;
	size_t capacity;
	bool overflow; /* sticky */
};

void aml_init(struct aml *aml, void *buffer, size_t capacity);

void aml_bytes(struct aml *aml, const void *data, size_t size);

/* Names are of four characters, "_HID"; "\\_SB_" is absolute. */
void aml_name(struct aml *aml, const char *name);
void aml_integer(struct aml *aml, uint64_t value);
void aml_string(struct aml *aml, const char *text);
/* An EISA identifier such as "PNP0501", as the integer that ACPI packs it into. */
void aml_eisa_id(struct aml *aml, const char *id);

/* Name(name, ...): the value is what is written next. */
void aml_define(struct aml *aml, const char *name);

/* Each returns a mark for aml_end(). */
size_t aml_scope(struct aml *aml, const char *name);
size_t aml_device(struct aml *aml, const char *name);
size_t aml_package(struct aml *aml, uint8_t elements);
void aml_end(struct aml *aml, size_t mark);

/* A resource template: descriptors, then aml_resources_end(). */
size_t aml_resources(struct aml *aml);
void aml_resource_io(struct aml *aml, uint16_t base, uint8_t size);
void aml_resource_isa_irq(struct aml *aml, unsigned irq);
void aml_resource_memory(struct aml *aml, uint32_t base, uint32_t size);
void aml_resource_interrupt(struct aml *aml, uint32_t gsi); /* edge, active high */
void aml_resource_bus_number(struct aml *aml, uint16_t bus);
/* A range that a bridge passes on to devices behind it. */
void aml_resource_window(struct aml *aml, uint32_t base, uint32_t size);
void aml_resources_end(struct aml *aml, size_t mark);

#endif
