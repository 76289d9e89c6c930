/* vmm/pci/ and vmm/virtio/pci.c: a PCI bus with virtio devices, driven as a guest would, by
 * ports and memory, without KVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "boot/layout.h"
#include "device/bus.h"
#include "driver.h"
#include "failure.h"
#include "pci/host.h"
#include "virtio/balloon.h"
#include "virtio/pci.h"
#include "virtio/rng.h"

#include "virtio_balloon.h"
#include "virtio_pci.h"

#define QUEUE_SIZE 16
#define BUFFER 0x80000u
#define RNG 1u /* device numbers */
#define BALLOON 2u
#define NEW_PLACE (BOOT_PCI_WINDOW + 0x100000u)
#define ALL_STATUS (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK | \
		    VIRTIO_STATUS_DRIVER_OK)

struct fixture {
	struct test_ram ram;
	struct event_loop loop;
	struct bus ports, mmio;
	struct pci_host host;
	struct virtio_pci_machine machine;
	struct virtio_device rng;
	struct balloon balloon;
	struct virtio_pci rng_pci, balloon_pci;
	struct test_queue queue;
	struct failure failure;

	/* What the machine was asked for. */
	unsigned messages;
	uint64_t message_address;
	uint32_t message_data;
	bool lines[16];
	uint64_t doorbell;
};

static void send_message(void *opaque, uint64_t address, uint32_t data)
{
	struct fixture *f = opaque;

	f->messages++;
	f->message_address = address;
	f->message_data = data;
}

static void set_line(void *opaque, uint32_t irq, bool level)
{
	((struct fixture *)opaque)->lines[irq] = level;
}

static void place_doorbell(void *opaque, int fd, uint64_t old, uint64_t address)
{
	struct fixture *f = opaque;

	if (fd == f->rng.notify.fd) {
		assert_int_equal(old, f->doorbell);
		f->doorbell = address;
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_ram_create(&f->ram);
	assert_int_equal(event_loop_create(&f->loop), 0);
	f->machine = (struct virtio_pci_machine){ send_message, set_line, place_doorbell, f };
	pci_host_create(&f->host, &f->ports, &f->mmio);
	assert_int_equal(virtio_pci_create(&f->rng_pci, &f->rng, &rng_ops, &f->ram.mem, &f->loop, BOOT_PCI_WINDOW, 5,
					   &f->machine, &f->failure), 0);
	assert_int_equal(virtio_pci_create(&f->balloon_pci, &f->balloon.device, &balloon_ops, &f->ram.mem, &f->loop,
					   BOOT_PCI_WINDOW + VIRTIO_PCI_BAR_SIZE, 6, &f->machine, &f->failure), 0);
	pci_host_add(&f->host, &f->rng_pci.function);
	pci_host_add(&f->host, &f->balloon_pci.function);
	f->queue = (struct test_queue){ .ram = &f->ram, .size = QUEUE_SIZE };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	virtio_device_destroy(&f->rng);
	virtio_device_destroy(&f->balloon.device);
	event_loop_destroy(&f->loop);
	test_ram_destroy(&f->ram);
	free(f);
	return 0;
}

/* The guest's accesses. */

static void select_register(struct fixture *f, unsigned device, unsigned offset)
{
	uint32_t address = PCI_CONFIG_ENABLE | device << 11 | (offset & 0xfc);

	bus_write(&f->ports, PCI_CONFIG_ADDRESS, &address, 4);
}

static uint32_t config_get(struct fixture *f, unsigned device, unsigned offset, unsigned size)
{
	uint32_t value = 0;

	select_register(f, device, offset);
	bus_read(&f->ports, PCI_CONFIG_DATA + (offset & 3), &value, size);
	return value;
}

static void config_put(struct fixture *f, unsigned device, unsigned offset, unsigned size, uint32_t value)
{
	select_register(f, device, offset);
	bus_write(&f->ports, PCI_CONFIG_DATA + (offset & 3), &value, size);
}

static uint64_t get(struct fixture *f, uint64_t address, unsigned size)
{
	uint64_t value = 0;

	bus_read(&f->mmio, address, &value, size);
	return value;
}

static void put(struct fixture *f, uint64_t address, unsigned size, uint64_t value)
{
	bus_write(&f->mmio, address, &value, size);
}

/* As a driver does: follows the list. 0: there is no such capability. */
static unsigned find_capability(struct fixture *f, unsigned device, uint8_t id, uint8_t type)
{
	unsigned at = config_get(f, device, PCI_CAPABILITIES, 1);

	for (int i = 0; at != 0 && i < 48; i++) {
		if (config_get(f, device, at, 1) == id && (type == 0 || config_get(f, device, at + 3, 1) == type))
			return at;
		at = config_get(f, device, at + 1, 1);
	}
	return 0;
}

/* The address of a virtio structure. */
static uint64_t structure(struct fixture *f, unsigned device, enum virtio_pci_cap_type type)
{
	unsigned at = find_capability(f, device, PCI_CAP_VENDOR, (uint8_t)type);

	assert_int_not_equal(at, 0);
	assert_int_equal(config_get(f, device, at + 4, 1), 0);
	return (config_get(f, device, PCI_BAR0, 4) & ~0xfu) + config_get(f, device, at + 8, 4);
}

static void enable(struct fixture *f, unsigned device)
{
	config_put(f, device, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

#define COMMON(field) (common + offsetof(struct virtio_pci_common, field))

static void start(struct fixture *f, unsigned device)
{
	uint64_t common = structure(f, device, VIRTIO_PCI_CAP_COMMON);

	enable(f, device);
	put(f, COMMON(device_status), 1, 0);
	put(f, COMMON(device_status), 1, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put(f, COMMON(driver_feature_select), 4, 1);
	put(f, COMMON(driver_feature), 4, 1); /* VERSION_1 */
	put(f, COMMON(device_status), 1, ALL_STATUS & ~VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(get(f, COMMON(device_status), 1), ALL_STATUS & ~VIRTIO_STATUS_DRIVER_OK);
	put(f, COMMON(queue_select), 2, 0);
	put(f, COMMON(queue_size), 2, QUEUE_SIZE);
	put(f, COMMON(queue_desc), 4, TEST_DESC(0));
	put(f, COMMON(queue_driver), 4, TEST_AVAIL(0));
	put(f, COMMON(queue_device), 4, TEST_USED(0));
	put(f, COMMON(queue_enable), 2, 1);
	assert_int_equal(get(f, COMMON(queue_enable), 2), 1);
	put(f, COMMON(device_status), 1, ALL_STATUS);
}

/* MSI-X on, each vector's message is 0xfee00000 and 0x40 plus its number; not masked. */
static uint64_t enable_msix(struct fixture *f, unsigned device, unsigned vectors)
{
	unsigned at = find_capability(f, device, PCI_CAP_MSIX, 0);
	uint64_t table = (config_get(f, device, PCI_BAR0, 4) & ~0xfu) + config_get(f, device, at + 4, 4);

	for (unsigned i = 0; i < vectors; i++) {
		put(f, table + 16 * i, 4, 0xfee00000);
		put(f, table + 16 * i + 4, 4, 0);
		put(f, table + 16 * i + 8, 4, 0x40 + i);
		put(f, table + 16 * i + 12, 4, 0);
	}
	config_put(f, device, at + 2, 2, PCI_MSIX_ENABLE);
	return table;
}

/* One request of the entropy device. */
static void request(struct fixture *f)
{
	struct pollfd p = { .fd = f->loop.epoll_fd, .events = POLLIN };
	uint64_t doorbell = structure(f, RNG, VIRTIO_PCI_CAP_NOTIFY);

	test_offer_buffer(&f->queue, 0, BUFFER, 64, VIRTQ_DESC_F_WRITE);
	put(f, doorbell, 2, 0);
	while (poll(&p, 1, 0) > 0)
		event_loop_turn(&f->loop);
	assert_int_equal(test_completed(&f->queue)->len, 64);
}

static void the_bus_is_enumerated(void **state)
{
	struct fixture *f = *state;
	uint32_t value;

	select_register(f, 0, 0);
	bus_read(&f->ports, PCI_CONFIG_ADDRESS, &value, 4);
	assert_int_equal(value, PCI_CONFIG_ENABLE);
	assert_int_equal(config_get(f, 0, PCI_CLASS, 1) | config_get(f, 0, PCI_CLASS + 1, 2) << 8, PCI_CLASS_HOST_BRIDGE);
	assert_int_equal(config_get(f, RNG, PCI_VENDOR_ID, 4), 0x10441af4);
	assert_int_equal(config_get(f, BALLOON, PCI_VENDOR_ID, 4), 0x10451af4);
	for (unsigned i = 3; i < 32; i++)
		assert_true(config_get(f, i, 0, 4) == UINT32_MAX);
	value = PCI_CONFIG_ENABLE | 1 << 16 | RNG << 11; /* another bus */
	bus_write(&f->ports, PCI_CONFIG_ADDRESS, &value, 4);
	bus_read(&f->ports, PCI_CONFIG_DATA, &value, 4);
	assert_true(value == UINT32_MAX);
	value = PCI_CONFIG_ENABLE | RNG << 11 | 1 << 8; /* another function */
	bus_write(&f->ports, PCI_CONFIG_ADDRESS, &value, 4);
	bus_read(&f->ports, PCI_CONFIG_DATA, &value, 4);
	assert_true(value == UINT32_MAX);
	value = RNG << 11; /* not enabled */
	bus_write(&f->ports, PCI_CONFIG_ADDRESS, &value, 4);
	bus_read(&f->ports, PCI_CONFIG_DATA, &value, 4);
	assert_true(value == UINT32_MAX);
}

static void identity_is_not_writable(void **state)
{
	struct fixture *f = *state;

	for (unsigned at = 0; at < PCI_CONFIG_SIZE; at += 4)
		if (at != PCI_COMMAND && at != PCI_BAR0)
			config_put(f, RNG, at, 4, UINT32_MAX);
	assert_int_equal(config_get(f, RNG, PCI_VENDOR_ID, 4), 0x10441af4);
	assert_int_equal(config_get(f, RNG, PCI_SUBSYSTEM_VENDOR_ID, 2), 0x1af4);
	assert_int_equal(config_get(f, RNG, PCI_BAR0 + 4, 4), 0);
	assert_int_not_equal(find_capability(f, RNG, PCI_CAP_MSIX, 0), 0);
	for (uint8_t type = VIRTIO_PCI_CAP_COMMON; type <= VIRTIO_PCI_CAP_PCI; type++)
		assert_int_not_equal(find_capability(f, RNG, PCI_CAP_VENDOR, type), 0);
}

static void the_bar_tells_its_size_and_moves(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, RNG, VIRTIO_PCI_CAP_COMMON);

	assert_true(get(f, COMMON(num_queues), 2) == 0xffff); /* not enabled */
	assert_int_equal(f->doorbell, 0);
	config_put(f, RNG, PCI_BAR0, 4, UINT32_MAX);
	assert_int_equal(config_get(f, RNG, PCI_BAR0, 4), ~(VIRTIO_PCI_BAR_SIZE - 1));
	config_put(f, RNG, PCI_BAR0, 4, BOOT_PCI_WINDOW);
	enable(f, RNG);
	assert_int_equal(get(f, COMMON(num_queues), 2), 1);
	assert_int_equal(f->doorbell, structure(f, RNG, VIRTIO_PCI_CAP_NOTIFY));

	config_put(f, RNG, PCI_BAR0, 4, NEW_PLACE);
	assert_true(get(f, COMMON(num_queues), 2) == 0xffff);
	common = structure(f, RNG, VIRTIO_PCI_CAP_COMMON);
	assert_int_equal(common & ~0xfffull, NEW_PLACE);
	assert_int_equal(get(f, COMMON(num_queues), 2), 1);
	assert_int_equal(f->doorbell, structure(f, RNG, VIRTIO_PCI_CAP_NOTIFY));
	config_put(f, RNG, PCI_COMMAND, 2, 0);
	assert_int_equal(f->doorbell, 0);
}

static void a_bar_outside_the_window_answers_nowhere(void **state)
{
	static const uint32_t places[] = { 0, 0x100000, 0xfee00000, 0xffff8000, BOOT_PCI_WINDOW - VIRTIO_PCI_BAR_SIZE,
					   BOOT_PCI_WINDOW + BOOT_PCI_WINDOW_SIZE };
	struct fixture *f = *state;

	enable(f, RNG);
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		config_put(f, RNG, PCI_BAR0, 4, places[i]);
		assert_int_equal(f->doorbell, 0);
	}
	config_put(f, RNG, PCI_BAR0, 4, BOOT_PCI_WINDOW + BOOT_PCI_WINDOW_SIZE - VIRTIO_PCI_BAR_SIZE);
	assert_int_not_equal(f->doorbell, 0);
}

static void requests_end_with_a_message(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, RNG, VIRTIO_PCI_CAP_COMMON);

	start(f, RNG);
	enable_msix(f, RNG, 2);
	put(f, COMMON(queue_vector), 2, 1);
	assert_int_equal(get(f, COMMON(queue_vector), 2), 1);
	request(f);
	assert_int_equal(f->messages, 1);
	assert_true(f->message_address == 0xfee00000);
	assert_int_equal(f->message_data, 0x41);
	assert_false(f->lines[5]);
}

static void without_a_vector_there_is_no_message(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, RNG, VIRTIO_PCI_CAP_COMMON);

	start(f, RNG);
	enable_msix(f, RNG, 2);
	put(f, COMMON(queue_vector), 2, 999);
	assert_int_equal(get(f, COMMON(queue_vector), 2), VIRTIO_PCI_NO_VECTOR);
	request(f);
	assert_int_equal(f->messages, 0);
	put(f, COMMON(queue_vector), 2, 0);
	put(f, COMMON(device_status), 1, 0);
	assert_int_equal(get(f, COMMON(queue_vector), 2), VIRTIO_PCI_NO_VECTOR);
}

static void masked_messages_wait(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, RNG, VIRTIO_PCI_CAP_COMMON), table, pending;
	unsigned at = find_capability(f, RNG, PCI_CAP_MSIX, 0);

	start(f, RNG);
	table = enable_msix(f, RNG, 1);
	pending = (config_get(f, RNG, PCI_BAR0, 4) & ~0xfu) + config_get(f, RNG, at + 8, 4);
	put(f, COMMON(queue_vector), 2, 0);
	put(f, table + 12, 4, PCI_MSIX_ENTRY_MASKED);
	request(f);
	assert_int_equal(f->messages, 0);
	assert_int_equal(get(f, pending, 4), 1);
	put(f, table + 12, 4, 0);
	assert_int_equal(f->messages, 1);
	assert_int_equal(get(f, pending, 4), 0);

	config_put(f, RNG, at + 2, 2, PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
	request(f);
	assert_int_equal(f->messages, 1);
	config_put(f, RNG, at + 2, 2, PCI_MSIX_ENABLE);
	assert_int_equal(f->messages, 2);
}

static void tables_end_where_they_say(void **state)
{
	struct fixture *f = *state;
	unsigned at = find_capability(f, RNG, PCI_CAP_MSIX, 0);
	unsigned count = (config_get(f, RNG, at + 2, 2) & 0x7ff) + 1;
	uint64_t table;

	enable(f, RNG);
	table = enable_msix(f, RNG, 1);
	put(f, table + 16 * count, 8, UINT64_MAX);
	assert_true(get(f, table + 16 * count, 8) == 0);
	put(f, table + 1, 4, UINT32_MAX);
	put(f, table + 8, 2, UINT32_MAX);
	assert_int_equal(get(f, table, 4), 0xfee00000);
	assert_int_equal(get(f, table + 8, 4), 0x40);
	put(f, table, 8, 0x1122334455667788);
	assert_true(get(f, table, 8) == 0x1122334455667788);
}

static void without_messages_the_line_is_raised_until_it_is_read(void **state)
{
	struct fixture *f = *state;
	uint64_t isr = structure(f, RNG, VIRTIO_PCI_CAP_ISR);

	start(f, RNG);
	request(f);
	assert_true(f->lines[5]);
	assert_true(config_get(f, RNG, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	assert_int_equal(config_get(f, RNG, PCI_INTERRUPT_LINE, 1), 5);
	assert_int_equal(get(f, isr, 1), VIRTIO_INT_QUEUE);
	assert_false(f->lines[5]);
	assert_false(config_get(f, RNG, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
	assert_int_equal(get(f, isr, 1), 0);
	config_put(f, RNG, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	request(f);
	assert_false(f->lines[5]);
	assert_int_equal(f->messages, 0);
}

static void queue_registers_are_those_of_the_selected_queue(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, BALLOON, VIRTIO_PCI_CAP_COMMON);

	enable(f, BALLOON);
	assert_int_equal(get(f, COMMON(num_queues), 2), 5);
	put(f, COMMON(queue_select), 2, 4);
	assert_int_equal(get(f, COMMON(queue_size), 2), 128); /* the largest */
	put(f, COMMON(queue_size), 2, 32);
	put(f, COMMON(queue_desc), 4, 0x11110000);
	put(f, COMMON(queue_desc) + 4, 4, 0x22);
	assert_true(get(f, COMMON(queue_desc), 4) == 0x11110000);
	assert_true(get(f, COMMON(queue_desc), 8) == 0x2211110000);
	put(f, COMMON(queue_select), 2, 3);
	assert_int_equal(get(f, COMMON(queue_size), 2), 128);
	put(f, COMMON(queue_select), 2, 5);
	assert_int_equal(get(f, COMMON(queue_size), 2), 0);
	put(f, COMMON(queue_enable), 2, 1);
	put(f, COMMON(queue_select), 2, 0xffff);
	put(f, COMMON(queue_vector), 2, 1);
	put(f, COMMON(queue_size), 2, 8);
	assert_int_equal(get(f, COMMON(queue_size), 2), 0);
}

static void bad_queue_breaks_the_device(void **state)
{
	struct fixture *f = *state;
	uint64_t common = structure(f, BALLOON, VIRTIO_PCI_CAP_COMMON);

	start(f, BALLOON);
	enable_msix(f, BALLOON, 1);
	put(f, COMMON(config_vector), 2, 0);
	put(f, COMMON(queue_select), 2, 1);
	put(f, COMMON(queue_desc), 4, TEST_RAM_SIZE);
	put(f, COMMON(queue_enable), 2, 1);
	assert_true(get(f, COMMON(device_status), 1) & VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(f->messages, 1); /* of the configuration's vector */
	assert_int_equal(f->message_data, 0x40);
}

static void device_configuration_is_reached(void **state)
{
	struct fixture *f = *state;
	uint64_t config = structure(f, BALLOON, VIRTIO_PCI_CAP_DEVICE);

	enable(f, BALLOON);
	put(f, config + 4, 4, 1234);
	assert_int_equal(get(f, config + 4, 4), 1234);
	assert_int_equal(get(f, config + 0xff8, 8), 0);
}

static void the_bar_is_reached_by_the_configuration_space(void **state)
{
	struct fixture *f = *state;
	unsigned at = find_capability(f, BALLOON, PCI_CAP_VENDOR, VIRTIO_PCI_CAP_PCI);
	unsigned device = find_capability(f, BALLOON, PCI_CAP_VENDOR, VIRTIO_PCI_CAP_DEVICE);

	/* The balloon's `actual`, with memory decoding off. */
	config_put(f, BALLOON, at + 8, 4, config_get(f, BALLOON, device + 8, 4) + 4);
	config_put(f, BALLOON, at + 12, 4, 4);
	config_put(f, BALLOON, at + 16, 4, 4321);
	assert_int_equal(f->balloon.actual, 4321);
	assert_int_equal(config_get(f, BALLOON, at + 16, 4), 4321);
	/* Nonsense goes nowhere. */
	config_put(f, BALLOON, at + 12, 4, 3);
	config_put(f, BALLOON, at + 16, 4, 1);
	config_put(f, BALLOON, at + 12, 4, 4);
	config_put(f, BALLOON, at + 8, 4, UINT32_MAX - 3);
	config_put(f, BALLOON, at + 16, 4, 1);
	config_put(f, BALLOON, at + 4, 1, 5);
	config_put(f, BALLOON, at + 8, 4, config_get(f, BALLOON, device + 8, 4) + 4);
	config_put(f, BALLOON, at + 16, 4, 1);
	assert_int_equal(f->balloon.actual, 4321);
}

static void odd_port_accesses_do_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t value = 0x01;

	select_register(f, RNG, 0);
	bus_write(&f->ports, PCI_CONFIG_ADDRESS + 3, &value, 1); /* how Linux looks for mechanism #1 */
	bus_read(&f->ports, PCI_CONFIG_ADDRESS, &value, 4);
	assert_int_equal(value, PCI_CONFIG_ENABLE | RNG << 11);
	bus_read(&f->ports, PCI_CONFIG_ADDRESS + 2, &value, 2);
	assert_int_equal(value & 0xffff, 0xffff);
	bus_read(&f->ports, PCI_CONFIG_DATA + 2, &value, 4); /* reaches over the end */
	assert_true(value == UINT32_MAX);
	bus_read(&f->ports, PCI_CONFIG_DATA + 2, &value, 2);
	assert_int_equal(value & 0xffff, 0x1044);
}

#define ON_A_BUS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_BUS(the_bus_is_enumerated),
		ON_A_BUS(identity_is_not_writable),
		ON_A_BUS(the_bar_tells_its_size_and_moves),
		ON_A_BUS(a_bar_outside_the_window_answers_nowhere),
		ON_A_BUS(requests_end_with_a_message),
		ON_A_BUS(without_a_vector_there_is_no_message),
		ON_A_BUS(masked_messages_wait),
		ON_A_BUS(tables_end_where_they_say),
		ON_A_BUS(without_messages_the_line_is_raised_until_it_is_read),
		ON_A_BUS(queue_registers_are_those_of_the_selected_queue),
		ON_A_BUS(bad_queue_breaks_the_device),
		ON_A_BUS(device_configuration_is_reached),
		ON_A_BUS(the_bar_is_reached_by_the_configuration_space),
		ON_A_BUS(odd_port_accesses_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
