/* See pci_transport.h. The VMM is believed where BARs are; that a structure fits into its window is checked before
 * it is used. Interrupts are messages (MSI-X), one for all of a device's queues, or else lines (INTx): where there
 * are neither the processor sleeps in short naps.
 *
 * The I/O APIC takes lines by their edges, so that the nucleus needs to know nothing about devices. Several
 * devices may share a line, which rises again only after all of them have lowered it. */
#include "virtio/pci_transport.h"

#include <cpuid.h>
#include <stddef.h>

#include "exit.h"
#include "idle.h"
#include "lib/text.h"
#include "mem/space.h"
#include "nucleus/nucleus.h"
#include "pci.h"
#include "ports.h"
#include "tsc.h"
#include "virtio_mmio.h"

#define DEVICES_MAX 16
#define RESET_TICKS 6000000000u /* two seconds or so */
#define SLOTS 32
#define FUNCTIONS 8
#define HEADER_MULTIFUNCTION 0x80u
#define HEADER_TYPE 0x0e
#define NO_VENDOR 0xffffu
#define NO_LINE 0xffu
#define TRANSITIONAL_FIRST 0x1000u
#define TRANSITIONAL_LAST 0x103fu
#define MODERN_FIRST 0x1040u
#define MODERN_LAST 0x107fu
#define CAPABILITIES_MAX 48 /* no list is longer that has no loop */
#define BAR_IO 1u
#define BAR_64 4u
#define BARS 6u
#define LOWER_PASSES 16 /* a device that always interrupts again does not hold anybody up */

static struct pci_device devices[DEVICES_MAX];
static uint32_t device_count;
static bool searched;

static uint32_t config_read(uint32_t function, uint32_t offset)
{
	port_write(PCI_CONFIG_ADDRESS, 4, PCI_CONFIG_ENABLE | function | (offset & 0xfc));
	return port_read(PCI_CONFIG_DATA, 4) >> 8 * (offset & 3);
}

static uint16_t config_read16(uint32_t function, uint32_t offset)
{
	return (uint16_t)config_read(function, offset);
}

static uint8_t config_read8(uint32_t function, uint32_t offset)
{
	return (uint8_t)config_read(function, offset);
}

/* At a multiple of 4. */
static void config_write(uint32_t function, uint32_t offset, uint32_t value)
{
	port_write(PCI_CONFIG_ADDRESS, 4, PCI_CONFIG_ENABLE | function | offset);
	port_write(PCI_CONFIG_DATA, 4, value);
}

_Noreturn static void refuse(const struct pci_device *device, const char *why)
{
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "virtio-pci device at 0:");
	text_hex(&text, device->function >> 11 & 31);
	text_string(&text, why);
	runtime_fail(buffer, text.used);
}

/* The device's VIRTIO_ID_*, 0: it is none of virtio's. */
static uint32_t id_of(uint32_t function)
{
	uint16_t number = config_read16(function, PCI_DEVICE_ID);

	if (config_read16(function, PCI_VENDOR_ID) != VIRTIO_PCI_VENDOR)
		return 0;
	if (number >= MODERN_FIRST && number <= MODERN_LAST)
		return number - MODERN_FIRST;
	/* With the old interface as well: the subsystem is the device. */
	return number >= TRANSITIONAL_FIRST && number <= TRANSITIONAL_LAST ? config_read16(function, PCI_SUBSYSTEM_ID) : 0;
}

static void search(void)
{
	searched = true;
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		uint32_t first = slot << 11, functions = FUNCTIONS;

		if (config_read16(first, PCI_VENDOR_ID) == NO_VENDOR) {
			if (slot == 0) /* not even a bridge */
				return;
			continue;
		}
		if (!(config_read8(first, HEADER_TYPE) & HEADER_MULTIFUNCTION))
			functions = 1;
		for (uint32_t i = 0; i < functions && device_count < DEVICES_MAX; i++) {
			uint32_t id = id_of(first | i << 8);

			if (id)
				devices[device_count++] = (struct pci_device){ .id = id, .function = first | i << 8 };
		}
	}
}

/* What is at [offset, offset + size) of a BAR. */
static volatile uint8_t *bar_at(struct pci_device *device, uint32_t bar, uint32_t offset, uint32_t size)
{
	uint64_t low, address;
	volatile void *mapped;

	if (bar >= BARS)
		refuse(device, ": a capability names no BAR");
	low = config_read(device->function, PCI_BAR0 + 4 * bar);
	address = low & ~UINT64_C(15);
	if (!(low & BAR_IO) && (low & BAR_64) && bar + 1 < BARS)
		address |= (uint64_t)config_read(device->function, PCI_BAR0 + 4 * (bar + 1)) << 32;
	if ((low & BAR_IO) || !address)
		refuse(device, ": its registers have no place in memory");
	mapped = space_device(address + offset, size);
	if (!mapped)
		refuse(device, ": not a place for device registers");
	return mapped;
}

static uint8_t next_capability(struct pci_device *device, uint8_t at)
{
	if (!at)
		return (config_read16(device->function, PCI_STATUS) & PCI_STATUS_CAP_LIST) ?
			       config_read8(device->function, PCI_CAPABILITIES) & 0xfc : 0;
	return config_read8(device->function, at + 1u) & 0xfc;
}

static void take_capability(struct pci_device *device, uint8_t at)
{
	uint32_t function = device->function;
	uint8_t type = config_read8(function, at + (uint32_t)offsetof(struct virtio_pci_cap, type));
	uint8_t bar = config_read8(function, at + (uint32_t)offsetof(struct virtio_pci_cap, bar));
	uint32_t offset = config_read(function, at + (uint32_t)offsetof(struct virtio_pci_cap, offset));
	uint32_t size = config_read(function, at + (uint32_t)offsetof(struct virtio_pci_cap, size));

	switch (type) {
	case VIRTIO_PCI_CAP_COMMON:
		if (!device->common && size >= offsetof(struct virtio_pci_common, queue_notify_data))
			device->common = (volatile void *)bar_at(device, bar, offset, size);
		break;
	case VIRTIO_PCI_CAP_NOTIFY:
		if (device->notify || size < sizeof(uint16_t))
			break;
		device->notify = bar_at(device, bar, offset, size);
		device->notify_size = size;
		device->notify_multiplier = config_read(function, at + (uint32_t)offsetof(struct virtio_pci_cap, extra));
		break;
	case VIRTIO_PCI_CAP_DEVICE:
		if (device->config || !size)
			break;
		device->config = bar_at(device, bar, offset, size);
		device->config_size = size;
		break;
	case VIRTIO_PCI_CAP_ISR:
		if (!device->status && size)
			device->status = bar_at(device, bar, offset, size);
		break;
	default: /* there are other ways to the configuration */
		break;
	}
}

/* One entry for everything, at the processor that this is. */
static void take_msix(struct pci_device *device, uint8_t at)
{
	uint32_t table = config_read(device->function, at + (uint32_t)offsetof(struct pci_msix_capability, table));
	volatile struct pci_msix_entry *entry =
		(volatile void *)bar_at(device, table & 7, table & ~7u, sizeof(*entry));
	uint32_t eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	entry->address_low = NUCLEUS_MSI_ADDRESS | (ebx >> 24) << 12;
	entry->address_high = 0;
	entry->data = NUCLEUS_MSI_VECTOR;
	entry->control = 0;
	config_write(device->function, at, (config_read(device->function, at) & ~(PCI_MSIX_MASK_ALL << 16)) |
						   PCI_MSIX_ENABLE << 16);
	device->interrupt = PCI_BY_MESSAGE;
}

/* By its line, if the firmware has given it one. */
static void take_line(struct pci_device *device, uint32_t command)
{
	uint8_t line = config_read8(device->function, PCI_INTERRUPT_LINE);

	if (!device->status || !config_read8(device->function, PCI_INTERRUPT_PIN) || !line || line == NO_LINE)
		return;
	config_write(device->function, PCI_COMMAND, command & ~PCI_COMMAND_INTX_DISABLE);
	device->interrupt = PCI_BY_LINE;
}

static void open(struct pci_device *device)
{
	uint32_t command = config_read16(device->function, PCI_COMMAND) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			   PCI_COMMAND_INTX_DISABLE;
	uint8_t at = 0;

	config_write(device->function, PCI_COMMAND, command);
	for (unsigned i = 0; i < CAPABILITIES_MAX && (at = next_capability(device, at)); i++) {
		switch (config_read8(device->function, at)) {
		case PCI_CAP_VENDOR:
			take_capability(device, at);
			break;
		case PCI_CAP_MSIX:
			take_msix(device, at);
			break;
		}
	}
	if (!device->common || !device->notify)
		refuse(device, ": legacy interface only; start QEMU with disable-legacy=on");
	if (device->interrupt == PCI_BY_MESSAGE)
		idle_until(tsc_read() + 1); /* from here on interrupts can come */
	else
		take_line(device, command);
	if (device->interrupt == PCI_UNHEARD)
		idle_in_naps();
}

struct pci_device *pci_find(uint32_t id, uint32_t skip)
{
	if (!searched)
		search();
	for (uint32_t i = 0; i < device_count; i++) {
		if (devices[i].id != id || skip-- != 0)
			continue;
		if (!devices[i].common)
			open(&devices[i]);
		return &devices[i];
	}
	return NULL;
}

uint32_t pci_offered(struct pci_device *device)
{
	device->common->device_feature_select = 0;
	return device->common->device_feature;
}

static void add_status(struct pci_device *device, uint8_t bits)
{
	device->common->device_status = (uint8_t)(device->common->device_status | bits);
}

uint32_t pci_start(struct pci_device *device, uint32_t features)
{
	volatile struct virtio_pci_common *common = device->common;

	uint64_t deadline = tsc_read() + RESET_TICKS;

	common->device_status = 0;
	while (common->device_status)
		if (tsc_read() > deadline)
			refuse(device, ": it does not come out of its reset");
	add_status(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	features &= pci_offered(device);
	common->driver_feature_select = 0;
	common->driver_feature = features;
	common->driver_feature_select = 1;
	common->driver_feature = 1u << (VIRTIO_F_VERSION_1 - 32);
	common->config_vector = VIRTIO_PCI_NO_VECTOR;
	add_status(device, VIRTIO_STATUS_FEATURES_OK);
	if (common->device_status & VIRTIO_STATUS_FEATURES_OK)
		return features;
	add_status(device, VIRTIO_STATUS_FAILED);
	refuse(device, ": did not accept the features offered");
}

static void set_address(volatile uint64_t *field, const void *object)
{
	uint64_t physical = space_physical(object);
	volatile uint32_t *halves = (volatile uint32_t *)field;

	halves[0] = (uint32_t)physical;
	halves[1] = (uint32_t)(physical >> 32);
}

bool pci_queue(struct pci_device *device, struct virtq *queue, struct virtq_rings *rings, uint16_t number)
{
	volatile struct virtio_pci_common *common = device->common;
	uint16_t size = VIRTQ_SIZE, max;
	uint64_t offset;

	if (number >= PCI_QUEUES_MAX || number >= common->num_queues)
		return false;
	common->queue_select = number;
	max = common->queue_size;
	if (!max)
		return false;
	while (size > max)
		size /= 2;
	offset = (uint64_t)common->queue_notify_off * device->notify_multiplier;
	if (offset > device->notify_size - sizeof(uint16_t) || offset > UINT16_MAX)
		refuse(device, ": a queue's notification address is outside of its window");
	device->notify_offsets[number] = (uint16_t)offset;
	virtq_init(queue, rings, number, size);
	common->queue_size = size;
	common->queue_vector = device->interrupt == PCI_BY_MESSAGE ? 0 : VIRTIO_PCI_NO_VECTOR;
	if (device->interrupt == PCI_BY_MESSAGE && common->queue_vector != 0)
		refuse(device, ": it has no interrupt for its queues");
	set_address(&common->queue_desc, rings->descriptors);
	set_address(&common->queue_driver, &rings->available);
	set_address(&common->queue_device, &rings->used);
	common->queue_enable = 1;
	return true;
}

void pci_driver_ok(struct pci_device *device)
{
	add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

void pci_notify(struct pci_device *device, uint16_t queue)
{
	*(volatile uint16_t *)(device->notify + device->notify_offsets[queue]) = queue;
}

uint32_t pci_config(struct pci_device *device, uint32_t offset)
{
	if (!device->config || offset > device->config_size || device->config_size - offset < sizeof(uint32_t))
		return 0;
	return *(volatile uint32_t *)(device->config + offset);
}

void pci_enable_irq(struct pci_device *device)
{
	uint8_t line;

	if (device->interrupt != PCI_BY_LINE || device->line_enabled)
		return;
	device->line_enabled = true;
	line = config_read8(device->function, PCI_INTERRUPT_LINE);
	if (nucleus_call(NUCLEUS_IRQ_ENABLE, line, 0, 0, 0) < 0) {
		device->interrupt = PCI_UNHEARD;
		idle_in_naps();
	}
	/* A line that was up already would never rise. */
	pci_acknowledge(device);
}

void pci_acknowledge(struct pci_device *device)
{
	uint8_t raised = device->interrupt == PCI_BY_LINE;

	for (unsigned pass = 0; raised && pass < LOWER_PASSES; pass++) {
		raised = 0;
		for (uint32_t i = 0; i < device_count; i++)
			if (devices[i].interrupt == PCI_BY_LINE)
				raised |= *devices[i].status;
	}
}

const char *pci_interrupts(void)
{
	static const char *const names[] = { "none", "lines", "messages" };
	enum pci_interrupt least = PCI_BY_MESSAGE;

	for (uint32_t i = 0; i < device_count; i++)
		if (devices[i].common && devices[i].interrupt < least)
			least = devices[i].interrupt;
	return names[least];
}
