/* KVM's deferred work at VM creation, done early: see settle.c. */
#ifndef WALNUT_VMM_SETTLE_H
#define WALNUT_VMM_SETTLE_H

/* Blocks for a few milliseconds on some hosts: call it on a thread of its own, after the
 * last device of the VM was registered, while the guest already runs. */
void vm_settle(int vm_fd);

#endif
