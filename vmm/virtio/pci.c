/* virtio-pci: everything is in one memory BAR, described by capabilities.
 *
 * The function's configuration space belongs to the host bridge's lock, what is behind the BAR to
 * the device's; who needs both takes the bridge's first. */
#include "virtio/pci.h"

#include <string.h>

#include "failure.h"

#include "virtio_pci.h"

#define PAGE 0x1000u
#define COMMON_AT 0x0000u
#define ISR_AT 0x1000u
#define CONFIG_AT 0x2000u
#define DOORBELL_AT 0x3000u /* one for all queues: the device looks at all of them */
#define TABLE_AT 0x4000u
#define PENDING_AT 0x5000u

#define ALL_QUEUE_VECTORS (VIRTIO_QUEUES_MAX + 1) /* and one for changes of the configuration */
_Static_assert(ALL_QUEUE_VECTORS <= MSIX_VECTORS_MAX, "each queue has a vector");

static const struct { uint32_t id, class_code; } classes[] = {
	{ VIRTIO_ID_NET, 0x020000 }, { VIRTIO_ID_BLOCK, 0x010000 }, { VIRTIO_ID_CONSOLE, 0x078000 },
};
#define CLASS_OTHER 0xff0000u

static void set_line(struct virtio_pci *pci, bool level)
{
	if (pci->line != level)
		pci->machine->set_line(pci->machine->opaque, pci->device->irq, level);
	pci->line = level;
}

static void interrupt(struct virtio_device *device, uint32_t cause, unsigned queue)
{
	struct virtio_pci *pci = device->pci;

	if (pci->msix.enabled)
		msix_notify(&pci->msix, cause == VIRTIO_INT_CONFIG ? pci->config_vector : pci->queue_vectors[queue]);
	else if (!pci->intx_disabled)
		set_line(pci, true);
}

static void forget_vectors(struct virtio_device *device)
{
	struct virtio_pci *pci = device->pci;

	pci->config_vector = VIRTIO_PCI_NO_VECTOR;
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++)
		pci->queue_vectors[i] = VIRTIO_PCI_NO_VECTOR;
	set_line(pci, false);
}

static const struct virtio_transport_ops transport_ops = { .interrupt = interrupt, .reset = forget_vectors };

static void common_read(struct virtio_pci *pci, uint64_t offset, void *data, unsigned size)
{
	struct virtio_device *device = pci->device;
	const struct virtq *vq = virtio_device_selected_queue(device);
	struct virtio_pci_common common = {
		.device_feature_select = device->device_features_select,
		.device_feature = virtio_device_read_features(device),
		.driver_feature_select = device->driver_features_select,
		.config_vector = pci->config_vector,
		.num_queues = device->queue_count,
		.device_status = (uint8_t)device->status,
		.config_generation = (uint8_t)device->config_generation,
		.queue_select = (uint16_t)device->queue_select,
	};

	if (device->driver_features_select < 2)
		common.driver_feature = (uint32_t)(device->driver_features >> 32 * device->driver_features_select);
	if (vq) {
		/* Until the driver chooses a size it reads the largest. */
		common.queue_size = vq->size ? vq->size : device->ops->queue_size_max;
		common.queue_vector = pci->queue_vectors[device->queue_select];
		common.queue_enable = vq->ready;
		common.queue_desc = vq->desc_gpa;
		common.queue_driver = vq->avail_gpa;
		common.queue_device = vq->used_gpa;
	}
	virtio_config_copy(&common, sizeof(common), offset, data, size);
}

/* What the driver reads back tells it whether the vector exists. */
static void set_vector(struct virtio_pci *pci, uint16_t *vector, uint64_t value)
{
	*vector = value < pci->msix.count ? (uint16_t)value : VIRTIO_PCI_NO_VECTOR;
}

/* Sizes and addresses, while the queue is not in use. */
static void queue_write(struct virtq *vq, uint64_t field, uint32_t value)
{
	switch (field) {
	case offsetof(struct virtio_pci_common, queue_size):
		vq->size = (uint16_t)value;
		break;
	case offsetof(struct virtio_pci_common, queue_desc):
	case offsetof(struct virtio_pci_common, queue_desc) + 4:
		virtio_set_half(&vq->desc_gpa, value, field & 4);
		break;
	case offsetof(struct virtio_pci_common, queue_driver):
	case offsetof(struct virtio_pci_common, queue_driver) + 4:
		virtio_set_half(&vq->avail_gpa, value, field & 4);
		break;
	case offsetof(struct virtio_pci_common, queue_device):
	case offsetof(struct virtio_pci_common, queue_device) + 4:
		virtio_set_half(&vq->used_gpa, value, field & 4);
		break;
	}
}

static void enable_queue(struct virtio_device *device)
{
	struct virtq *vq = virtio_device_selected_queue(device);

	if (vq && vq->size == 0)
		vq->size = device->ops->queue_size_max;
	virtio_device_start_queue(device);
}

/* Any field takes a write of its own size; addresses are written by halves. */
static unsigned field_size(uint64_t field)
{
	switch (field) {
	case offsetof(struct virtio_pci_common, device_status):
	case offsetof(struct virtio_pci_common, config_generation):
		return 1;
	case offsetof(struct virtio_pci_common, config_vector):
	case offsetof(struct virtio_pci_common, num_queues):
		return 2;
	default:
		return field >= offsetof(struct virtio_pci_common, queue_select) &&
				       field < offsetof(struct virtio_pci_common, queue_desc) ? 2 : 4;
	}
}

static void common_write(struct virtio_pci *pci, uint64_t field, const void *data, unsigned size)
{
	struct virtio_device *device = pci->device;
	struct virtq *vq = virtio_device_selected_queue(device);
	uint32_t value = 0;

	if (size != field_size(field))
		return;
	memcpy(&value, data, size);
	switch (field) {
	case offsetof(struct virtio_pci_common, device_feature_select):
		device->device_features_select = value;
		break;
	case offsetof(struct virtio_pci_common, driver_feature_select):
		device->driver_features_select = value;
		break;
	case offsetof(struct virtio_pci_common, driver_feature):
		virtio_device_write_features(device, value);
		break;
	case offsetof(struct virtio_pci_common, config_vector):
		set_vector(pci, &pci->config_vector, value);
		break;
	case offsetof(struct virtio_pci_common, device_status):
		virtio_device_write_status(device, value);
		break;
	case offsetof(struct virtio_pci_common, queue_select):
		device->queue_select = value;
		break;
	case offsetof(struct virtio_pci_common, queue_vector):
		if (vq)
			set_vector(pci, &pci->queue_vectors[device->queue_select], value);
		break;
	case offsetof(struct virtio_pci_common, queue_enable):
		if (value == 1)
			enable_queue(device);
		break;
	default:
		if (vq && !vq->ready)
			queue_write(vq, field, value);
	}
}

/* Reading acknowledges. */
static uint8_t read_isr(struct virtio_pci *pci)
{
	uint8_t value = (uint8_t)pci->device->interrupt_status;

	pci->device->interrupt_status = 0;
	set_line(pci, false);
	return value;
}

static void bar_read(struct pci_function *function, uint64_t offset, void *data, unsigned size)
{
	struct virtio_pci *pci = (struct virtio_pci *)function;
	struct virtio_device *device = pci->device;
	uint64_t at = offset % PAGE;

	memset(data, 0, size);
	pthread_mutex_lock(&device->lock);
	switch (offset - at) {
	case COMMON_AT:
		common_read(pci, at, data, size);
		break;
	case ISR_AT:
		if (at == 0)
			*(uint8_t *)data = read_isr(pci);
		break;
	case CONFIG_AT:
		if (device->ops->config_read)
			device->ops->config_read(device, at, data, size);
		break;
	case TABLE_AT:
		msix_table_read(&pci->msix, at, data, size);
		break;
	case PENDING_AT:
		msix_pending_read(&pci->msix, at, data, size);
		break;
	}
	pthread_mutex_unlock(&device->lock);
}

static void bar_write(struct pci_function *function, uint64_t offset, const void *data, unsigned size)
{
	struct virtio_pci *pci = (struct virtio_pci *)function;
	struct virtio_device *device = pci->device;
	uint64_t at = offset % PAGE;

	pthread_mutex_lock(&device->lock);
	switch (offset - at) {
	case COMMON_AT:
		common_write(pci, at, data, size);
		break;
	case CONFIG_AT:
		if (device->ops->config_write)
			device->ops->config_write(device, at, data, size);
		break;
	case DOORBELL_AT: /* where KVM does not take it */
		virtio_device_revisit(device);
		break;
	case TABLE_AT:
		msix_table_write(&pci->msix, at, data, size);
		break;
	}
	pthread_mutex_unlock(&device->lock);
}

static void bar_moved(struct pci_function *function, uint64_t old)
{
	struct virtio_pci *pci = (struct virtio_pci *)function;

	pci->machine->place_doorbell(pci->machine->opaque, pci->device->notify.fd, old ? old + DOORBELL_AT : 0,
				     function->bar ? function->bar + DOORBELL_AT : 0);
}

/* Section 4.1.4.9: an access to the BAR by way of the configuration space, for firmware that
 * cannot reach it otherwise. True: `offset` and `size` are sensible. */
static bool other_access(const struct virtio_pci *pci, uint32_t *offset, uint32_t *size)
{
	unsigned at = pci->access_capability;

	*offset = pci_config_get32(&pci->function, at + offsetof(struct virtio_pci_cap, offset));
	*size = pci_config_get32(&pci->function, at + offsetof(struct virtio_pci_cap, size));
	return pci->function.config[at + offsetof(struct virtio_pci_cap, bar)] == 0 &&
	       (*size == 1 || *size == 2 || *size == 4) && *offset % *size == 0 && *offset < VIRTIO_PCI_BAR_SIZE;
}

static bool touches(unsigned start, unsigned length, unsigned offset, unsigned size)
{
	return offset < start + length && start < offset + size;
}

static void config_read(struct pci_function *function, unsigned offset, unsigned size)
{
	struct virtio_pci *pci = (struct virtio_pci *)function;
	unsigned data = pci->access_capability + offsetof(struct virtio_pci_cap, extra);
	uint32_t at, length;

	if (touches(data, 4, offset, size) && other_access(pci, &at, &length))
		bar_read(function, at, function->config + data, length);
	if (touches(PCI_STATUS, 1, offset, size)) {
		pthread_mutex_lock(&pci->device->lock);
		function->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
		if (pci->line)
			function->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
		pthread_mutex_unlock(&pci->device->lock);
	}
}

static void config_written(struct pci_function *function, unsigned offset, unsigned size)
{
	struct virtio_pci *pci = (struct virtio_pci *)function;
	unsigned data = pci->access_capability + offsetof(struct virtio_pci_cap, extra);
	unsigned control = pci->msix_capability + offsetof(struct pci_msix_capability, control);
	uint32_t at, length;

	if (touches(data, 4, offset, size) && other_access(pci, &at, &length))
		bar_write(function, at, function->config + data, length);
	pthread_mutex_lock(&pci->device->lock);
	if (touches(control, 2, offset, size))
		msix_control(&pci->msix, pci_config_get16(function, control));
	pci->intx_disabled = pci_config_get16(function, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;
	if (pci->intx_disabled || pci->msix.enabled)
		set_line(pci, false);
	pthread_mutex_unlock(&pci->device->lock);
}

static const struct pci_function_ops function_ops = {
	.config_read = config_read,
	.config_written = config_written,
	.bar_moved = bar_moved,
	.bar_read = bar_read,
	.bar_write = bar_write,
};

static void add_virtio_capability(struct virtio_pci *pci, enum virtio_pci_cap_type type, uint32_t offset,
				  uint32_t size, unsigned length)
{
	struct virtio_pci_cap cap = {
		.id = PCI_CAP_VENDOR, .length = (uint8_t)length, .type = type, .offset = offset, .size = size,
	};

	pci_function_add_capability(&pci->function, &cap, length);
}

static void add_capabilities(struct virtio_pci *pci)
{
	const struct pci_msix_capability msix = {
		.id = PCI_CAP_MSIX, .control = (uint16_t)(pci->msix.count - 1), .table = TABLE_AT, .pending = PENDING_AT,
	};
	const unsigned plain = offsetof(struct virtio_pci_cap, extra), whole = sizeof(struct virtio_pci_cap);
	uint8_t *writable = pci->function.writable;

	pci->msix_capability = pci_function_add_capability(&pci->function, &msix, sizeof(msix));
	writable[pci->msix_capability + offsetof(struct pci_msix_capability, control) + 1] =
		(PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL) >> 8;
	add_virtio_capability(pci, VIRTIO_PCI_CAP_COMMON, COMMON_AT, sizeof(struct virtio_pci_common), plain);
	add_virtio_capability(pci, VIRTIO_PCI_CAP_ISR, ISR_AT, 1, plain);
	add_virtio_capability(pci, VIRTIO_PCI_CAP_DEVICE, CONFIG_AT, PAGE, plain);
	add_virtio_capability(pci, VIRTIO_PCI_CAP_NOTIFY, DOORBELL_AT, 4, whole); /* multiplier 0: one address */
	add_virtio_capability(pci, VIRTIO_PCI_CAP_PCI, 0, 0, whole);
	pci->access_capability = pci->function.last_capability;
	for (unsigned i = offsetof(struct virtio_pci_cap, bar); i < whole; i++)
		if (i == offsetof(struct virtio_pci_cap, bar) || i >= offsetof(struct virtio_pci_cap, offset))
			writable[pci->access_capability + i] = 0xff;
}

static uint32_t class_of(uint32_t id)
{
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].id == id)
			return classes[i].class_code;
	return CLASS_OTHER;
}

int virtio_pci_create(struct virtio_pci *pci, struct virtio_device *device,
		      const struct virtio_device_ops *ops, const struct guest_mem *mem,
		      struct event_loop *loop, uint32_t bar_address, uint32_t irq,
		      const struct virtio_pci_machine *machine, struct failure *failure)
{
	const struct pci_identity identity = {
		.vendor = VIRTIO_PCI_VENDOR, .device = (uint16_t)VIRTIO_PCI_DEVICE(ops->id),
		.subsystem_vendor = VIRTIO_PCI_VENDOR, .subsystem = (uint16_t)VIRTIO_PCI_DEVICE(ops->id),
		.class_code = class_of(ops->id), .revision = VIRTIO_PCI_REVISION,
	};
	int error = virtio_device_create(device, ops, &transport_ops, mem, loop, failure);

	if (error) {
		virtio_device_destroy(device);
		return error;
	}
	*pci = (struct virtio_pci){ .device = device, .machine = machine };
	device->irq = irq;
	device->pci = pci;
	pci_function_init(&pci->function, &function_ops, &identity);
	pci_function_add_bar(&pci->function, bar_address, VIRTIO_PCI_BAR_SIZE);
	pci->function.config[PCI_INTERRUPT_LINE] = (uint8_t)irq;
	pci->function.config[PCI_INTERRUPT_PIN] = 1; /* INTA */
	msix_init(&pci->msix, ALL_QUEUE_VECTORS, machine->send_message, machine->opaque);
	add_capabilities(pci);
	forget_vectors(device);
	return 0;
}
