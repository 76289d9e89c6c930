/* MSI-X table and pending bits. */
#include "pci/msix.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void msix_init(struct msix *msix, unsigned count, msix_send *send, void *opaque)
{
	assert(count <= MSIX_VECTORS_MAX);
	*msix = (struct msix){ .count = count, .send = send, .opaque = opaque };
	for (unsigned i = 0; i < count; i++)
		msix->entries[i].control = PCI_MSIX_ENTRY_MASKED;
}

static bool can_send(const struct msix *msix, unsigned vector)
{
	return msix->enabled && !msix->masked && !(msix->entries[vector].control & PCI_MSIX_ENTRY_MASKED);
}

static void send_pending(struct msix *msix)
{
	for (unsigned i = 0; i < msix->count; i++)
		if ((msix->pending >> i & 1) && can_send(msix, i))
			msix_notify(msix, i);
}

void msix_control(struct msix *msix, uint16_t control)
{
	msix->enabled = control & PCI_MSIX_ENABLE;
	msix->masked = control & PCI_MSIX_MASK_ALL;
	if (!msix->enabled)
		msix->pending = 0;
	send_pending(msix);
}

void msix_notify(struct msix *msix, unsigned vector)
{
	const struct pci_msix_entry *entry;

	if (vector >= msix->count)
		return;
	entry = &msix->entries[vector];
	if (!can_send(msix, vector)) {
		msix->pending |= 1u << vector;
		return;
	}
	msix->pending &= ~(1u << vector);
	msix->send(msix->opaque, (uint64_t)entry->address_high << 32 | entry->address_low, entry->data);
}

static bool proper(uint64_t offset, unsigned size, size_t limit)
{
	return (size == 4 || size == 8) && offset % size == 0 && offset < limit;
}

void msix_table_read(const struct msix *msix, uint64_t offset, void *data, unsigned size)
{
	if (proper(offset, size, msix->count * sizeof(msix->entries[0])))
		memcpy(data, (const uint8_t *)msix->entries + offset, size);
}

void msix_table_write(struct msix *msix, uint64_t offset, const void *data, unsigned size)
{
	if (!proper(offset, size, msix->count * sizeof(msix->entries[0])))
		return;
	memcpy((uint8_t *)msix->entries + offset, data, size);
	msix->entries[offset / sizeof(msix->entries[0])].control &= PCI_MSIX_ENTRY_MASKED;
	send_pending(msix);
}

void msix_pending_read(const struct msix *msix, uint64_t offset, void *data, unsigned size)
{
	uint64_t bits = msix->pending;

	if (proper(offset, size, sizeof(bits)))
		memcpy(data, (const uint8_t *)&bits + offset, size);
}
