/* See mmio_transport.h. */
#include "virtio/mmio_transport.h"

#include "exit.h"
#include "idle.h"
#include "lib/text.h"
#include "mem/space.h"
#include "virtio_mmio.h"

#define REGISTERS_SIZE 0x200u

/* A VMM that names the console's ports on the command line promises more: devices
 * have the modern interface and are as after a reset, queues take VIRTQ_SIZE entries,
 * an interrupt need not be acknowledged before the next, RAM is zero. That spares
 * most of the accesses that driving a device takes. */
static bool terse;

static const struct cmdline *line;
static struct mmio_device seen[CMDLINE_DEVICES_MAX];
static uint32_t seen_count;

static uint32_t read_register(volatile uint8_t *registers, uint32_t offset)
{
	return *(volatile uint32_t *)(registers + offset);
}

static void write_register(volatile uint8_t *registers, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(registers + offset) = value;
}

_Noreturn static void refuse(const char *what, uint64_t address)
{
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	text_string(&text, "virtio-mmio device at ");
	text_hex(&text, address);
	text_string(&text, what);
	runtime_fail(buffer, text.used);
}

void mmio_init(const struct cmdline *command_line)
{
	line = command_line;
	terse = line->ports.known;
}

/* Looks at the next device of the command line. */
static void look(const struct cmdline_device *place)
{
	struct mmio_device *device = &seen[seen_count];
	volatile uint8_t *registers = NULL;
	uint32_t version;

	*device = (struct mmio_device){ .address = place->address, .irq = place->irq };
	if (place->size >= REGISTERS_SIZE)
		registers = space_device(place->address, place->size);
	if (!registers)
		refuse(": not a place for device registers", place->address);
	device->registers = registers;
	if (terse) {
		device->id = read_register(registers, VIRTIO_MMIO_DEVICE_ID);
	} else if (read_register(registers, VIRTIO_MMIO_MAGIC_VALUE) == VIRTIO_MMIO_MAGIC) {
		version = read_register(registers, VIRTIO_MMIO_VERSION);
		device->id = read_register(registers, VIRTIO_MMIO_DEVICE_ID);
		if (version != VIRTIO_MMIO_MODERN && device->id)
			refuse(": legacy interface (version 1); start QEMU with "
			       "-global virtio-mmio.force-legacy=false",
			       place->address);
	}
	seen_count++;
}

struct mmio_device *mmio_find(uint32_t id, uint32_t skip)
{
	for (uint32_t i = 0; i < line->device_count; i++) {
		if (i == seen_count)
			look(&line->devices[i]);
		if (seen[i].id == id && skip-- == 0)
			return &seen[i];
	}
	return NULL;
}

static void add_status(struct mmio_device *device, uint32_t bits)
{
	device->status |= bits;
	write_register(device->registers, VIRTIO_MMIO_STATUS, device->status);
}

uint32_t mmio_offered(struct mmio_device *device)
{
	write_register(device->registers, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return read_register(device->registers, VIRTIO_MMIO_DEVICE_FEATURES);
}

static uint32_t start_tersely(struct mmio_device *device, uint32_t features)
{
	volatile uint8_t *registers = device->registers;

	if (features)
		write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES, features);
	write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	add_status(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
				   VIRTIO_STATUS_DRIVER_OK);
	return features;
}

uint32_t mmio_start(struct mmio_device *device, uint32_t features)
{
	volatile uint8_t *registers = device->registers;

	if (terse)
		return start_tersely(device, features);
	write_register(registers, VIRTIO_MMIO_STATUS, 0);
	add_status(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	if (features) {
		write_register(registers, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
		features &= read_register(registers, VIRTIO_MMIO_DEVICE_FEATURES);
		write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
		write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES, features);
	}
	write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	write_register(registers, VIRTIO_MMIO_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	add_status(device, VIRTIO_STATUS_FEATURES_OK);
	if (!(read_register(registers, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK)) {
		add_status(device, VIRTIO_STATUS_FAILED);
		refuse(": did not accept the features offered", device->address);
	}
	return features;
}

static void write_address(volatile uint8_t *registers, uint32_t offset, const void *object)
{
	uint64_t physical = space_physical(object);

	write_register(registers, offset, (uint32_t)physical);
	if (!terse)
		write_register(registers, offset + 4, (uint32_t)(physical >> 32));
}

bool mmio_queue(struct mmio_device *device, struct virtq *queue, struct virtq_rings *rings, uint16_t number)
{
	volatile uint8_t *registers = device->registers;
	uint16_t size = VIRTQ_SIZE;
	uint32_t max = VIRTQ_SIZE;

	write_register(registers, VIRTIO_MMIO_QUEUE_SEL, number);
	if (!terse)
		max = read_register(registers, VIRTIO_MMIO_QUEUE_NUM_MAX);
	if (!max)
		return false;
	while (size > max)
		size /= 2;
	virtq_init(queue, rings, number, size);
	write_register(registers, VIRTIO_MMIO_QUEUE_NUM, size);
	write_address(registers, VIRTIO_MMIO_QUEUE_DESC_LOW, rings->descriptors);
	write_address(registers, VIRTIO_MMIO_QUEUE_DRIVER_LOW, &rings->available);
	write_address(registers, VIRTIO_MMIO_QUEUE_DEVICE_LOW, &rings->used);
	write_register(registers, VIRTIO_MMIO_QUEUE_READY, 1);
	return true;
}

void mmio_driver_ok(struct mmio_device *device)
{
	if (!terse)
		add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

void mmio_notify(struct mmio_device *device, uint16_t queue)
{
	write_register(device->registers, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

uint32_t mmio_config(struct mmio_device *device, uint32_t offset)
{
	return read_register(device->registers, VIRTIO_MMIO_CONFIG + offset);
}

void mmio_enable_irq(struct mmio_device *device)
{
	if (device->irq_enabled)
		return;
	device->irq_enabled = true;
	/* A line that is up already would never rise. */
	mmio_acknowledge(device);
	/* A line of a second interrupt controller, which nobody drives here. */
	if (nucleus_call(NUCLEUS_IRQ_ENABLE, device->irq, 0, 0, 0) < 0)
		idle_in_naps();
}

void mmio_acknowledge(struct mmio_device *device)
{
	if (!terse)
		write_register(device->registers, VIRTIO_MMIO_INTERRUPT_ACK,
			       VIRTIO_INT_QUEUE | VIRTIO_INT_CONFIG);
}
