/* PM1a registers. SCI_EN reads as 1: there is no other mode to change from. */
#include "device/acpi_pm.h"

#include <string.h>

#include "device/bus.h"
#include "device/power.h"

#define OFFSET_ENABLE 2
#define OFFSET_CONTROL (ACPI_PM_CONTROL_PORT - ACPI_PM_EVENT_PORT)
#define CONTROL_SCI_EN 0x0001u
#define CONTROL_SLEEP_TYPE(value) ((value) >> 10 & 7u)
#define CONTROL_SLEEP_EN 0x2000u

static void pm_read(void *device, uint64_t offset, void *data, unsigned size)
{
	const struct acpi_pm *pm = device;
	uint8_t registers[ACPI_PM_EVENT_PORTS + ACPI_PM_CONTROL_PORTS] = {
		[OFFSET_ENABLE] = (uint8_t)pm->enable, [OFFSET_ENABLE + 1] = (uint8_t)(pm->enable >> 8),
		[OFFSET_CONTROL] = CONTROL_SCI_EN,
	};

	memset(data, 0, size);
	for (unsigned i = 0; i < size && offset + i < sizeof(registers); i++)
		((uint8_t *)data)[i] = registers[offset + i];
}

static void pm_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct acpi_pm *pm = device;
	uint16_t value;

	if (size != sizeof(value))
		return;
	memcpy(&value, data, sizeof(value));
	if (offset == OFFSET_ENABLE)
		pm->enable = value;
	else if (offset == OFFSET_CONTROL && (value & CONTROL_SLEEP_EN) &&
		 CONTROL_SLEEP_TYPE(value) == ACPI_PM_SLEEP_TYPE_OFF)
		power_request(pm->power, POWER_OFF);
}

static const struct bus_ops pm_ops = { .read = pm_read, .write = pm_write };

void acpi_pm_add(struct acpi_pm *pm, struct power *power, struct bus *ports)
{
	*pm = (struct acpi_pm){ .power = power };
	bus_add(ports, ACPI_PM_EVENT_PORT, ACPI_PM_EVENT_PORTS + ACPI_PM_CONTROL_PORTS, &pm_ops, pm);
}
