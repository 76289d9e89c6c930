/* The kernel command line: where the devices are, and what the VMM says about
 * itself. Words are separated by blanks; double quotes hold a word together;
 * unknown words are ignored. After a word "--" come the program's arguments. */
#ifndef WALNUT_RUNTIME_CMDLINE_H
#define WALNUT_RUNTIME_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMDLINE_DEVICES_MAX 32

struct cmdline_device {
	uint64_t address; /* physical */
	uint64_t size;
	uint32_t irq;
};

/* Which console port is which stream, 0: not said. */
struct cmdline_ports {
	bool known; /* walnut.ports= was there */
	uint32_t input, output, error, status;
};

struct cmdline_word {
	const char *text; /* not terminated; NULL: not there */
	size_t size;
};

struct cmdline {
	/* virtio_mmio.device=SIZE@ADDRESS:IRQ, in order */
	struct cmdline_device devices[CMDLINE_DEVICES_MAX];
	uint32_t device_count;
	/* walnut.ports=stdin:N,stdout:N,stderr:N,status:N: the VMM promises that the
	 * named ports are there and open, so that nobody need wait for it to say so,
	 * and what virtio/mmio_transport.c counts on. */
	struct cmdline_ports ports;
	bool debug;	  /* walnut.debug: report on the serial port */
	uint64_t epoch_ns; /* walnut.epoch_ns=: Unix time at the start, 0: not said */
	uint64_t tsc_hz;  /* walnut.tsc_hz=, 0: not said */
	uint64_t exit_port; /* walnut.exit_port=: gets the exit status at the end, 0: none does */
	struct cmdline_word ip;	     /* ip= */
	struct cmdline_word gateway; /* gateway= */
	struct cmdline_word dns;     /* dns= */
	struct cmdline_word mtu;     /* mtu= */
	struct cmdline_word listen;    /* walnut.listen=PORT[,PORT…]: wasi/sock_preopen.h */
	struct cmdline_word limits;    /* walnut.limits=descriptors:N,memory:BYTES, either may be missing */
	struct cmdline_word arguments; /* everything after "--" */
};

/* Reads at most `max` bytes up to a NUL; false: there is none. The result points into `text`. */
bool cmdline_parse(struct cmdline *out, const char *text, size_t max);

/* Splits `word` into NUL-terminated strings, one after the other in `out`, which
 * has room for word.size + 1 bytes. Returns how many; *size gets their total. */
uint32_t cmdline_split(struct cmdline_word word, char *out, size_t *size);

/* The number after `name` and a colon in a list that has commas between its items. False: it is not
 * there, or no number. */
bool cmdline_item(struct cmdline_word list, const char *name, uint64_t *out);

/* A decimal or 0x number that is all of `word`, with one of the suffixes K, M, G
 * if `suffix`. False: it is not, or it overflows. */
bool cmdline_number(struct cmdline_word word, bool suffix, uint64_t *out);

#endif
