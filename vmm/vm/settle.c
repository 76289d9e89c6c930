/* Creating the interrupt chips and registering an ioeventfd leave an SRCU grace period
 * behind in KVM. Nothing waits for it until the VM is closed, and then it costs 13 to
 * 20 ms, more than all the rest of a short run. Whoever asks KVM for something that needs
 * the grace period at once makes it an expedited one of 4 to 5 ms; taking a device off the
 * bus is such a thing. Done beside the running guest, it hides the whole cost.
 *
 * Measured (128 MiB guest, irqchip, three ioeventfds, one instruction): 18 to 22 ms
 * without, 6 ms with. docs/vmm.md has the table. */
#include "vm/settle.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "boot/layout.h"

void vm_settle(int vm_fd)
{
	/* In the gap, where no device is: nothing ever matches it. */
	struct kvm_coalesced_mmio_zone zone = { .addr = BOOT_TSS - BOOT_VIRTIO_SIZE, .size = 8 };

	/* Best effort: where it does not work, closing takes longer, and that is all. */
	if (ioctl(vm_fd, KVM_REGISTER_COALESCED_MMIO, &zone) == 0)
		ioctl(vm_fd, KVM_UNREGISTER_COALESCED_MMIO, &zone);
}
