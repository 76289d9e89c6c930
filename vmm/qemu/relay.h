/* Moves bytes between QEMU's channels and the caller's streams. Nothing is read that
 * cannot be kept until the other side takes it. */
#ifndef WALNUT_VMM_QEMU_RELAY_H
#define WALNUT_VMM_QEMU_RELAY_H

#include "device/guest_log.h"
#include "failure.h"
#include "qemu/spawn.h"
#include "status_decoder.h"

struct relay_end {
	int signal;	       /* that asked us to stop, or 0 */
	int lost[QEMU_STDERR + 1]; /* why output was dropped, a negative errno, by channel */
	char errors[256];      /* the first of what QEMU itself wrote to stderr */
};

/* Works until QEMU has closed every channel or a signal in `signal_fd` (a signalfd)
 * came. 0, or a negative errno and *failure. */
int relay_run(struct qemu_process *process, const struct vm_config *config, int signal_fd,
	      struct status_decoder *status, struct guest_log *serial, struct relay_end *end,
	      struct failure *failure);

#endif
