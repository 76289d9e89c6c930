/* The host bridge: configuration accesses by two ports, and the BARs' window, in which each
 * function answers where the guest put it. */
#include "pci/host.h"

#include <assert.h>
#include <string.h>

#include "boot/layout.h"
#include "device/bus.h"

#define BRIDGE_VENDOR 0x8086 /* a bridge that every system knows: Intel's 82441FX */
#define BRIDGE_DEVICE 0x1237

#define DATA_OFFSET (PCI_CONFIG_DATA - PCI_CONFIG_ADDRESS)

/* The function and register that the address register names, for an access to its byte
 * `byte`. NULL: nobody is there. */
static struct pci_function *selected(const struct pci_host *host, uint64_t byte, unsigned *offset)
{
	unsigned bus = host->address >> 16 & 0xff, device = host->address >> 11 & 0x1f;
	unsigned function = host->address >> 8 & 7;

	*offset = (host->address & 0xfc) + (unsigned)byte;
	if (!(host->address & PCI_CONFIG_ENABLE) || bus != 0 || function != 0)
		return NULL;
	return host->functions[device];
}

static void ports_read(void *opaque, uint64_t offset, void *data, unsigned size)
{
	struct pci_host *host = opaque;
	struct pci_function *function;
	unsigned at;

	memset(data, 0xff, size);
	pthread_mutex_lock(&host->lock);
	if (offset == 0 && size == sizeof(host->address)) {
		memcpy(data, &host->address, size);
	} else if (offset >= DATA_OFFSET) {
		function = selected(host, offset - DATA_OFFSET, &at);
		if (function)
			pci_function_read(function, at, data, size);
	}
	pthread_mutex_unlock(&host->lock);
}

static void ports_write(void *opaque, uint64_t offset, const void *data, unsigned size)
{
	struct pci_host *host = opaque;
	struct pci_function *function;
	unsigned at;

	pthread_mutex_lock(&host->lock);
	if (offset == 0 && size == sizeof(host->address)) {
		memcpy(&host->address, data, size);
		host->address &= PCI_CONFIG_ENABLE | 0x00fffffc;
	} else if (offset >= DATA_OFFSET) {
		function = selected(host, offset - DATA_OFFSET, &at);
		if (function)
			pci_function_write(function, at, data, size);
	}
	pthread_mutex_unlock(&host->lock);
}

/* Who answers at [address, address + size), and where its BAR begins. */
static struct pci_function *decode(struct pci_host *host, uint64_t address, unsigned size, uint64_t *bar)
{
	struct pci_function *found = NULL;

	pthread_mutex_lock(&host->lock);
	for (unsigned i = 0; i < host->count && !found; i++) {
		struct pci_function *function = host->functions[i];

		*bar = function->bar;
		if (*bar != 0 && address >= *bar && address + size - *bar <= function->bar_size)
			found = function;
	}
	pthread_mutex_unlock(&host->lock);
	return found;
}

static void window_read(void *opaque, uint64_t offset, void *data, unsigned size)
{
	uint64_t bar;
	struct pci_function *function = decode(opaque, BOOT_PCI_WINDOW + offset, size, &bar);

	if (function)
		function->ops->bar_read(function, BOOT_PCI_WINDOW + offset - bar, data, size);
	else
		memset(data, 0xff, size);
}

static void window_write(void *opaque, uint64_t offset, const void *data, unsigned size)
{
	uint64_t bar;
	struct pci_function *function = decode(opaque, BOOT_PCI_WINDOW + offset, size, &bar);

	if (function)
		function->ops->bar_write(function, BOOT_PCI_WINDOW + offset - bar, data, size);
}

static const struct bus_ops ports_ops = { .read = ports_read, .write = ports_write };
static const struct bus_ops window_ops = { .read = window_read, .write = window_write };

void pci_host_create(struct pci_host *host, struct bus *ports, struct bus *mmio)
{
	static const struct pci_identity identity = {
		.vendor = BRIDGE_VENDOR, .device = BRIDGE_DEVICE, .class_code = PCI_CLASS_HOST_BRIDGE,
	};
	static const struct pci_function_ops no_ops;

	pthread_mutex_init(&host->lock, NULL);
	pci_function_init(&host->bridge, &no_ops, &identity);
	pci_host_add(host, &host->bridge);
	bus_add(ports, PCI_CONFIG_ADDRESS, 2 * sizeof(uint32_t), &ports_ops, host);
	bus_add(mmio, BOOT_PCI_WINDOW, BOOT_PCI_WINDOW_SIZE, &window_ops, host);
}

void pci_host_add(struct pci_host *host, struct pci_function *function)
{
	assert(host->count < PCI_DEVICES_MAX);
	host->functions[host->count++] = function;
}
