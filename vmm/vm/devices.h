/* The devices of a VM: which ones it has, in which order they appear, and where. */
#ifndef WALNUT_VMM_DEVICES_H
#define WALNUT_VMM_DEVICES_H

#include <stddef.h>
#include <stdint.h>

struct command_line;
struct vm;

/* Creates what vm->config asks for, in the order of libkrun's device table, and connects
 * it to KVM. The interrupt chips exist already. 0, or a negative errno and vm->failure;
 * devices_destroy() is due in both cases. */
int devices_create(struct vm *vm);

/* Tells the kernel where they are, as Linux's virtio_mmio driver wants it. */
void devices_describe(const struct vm *vm, struct command_line *line);

/* On the I/O thread, after the guest has stopped: serves once more what it left behind in
 * the queues of devices that this thread serves. */
void devices_poll(struct vm *vm);

/* Ends the devices' threads; then nothing but the caller touches them. */
void devices_stop(struct vm *vm);

/* Closes and frees them. For when nothing runs any more. */
void devices_destroy(struct vm *vm);

/* Sums for the statistics. */
uint64_t devices_notifies(const struct vm *vm);
uint64_t devices_interrupts(const struct vm *vm);

#endif
