/* The QEMU process: its command line, its birth and its end. */
#ifndef WALNUT_VMM_QEMU_SPAWN_H
#define WALNUT_VMM_QEMU_SPAWN_H

#include <signal.h>
#include <sys/types.h>

#include "failure.h"

struct vm_config;

#define QEMU_PROGRAM "qemu-system-x86_64"

/* The connections between us and QEMU, one socket pair each. */
enum qemu_channel {
	QEMU_STDIN,
	QEMU_STDOUT,
	QEMU_STDERR,
	QEMU_STATUS,
	QEMU_SERIAL,
	QEMU_CHANNELS,
};

struct qemu_process {
	pid_t pid;		   /* 0: not started */
	int channels[QEMU_CHANNELS]; /* our ends; -1: none */
	int errors;		   /* reading end of QEMU's own stderr; -1: none */
};

/* Starts QEMU for this configuration. `signals` is the signal mask it gets. It dies
 * with the calling thread. 0, or a negative errno and *failure; qemu_reap() is due in
 * both cases, and accepts a zeroed-and-never-started process too. */
int qemu_spawn(struct qemu_process *process, const struct vm_config *config,
	       const sigset_t *signals, struct failure *failure);

/* Kills what still runs, waits for it, closes the channels. Returns the wait status, or
 * -1 where there was no process. */
int qemu_reap(struct qemu_process *process);

#endif
