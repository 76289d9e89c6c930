/* Serial ports and the machine around them. */
#include "vm/serials.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config.h"
#include "vm/kvm.h"
#include "vm/vm.h"

/* As on every PC. */
static const struct { uint16_t base; uint8_t irq; } places[SERIALS_MAX] = {
	{ SERIAL_COM1, SERIAL_IRQ }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 },
};

static int connect_interrupt(struct vm *vm, struct serial_port *port, uint32_t gsi)
{
	struct kvm_irqfd irq = { .gsi = gsi };

	port->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (port->irq_fd < 0)
		return failure_errno(&vm->failure, -errno, "serial port: eventfd");
	irq.fd = (uint32_t)port->irq_fd;
	return KVM_CALL(vm->fd, KVM_IRQFD, &irq, &vm->failure);
}

static void leave(void *opaque)
{
	struct vm *vm = opaque;

	vm->serials.left = true;
	vcpus_stop(&vm->vcpus);
}

/* A terminal belongs to one port. */
static int connect_terminal(struct vm *vm, struct serial_port *port, int fd)
{
	if (vm->serials.terminal.open || fd < 0 || !isatty(fd))
		return 0;
	if (vm->config->serial_escape)
		serial_port_set_escape(port, leave, vm);
	return terminal_open(&vm->serials.terminal, fd, &vm->io.loop, &vm->failure);
}

static int create(struct vm *vm, unsigned place)
{
	struct serial_port *port = &vm->serials.ports[vm->serials.count++];
	const struct serial_config *config = &vm->config->serials[place];
	int error = 0;

	serial_port_add(port, &vm->ports, places[place].base, &vm->serial_log);
	if (vm_is_pc(vm))
		error = connect_interrupt(vm, port, places[place].irq);
	if (error || place >= vm->config->serial_count)
		return error;
	error = connect_terminal(vm, port, config->input_fd);
	return error ? error : serial_port_connect(port, config->input_fd, config->output_fd, &vm->io.loop,
						   &vm->failure);
}

int serials_create(struct vm *vm)
{
	int error = create(vm, 0);

	for (unsigned place = 1; place < vm->config->serial_count && !error; place++)
		error = create(vm, place);
	return error;
}

void serials_destroy(struct serials *serials)
{
	for (unsigned i = 0; i < serials->count; i++)
		serial_port_close(&serials->ports[i]);
	serials->count = 0;
	terminal_close(&serials->terminal);
}

bool serials_busy(struct serials *serials)
{
	for (unsigned i = 0; i < serials->count; i++)
		if (serial_port_busy(&serials->ports[i]))
			return true;
	return false;
}
