/* Puts the kernel and all that it is to find into guest memory. */
#ifndef WALNUT_VMM_LOAD_H
#define WALNUT_VMM_LOAD_H

struct vm;

/* vm->kernel is open, the devices exist. */
int load_guest(struct vm *vm);

#endif
