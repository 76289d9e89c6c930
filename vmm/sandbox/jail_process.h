/* What the two ends of a jail share: the caller (jail.c) and the processes inside (jail_process.c). */
#ifndef WALNUT_VMM_JAIL_PROCESS_H
#define WALNUT_VMM_JAIL_PROCESS_H

#include <signal.h>
#include <stdint.h>

#include "failure.h"
#include "sandbox/jail.h"

#include "walnut.h"

/* On the control socket. */
enum jail_word {
	JAIL_WANTS_IDS, /* users and groups are to be mapped; answered by the same, value: negative errno or 0 */
	JAIL_HAS_INIT,	/* value: its process, the caller's child */
	JAIL_FAILED,	/* value: negative errno, and why */
	JAIL_STOPPED,	/* the machine's process, by job control; not again before a SIGCONT is passed on */
	JAIL_SIGNAL,	/* from the caller, value: to be passed on to the machine's process */
};

struct jail_message {
	enum jail_word word;
	int value;
	struct failure why;
};

/* From the machine's process, once, by a pipe: who reads it believes nothing. */
struct jail_record {
	int error;
	struct krun_walnut_result result;
};

struct jail {
	struct vm_config *config;
	jail_work *work;
	sigset_t mask;	   /* the caller's */
	uint64_t start_ns; /* of the run */
	int control_fd;	   /* the inside's end */
	int result_fd;	   /* the pipe to write to */
	int *inherited;	   /* descriptors to be closed with the walls */
	unsigned inherited_count;
};

/* The life of the process that the caller forked: makes the namespaces, then process 1 as the caller's
 * child. */
_Noreturn void jail_build(struct jail *jail);

/* The caller's descriptors that the machine will not need, once it is built. */
int jail_find_inherited(struct jail *jail);

#endif
