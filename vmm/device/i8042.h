/* The keyboard controller, reduced to its reset line: what kernels use to restart,
 * and so the way a guest ends. */
#ifndef WALNUT_VMM_I8042_H
#define WALNUT_VMM_I8042_H

#include <stdbool.h>

struct bus;

#define I8042_PORT 0x60
#define I8042_PORTS 5

struct i8042 {
	bool reset_requested;
};

void i8042_add(struct i8042 *i8042, struct bus *ports);

#endif
