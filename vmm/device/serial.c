/* See serial.h.
 *
 * The interrupt line is level on the chip and edge-triggered on the bus: each pulse stands for
 * a rising edge, when the highest cause changes into one. A driver that asks for causes until
 * there is none misses nothing. */
#include "device/serial.h"

#include <string.h>

#include "device/bus.h"

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

#define IER_RECEIVED 0x01
#define IER_EMPTY 0x02
#define IER_LINE 0x04
#define IER_MODEM 0x08
#define IER_ALL 0x0f

#define IIR_MODEM 0x00
#define IIR_NONE 0x01
#define IIR_EMPTY 0x02
#define IIR_RECEIVED 0x04
#define IIR_LINE 0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS 0xc0

#define FCR_ENABLE 0x01
#define FCR_CLEAR_RECEIVER 0x02
#define FCR_KEPT 0xc9 /* not the bits that clear */

#define LCR_DLAB 0x80

#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_ALL 0x1f

#define LSR_READY 0x01
#define LSR_OVERRUN 0x02
#define LSR_EMPTY 0x60 /* holding register and shift register */

#define LOOKS_OF_ONE_WHO_WAITS 32

#define MSR_DELTA_CTS 0x01
#define MSR_DELTA_DSR 0x02
#define MSR_TRAILING_RI 0x04
#define MSR_DELTA_DCD 0x08
#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI 0x40
#define MSR_DCD 0x80

static unsigned fifo_size(const struct serial *serial)
{
	return serial->fcr & FCR_ENABLE ? SERIAL_FIFO_SIZE : 1;
}

static unsigned trigger_level(const struct serial *serial)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return serial->fcr & FCR_ENABLE ? levels[serial->fcr >> 6] : 1;
}

static uint8_t modem_lines(const struct serial *serial)
{
	if (!(serial->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (uint8_t)((serial->mcr & MCR_RTS ? MSR_CTS : 0) | (serial->mcr & MCR_DTR ? MSR_DSR : 0) |
			 (serial->mcr & MCR_OUT1 ? MSR_RI : 0) | (serial->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* The highest of those that the driver wants to hear of. */
static uint8_t highest_cause(const struct serial *serial)
{
	if ((serial->ier & IER_LINE) && serial->line_errors)
		return IIR_LINE;
	if ((serial->ier & IER_RECEIVED) && serial->received_count > 0)
		return serial->received_count >= trigger_level(serial) ? IIR_RECEIVED : IIR_TIMEOUT;
	if ((serial->ier & IER_EMPTY) && serial->empty_untold)
		return IIR_EMPTY;
	if ((serial->ier & IER_MODEM) && serial->modem_deltas)
		return IIR_MODEM;
	return IIR_NONE;
}

static void update_interrupt(struct serial *serial)
{
	uint8_t cause = highest_cause(serial);

	if (cause != IIR_NONE && cause != serial->cause)
		serial->ops->interrupt(serial);
	serial->cause = cause;
}

/* --- Receiving and sending ------------------------------------------------------------- */

/* The other side sends when the driver asks for it by RTS. Linux does so when it has opened the port:
 * before, while it looks for the chip and clears the FIFOs, what came would be lost. Simple drivers
 * never set RTS: see read_line_status(). */
static void set_receives(struct serial *serial, bool receives)
{
	bool began = receives && !serial->receives;

	serial->receives = receives;
	if (began)
		serial->ops->room(serial);
}

/* After a change of IER or MCR. */
static void update_receives(struct serial *serial)
{
	set_receives(serial, (serial->mcr & MCR_RTS) || (serial->receives && (serial->ier & IER_RECEIVED)));
}

unsigned serial_receiver_room(const struct serial *serial)
{
	/* In loopback the outside is cut off. */
	if (!serial->receives || (serial->mcr & MCR_LOOP) || serial->received_count >= fifo_size(serial))
		return 0;
	return fifo_size(serial) - serial->received_count;
}

static void take_byte(struct serial *serial, uint8_t byte)
{
	if (serial->received_count >= fifo_size(serial)) {
		serial->line_errors |= LSR_OVERRUN;
	} else {
		serial->received[(serial->received_first + serial->received_count) % SERIAL_FIFO_SIZE] = byte;
		serial->received_count++;
	}
	update_interrupt(serial);
}

void serial_receive(struct serial *serial, uint8_t byte)
{
	take_byte(serial, byte);
}

static uint8_t read_data(struct serial *serial)
{
	uint8_t byte = serial->received[serial->received_first];

	if (serial->received_count == 0)
		return 0;
	serial->received_first = (serial->received_first + 1) % SERIAL_FIFO_SIZE;
	serial->received_count--;
	update_interrupt(serial);
	serial->ops->room(serial);
	return byte;
}

static void tell_empty(struct serial *serial)
{
	serial->empty_untold = true;
	update_interrupt(serial);
}

static void write_data(struct serial *serial, uint8_t byte)
{
	serial->empty_untold = false;
	update_interrupt(serial);
	if (serial->mcr & MCR_LOOP)
		take_byte(serial, byte);
	else if (!serial->busy) /* else it is lost, as on the chip: the driver did not ask */
		serial->busy = !serial->ops->transmit(serial, byte);
	if (!serial->busy)
		tell_empty(serial);
}

void serial_drained(struct serial *serial)
{
	if (!serial->busy)
		return;
	serial->busy = false;
	tell_empty(serial);
}

static void clear_receiver(struct serial *serial)
{
	serial->received_count = 0;
	serial->ops->room(serial);
}

/* --- Registers ------------------------------------------------------------------------- */

static uint8_t read_cause(struct serial *serial)
{
	uint8_t cause = highest_cause(serial);

	if (cause == IIR_EMPTY) { /* it has been told */
		serial->empty_untold = false;
		update_interrupt(serial);
	}
	return serial->fcr & FCR_ENABLE ? cause | IIR_FIFOS : cause;
}

static uint8_t read_line_status(struct serial *serial)
{
	uint8_t status = serial->line_errors;

	/* Without RTS: a driver that wants interrupts and goes on with its work, or one that does nothing
	 * but wait for a byte. */
	if (!serial->busy && ++serial->looks >= (serial->ier & IER_RECEIVED ? 1 : LOOKS_OF_ONE_WHO_WAITS))
		set_receives(serial, true);
	serial->line_errors = 0;
	update_interrupt(serial);
	if (serial->received_count > 0)
		status |= LSR_READY;
	return serial->busy ? status : status | LSR_EMPTY;
}

static uint8_t read_modem_status(struct serial *serial)
{
	uint8_t status = modem_lines(serial) | serial->modem_deltas;

	serial->modem_deltas = 0;
	update_interrupt(serial);
	return status;
}

static uint8_t read_register(struct serial *serial, uint64_t offset)
{
	bool divisor = serial->lcr & LCR_DLAB;

	switch (offset) {
	case REG_DATA:
		return divisor ? serial->divisor[0] : read_data(serial);
	case REG_IER:
		return divisor ? serial->divisor[1] : serial->ier;
	case REG_IIR_FCR:
		return read_cause(serial);
	case REG_LCR:
		return serial->lcr;
	case REG_MCR:
		return serial->mcr;
	case REG_LSR:
		return read_line_status(serial);
	case REG_MSR:
		return read_modem_status(serial);
	default:
		return serial->scratch;
	}
}

static void write_ier(struct serial *serial, uint8_t value)
{
	bool wants_empty = (value & IER_EMPTY) && !(serial->ier & IER_EMPTY);

	serial->ier = value & IER_ALL;
	update_receives(serial);
	if (wants_empty && !serial->busy)
		serial->empty_untold = true;
	update_interrupt(serial);
}

static void write_fcr(struct serial *serial, uint8_t value)
{
	bool changes = (value ^ serial->fcr) & FCR_ENABLE;

	serial->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
	if (changes || (value & FCR_CLEAR_RECEIVER))
		clear_receiver(serial);
	update_interrupt(serial);
}

static void write_mcr(struct serial *serial, uint8_t value)
{
	uint8_t before = modem_lines(serial), changed;

	serial->mcr = value & MCR_ALL;
	changed = before ^ modem_lines(serial);
	serial->modem_deltas |= (uint8_t)((changed & MSR_CTS ? MSR_DELTA_CTS : 0) |
					  (changed & MSR_DSR ? MSR_DELTA_DSR : 0) |
					  (changed & before & MSR_RI ? MSR_TRAILING_RI : 0) |
					  (changed & MSR_DCD ? MSR_DELTA_DCD : 0));
	update_interrupt(serial);
	update_receives(serial);
	serial->ops->room(serial); /* the outside may be back */
}

static void write_register(struct serial *serial, uint64_t offset, uint8_t value)
{
	bool divisor = serial->lcr & LCR_DLAB;

	switch (offset) {
	case REG_DATA:
		if (divisor)
			serial->divisor[0] = value;
		else
			write_data(serial, value);
		break;
	case REG_IER:
		if (divisor)
			serial->divisor[1] = value;
		else
			write_ier(serial, value);
		break;
	case REG_IIR_FCR:
		write_fcr(serial, value);
		break;
	case REG_LCR:
		serial->lcr = value;
		break;
	case REG_MCR:
		write_mcr(serial, value);
		break;
	case REG_SCRATCH:
		serial->scratch = value;
		break;
	default: /* the status registers are the chip's */
		break;
	}
}

/* Wider accesses than a byte do not exist on this chip. */
static void serial_read(void *device, uint64_t offset, void *data, unsigned size)
{
	struct serial *serial = device;

	memset(data, 0xff, size);
	pthread_mutex_lock(&serial->lock);
	if (offset != REG_LSR)
		serial->looks = 0;
	*(uint8_t *)data = read_register(serial, offset);
	pthread_mutex_unlock(&serial->lock);
}

static void serial_write(void *device, uint64_t offset, const void *data, unsigned size)
{
	struct serial *serial = device;

	pthread_mutex_lock(&serial->lock);
	serial->looks = 0;
	write_register(serial, offset, *(const uint8_t *)data);
	pthread_mutex_unlock(&serial->lock);
}

static const struct bus_ops serial_bus_ops = { .read = serial_read, .write = serial_write };

void serial_add(struct serial *serial, struct bus *ports, uint64_t base, const struct serial_ops *ops)
{
	*serial = (struct serial){ .ops = ops, .cause = IIR_NONE };
	pthread_mutex_init(&serial->lock, NULL);
	bus_add(ports, base, SERIAL_PORTS, &serial_bus_ops, serial);
}

void serial_destroy(struct serial *serial)
{
	pthread_mutex_destroy(&serial->lock);
}
