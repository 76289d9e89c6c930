/* 16550 registers; the transmitter is always empty, which is the only interrupt. */
#include "device/serial.h"

#include <string.h>
#include <unistd.h>

#include "device/bus.h"
#include "device/guest_log.h"

enum {
	REG_DATA = 0,	 /* divisor low with DLAB */
	REG_IER = 1,	 /* divisor high with DLAB */
	REG_IIR_FCR = 2,
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCRATCH = 7,
};

#define LCR_DLAB 0x80
#define LSR_TRANSMITTER_EMPTY 0x60
#define IIR_NONE_PENDING 0x01
#define IIR_TRANSMITTER_EMPTY 0x02
#define IER_TRANSMITTER_EMPTY 0x02
#define MCR_LOOP 0x10
#define MSR_CARRIER_READY 0xb0 /* DCD, DSR, CTS */

static uint8_t serial_register(const struct serial *serial, uint64_t offset)
{
	switch (offset) {
	case REG_DATA:
		return serial->lcr & LCR_DLAB ? serial->divisor[0] : 0;
	case REG_IER:
		return serial->lcr & LCR_DLAB ? serial->divisor[1] : serial->ier;
	case REG_IIR_FCR:
		return serial->written && (serial->ier & IER_TRANSMITTER_EMPTY) ? IIR_TRANSMITTER_EMPTY : IIR_NONE_PENDING;
	case REG_LCR:
		return serial->lcr;
	case REG_MCR:
		return serial->mcr;
	case REG_LSR:
		return LSR_TRANSMITTER_EMPTY;
	case REG_MSR:
		return MSR_CARRIER_READY;
	default:
		return serial->scratch;
	}
}

static void serial_read(void *device, uint64_t offset, void *data, unsigned size)
{
	struct serial *serial = device;

	/* Wider accesses than a byte do not exist on this chip. */
	memset(data, 0xff, size);
	*(uint8_t *)data = serial_register(serial, offset);
	if (offset == REG_IIR_FCR)
		serial->written = false;
}

/* Whenever a byte is gone, and when the guest begins to be interested. */
static void tell_empty(struct serial *serial)
{
	const uint64_t one = 1;

	serial->written = true;
	if ((serial->ier & IER_TRANSMITTER_EMPTY) && serial->irq_fd >= 0)
		(void)!write(serial->irq_fd, &one, sizeof(one));
}

static void serial_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct serial *serial = device;
	uint8_t value = *(const uint8_t *)data;

	switch (offset) {
	case REG_DATA:
		if (serial->lcr & LCR_DLAB)
			serial->divisor[0] = value;
		else if (!(serial->mcr & MCR_LOOP)) {
			guest_log_write(serial->log, &value, 1);
			tell_empty(serial);
		}
		break;
	case REG_IER:
		if (serial->lcr & LCR_DLAB)
			serial->divisor[1] = value;
		else {
			serial->ier = value & 0x0f;
			tell_empty(serial);
		}
		break;
	case REG_LCR:
		serial->lcr = value;
		break;
	case REG_MCR:
		serial->mcr = value & 0x1f;
		break;
	case REG_SCRATCH:
		serial->scratch = value;
		break;
	}
}

static const struct bus_ops serial_ops = { .read = serial_read, .write = serial_write };

void serial_add(struct serial *serial, struct bus *ports, struct guest_log *log)
{
	*serial = (struct serial){ .log = log, .irq_fd = -1 };
	bus_add(ports, SERIAL_COM1, SERIAL_PORTS, &serial_ops, serial);
}
