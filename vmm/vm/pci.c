/* Messages are sent one by one (KVM_SIGNAL_MSI), not by routes and irqfds: our own threads are
 * the only ones that raise them, and each change of KVM's routing table waits for a grace period. */
#include "vm/pci.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "log.h"

static void send_message(void *opaque, uint64_t address, uint32_t data)
{
	struct vm_pci *pci = opaque;
	struct kvm_msi message = {
		.address_lo = (uint32_t)address, .address_hi = (uint32_t)(address >> 32), .data = data,
	};

	/* An address at which no processor listens is the guest's affair. */
	ioctl(pci->vm_fd, KVM_SIGNAL_MSI, &message);
}

static void set_line(void *opaque, uint32_t irq, bool level)
{
	struct vm_pci *pci = opaque;
	struct kvm_irq_level line = { .irq = irq, .level = level };

	ioctl(pci->vm_fd, KVM_IRQ_LINE, &line);
}

/* Where KVM refuses, each notification exits: slower, nothing else. */
static void place_doorbell(void *opaque, int fd, uint64_t old, uint64_t address)
{
	struct vm_pci *pci = opaque;
	struct kvm_ioeventfd doorbell = { .len = sizeof(uint16_t), .fd = fd };

	if (old) {
		doorbell.addr = old;
		doorbell.flags = KVM_IOEVENTFD_FLAG_DEASSIGN;
		ioctl(pci->vm_fd, KVM_IOEVENTFD, &doorbell);
	}
	doorbell.addr = address;
	doorbell.flags = 0;
	if (address && ioctl(pci->vm_fd, KVM_IOEVENTFD, &doorbell) != 0)
		log_line(LOG_LEVEL_WARN, "no ioeventfd at 0x%llx: %s", (unsigned long long)address, strerror(errno));
}

void vm_pci_create(struct vm_pci *pci, int vm_fd, struct bus *ports, struct bus *mmio)
{
	pci->vm_fd = vm_fd;
	pci->machine = (struct virtio_pci_machine){
		.send_message = send_message, .set_line = set_line, .place_doorbell = place_doorbell, .opaque = pci,
	};
	pci_host_create(&pci->host, ports, mmio);
}
