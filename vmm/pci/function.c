/* Configuration space: bytes with a mask of what the guest may change. */
#include "pci/function.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "boot/layout.h"

#define COMMAND_WRITABLE (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE)

static void set_writable(struct pci_function *function, unsigned offset, uint32_t mask)
{
	for (unsigned i = 0; i < 4; i++)
		function->writable[offset + i] = (uint8_t)(mask >> 8 * i);
}

void pci_function_init(struct pci_function *function, const struct pci_function_ops *ops,
		       const struct pci_identity *identity)
{
	*function = (struct pci_function){ .ops = ops, .capabilities_end = PCI_FIRST_CAPABILITY };
	pci_config_set16(function, PCI_VENDOR_ID, identity->vendor);
	pci_config_set16(function, PCI_DEVICE_ID, identity->device);
	pci_config_set16(function, PCI_SUBSYSTEM_VENDOR_ID, identity->subsystem_vendor);
	pci_config_set16(function, PCI_SUBSYSTEM_ID, identity->subsystem);
	pci_config_set32(function, PCI_REVISION, identity->class_code << 8 | identity->revision);
	set_writable(function, PCI_COMMAND, COMMAND_WRITABLE);
	function->writable[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_function_add_bar(struct pci_function *function, uint32_t address, uint32_t size)
{
	assert(size >= 16 && (size & (size - 1)) == 0 && address % size == 0);
	function->bar_size = size;
	pci_config_set32(function, PCI_BAR0, address);
	set_writable(function, PCI_BAR0, ~(size - 1)); /* the guest learns the size from what stays 0 */
}

unsigned pci_function_add_capability(struct pci_function *function, const void *capability, unsigned size)
{
	unsigned offset = function->capabilities_end;

	assert(size >= 2 && offset + size <= PCI_CONFIG_SIZE);
	memcpy(function->config + offset, capability, size);
	function->config[offset + 1] = 0;
	function->config[function->last_capability ? function->last_capability + 1 : PCI_CAPABILITIES] = (uint8_t)offset;
	function->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	function->last_capability = offset;
	function->capabilities_end = (offset + size + 3) & ~3u;
	return offset;
}

/* A BAR that the guest puts anywhere else than into the bridge's window answers nowhere. */
static uint64_t bar_place(const struct pci_function *function)
{
	uint64_t bar = pci_config_get32(function, PCI_BAR0) & ~(function->bar_size - 1);

	if (!function->bar_size || !(pci_config_get16(function, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return 0;
	if (bar < BOOT_PCI_WINDOW || bar - BOOT_PCI_WINDOW > BOOT_PCI_WINDOW_SIZE - function->bar_size)
		return 0;
	return bar;
}

void pci_function_read(struct pci_function *function, unsigned offset, void *data, unsigned size)
{
	if (function->ops->config_read)
		function->ops->config_read(function, offset, size);
	memcpy(data, function->config + offset, size);
}

void pci_function_write(struct pci_function *function, unsigned offset, const void *data, unsigned size)
{
	const uint8_t *bytes = data;
	uint64_t old = function->bar;

	for (unsigned i = 0; i < size; i++) {
		uint8_t writable = function->writable[offset + i];

		function->config[offset + i] = (function->config[offset + i] & ~writable) | (bytes[i] & writable);
	}
	function->bar = bar_place(function);
	if (function->bar != old && function->ops->bar_moved)
		function->ops->bar_moved(function, old);
	if (function->ops->config_written)
		function->ops->config_written(function, offset, size);
}
