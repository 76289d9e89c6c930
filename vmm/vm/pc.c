/* The PC around an external kernel. */
#include "vm/pc.h"

#include <errno.h>
#include <linux/kvm.h>

#include "boot/acpi.h"
#include "boot/layout.h"
#include "boot/mp_table.h"
#include "vm/kvm.h"
#include "vm/vm.h"

#define ISA_IRQS 16

int pc_create_chips(struct vm *vm)
{
	/* With port 0x61, by which kernels use the timer to calibrate other clocks. */
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	return KVM_CALL(vm->fd, KVM_CREATE_PIT2, &pit, &vm->failure);
}

uint32_t pc_virtio_irq(unsigned place)
{
	static const uint8_t irqs[] = { 5, 6, 7, 10, 11, 12, 13, 14, 15 };

	return place < sizeof(irqs) ? irqs[place] : ISA_IRQS + place - (uint32_t)sizeof(irqs);
}

void pc_add_devices(struct vm *vm)
{
	acpi_pm_add(&vm->pc.acpi_pm, &vm->power, &vm->ports);
	cmos_add(&vm->pc.cmos, vm->mem.regions[0].size, vm->mem.count > 1 ? vm->mem.regions[1].size : 0,
		 &vm->ports);
}

int pc_write_tables(struct vm *vm, uint64_t *rsdp)
{
	struct acpi_machine machine = { .vcpu_count = vm->vcpus.count, .virtio_count = vm->virtio_count };

	machine.pci = vm->config->transport == KRUN_WALNUT_TRANSPORT_PCI;
	_Static_assert(VM_VIRTIO_MAX <= ACPI_VIRTIO_MAX, "the tables have room for all devices");
	for (unsigned i = 0; i < vm->virtio_count; i++) {
		machine.virtio[i].base = (uint32_t)vm->virtio[i]->base;
		machine.virtio[i].size = BOOT_VIRTIO_SIZE;
		machine.virtio[i].gsi = vm->virtio[i]->irq;
	}
	mp_table_write(&vm->mem, vm->vcpus.count);
	*rsdp = acpi_write(&vm->mem, &machine);
	return *rsdp ? 0 : failure_set(&vm->failure, -ENOSPC, "too many devices for the ACPI tables");
}
