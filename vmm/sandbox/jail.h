/* The jail: a process of its own for the machine, which has namespaces of its own and, once the guest
 * runs, an empty root directory, no capabilities, and limits. docs/security.md has the whole picture.
 *
 *	caller                    waits, passes on signals, gets the result
 *	 └─ process 1 (init)      of the new pid namespace: waits for the machine's, passes on signals
 *	     └─ process 2         builds the machine as anybody would, closes the walls, runs it
 */
#ifndef WALNUT_VMM_JAIL_H
#define WALNUT_VMM_JAIL_H

#include <stdint.h>

struct failure;
struct krun_walnut_result;
struct vm_config;

typedef int jail_work(const struct vm_config *config, struct krun_walnut_result *result);

/* Runs the work, which is to call jail_close() on config->walls, in a jail. What it returns, and *result;
 * or a negative errno and result->message where there can be no jail: the work is never done without. */
int jail_run(struct vm_config *config, jail_work *work, struct krun_walnut_result *result);

/* In the jailed process. */
struct jail;

/* Right before the guest's first instruction: closes descriptors that are not the machine's, changes the
 * root directory for an empty one, sets limits, and gives up the calling thread's capabilities; the others
 * do that by sandbox_enter() with SANDBOX_JAILED. 0, or a negative errno and *failure. */
int jail_close(const struct jail *jail, struct failure *failure);

/* Then: no more threads or processes, unless names are to be looked up. */
int jail_end_threads(const struct jail *jail, struct failure *failure);

#endif
