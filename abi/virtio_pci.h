/* virtio over PCI: virtio 1.2, section 4.1. */
#ifndef WALNUT_ABI_VIRTIO_PCI_H
#define WALNUT_ABI_VIRTIO_PCI_H

#include <stddef.h>
#include <stdint.h>

#include "virtio.h"

#define VIRTIO_PCI_VENDOR 0x1af4u
#define VIRTIO_PCI_DEVICE(id) (0x1040u + (id))
#define VIRTIO_PCI_REVISION 1u

#define VIRTIO_PCI_NO_VECTOR 0xffffu

enum virtio_pci_cap_type {
	VIRTIO_PCI_CAP_COMMON = 1,
	VIRTIO_PCI_CAP_NOTIFY = 2,
	VIRTIO_PCI_CAP_ISR = 3,
	VIRTIO_PCI_CAP_DEVICE = 4,
	VIRTIO_PCI_CAP_PCI = 5,
};

struct virtio_pci_cap {
	uint8_t id; /* vendor specific */
	uint8_t next;
	uint8_t length; /* of this capability */
	uint8_t type;
	uint8_t bar;
	uint8_t instance;
	uint8_t unused[2];
	uint32_t offset;
	uint32_t size;
	uint32_t extra; /* NOTIFY: multiplier; PCI: data; the others end before it */
};

struct virtio_pci_common {
	uint32_t device_feature_select;
	uint32_t device_feature;
	uint32_t driver_feature_select;
	uint32_t driver_feature;
	uint16_t config_vector;
	uint16_t num_queues;
	uint8_t device_status;
	uint8_t config_generation;
	uint16_t queue_select;
	uint16_t queue_size;
	uint16_t queue_vector;
	uint16_t queue_enable;
	uint16_t queue_notify_off;
	uint64_t queue_desc;
	uint64_t queue_driver;
	uint64_t queue_device;
	uint16_t queue_notify_data;
	uint16_t queue_reset;
	uint32_t unused;
};

_Static_assert(sizeof(struct virtio_pci_cap) == 20, "capability");
_Static_assert(sizeof(struct virtio_pci_common) == 64, "common configuration");
_Static_assert(offsetof(struct virtio_pci_common, config_vector) == 16, "common configuration");
_Static_assert(offsetof(struct virtio_pci_common, queue_desc) == 32, "common configuration");
_Static_assert(offsetof(struct virtio_pci_common, queue_notify_data) == 56, "common configuration");

#endif
