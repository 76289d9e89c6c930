/* Data through one port; see port.h. */
#include "virtio/port.h"

#include "exit.h"
#include "lib/string.h"
#include "mem/space.h"

static bool take(struct virtq *queue, uint16_t *id, uint32_t *written)
{
	static const char broken[] = "the console device broke the virtqueue's rules";
	int result = virtq_take(queue, id, written);

	if (result < 0)
		runtime_fail(broken, sizeof(broken) - 1);
	return result;
}

static uint32_t buffer_mask(const struct virtq *queue, const struct port_buffers *buffers)
{
	uint32_t count = buffers->count < queue->size ? buffers->count : queue->size;

	return (1u << count) - 1;
}

static uint8_t *buffer(const struct port_buffers *buffers, uint16_t id)
{
	return buffers->base + (size_t)id * buffers->size;
}

static void reap(struct port *port)
{
	uint32_t written;
	uint16_t id;

	while (take(&port->transmit, &id, &written))
		;
}

bool port_can_send(struct port *port)
{
	reap(port);
	return ~port->transmit.out & buffer_mask(&port->transmit, &port->out);
}

bool port_is_idle(struct port *port)
{
	reap(port);
	return !port->transmit.out;
}

size_t port_send(struct port *port, const void *data, size_t size)
{
	struct virtq *queue = &port->transmit;
	const uint8_t *from = data;
	size_t sent = 0;

	while (sent < size && port_can_send(port)) {
		uint16_t id = (uint16_t)__builtin_ctz(~queue->out);
		uint32_t piece = port->out.size;

		if (piece > size - sent)
			piece = (uint32_t)(size - sent);
		memcpy(buffer(&port->out, id), from + sent, piece);
		virtq_add(queue, id, space_physical(buffer(&port->out, id)), piece, false);
		sent += piece;
	}
	if (sent && virtq_publish(queue))
		device_notify(port->device, queue);
	return sent;
}

/* Makes a received buffer current. */
static bool next_buffer(struct port *port)
{
	struct virtq *queue = &port->receive;

	while (!port->current_size) {
		if (!take(queue, &port->current, &port->current_size))
			return false;
		port->current_at = 0;
	}
	return true;
}

static void offer_buffers(struct port *port)
{
	struct virtq *queue = &port->receive;
	uint32_t missing = ~queue->out & buffer_mask(queue, &port->in);

	if (!missing)
		return;
	for (uint16_t id = 0; missing >> id; id++) {
		if (missing >> id & 1)
			virtq_add(queue, id, space_physical(buffer(&port->in, id)), port->in.size, true);
	}
	if (virtq_publish(queue))
		device_notify(port->device, queue);
}

size_t port_received(struct port *port)
{
	if (!next_buffer(port)) {
		offer_buffers(port);
		return 0;
	}
	return port->current_size - port->current_at;
}

size_t port_receive(struct port *port, void *data, size_t size)
{
	size_t piece = port_received(port);

	if (piece > size)
		piece = size;
	memcpy(data, buffer(&port->in, port->current) + port->current_at, piece);
	port->current_at += (uint32_t)piece;
	if (port->current_at == port->current_size)
		port->current_size = 0;
	return piece;
}
