/* ACPI's fixed hardware: the PM1a registers, by which a guest powers off (ACPI specification
 * 6.3, section 4.8.3). There are no events and no timer. */
#ifndef WALNUT_VMM_ACPI_PM_H
#define WALNUT_VMM_ACPI_PM_H

#include <stdint.h>

struct bus;
struct power;

#define ACPI_PM_EVENT_PORT 0x600 /* status, enable: 16 bits each */
#define ACPI_PM_EVENT_PORTS 4
#define ACPI_PM_CONTROL_PORT 0x604
#define ACPI_PM_CONTROL_PORTS 2
#define ACPI_PM_IRQ 9
#define ACPI_PM_SLEEP_TYPE_OFF 5

struct acpi_pm {
	struct power *power;
	uint16_t enable;
};

void acpi_pm_add(struct acpi_pm *pm, struct power *power, struct bus *ports);

#endif
