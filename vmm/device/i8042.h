/* The keyboard controller, reduced to its reset line: what kernels use to restart,
 * and so the way a guest ends. */
#ifndef WALNUT_VMM_I8042_H
#define WALNUT_VMM_I8042_H

struct bus;
struct power;

#define I8042_PORT 0x60
#define I8042_PORTS 5
#define I8042_COMMAND_PORT 0x64
#define I8042_COMMAND_RESET 0xfe

void i8042_add(struct power *power, struct bus *ports);

#endif
