/* The same run under QEMU TCG, for hosts where KVM cannot be used. */
#ifndef WALNUT_VMM_QEMU_H
#define WALNUT_VMM_QEMU_H

struct krun_walnut_result;
struct vm_config;

/* Runs the image to its end, with the contract of krun_walnut_run(): 0 and *result
 * filled in, or a negative errno and result->message. The caller has zeroed
 * *result and set stats.start_ns. */
int qemu_run(const struct vm_config *config, struct krun_walnut_result *result);

#endif
