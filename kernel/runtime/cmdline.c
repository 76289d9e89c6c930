/* The command line parser. Pure: no memory but the caller's; see cmdline.h. */
#include "cmdline.h"

#include "lib/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Cuts the next word off `rest`; a quoted part may contain blanks. */
static bool next_word(struct cmdline_word *rest, struct cmdline_word *word)
{
	bool quoted = false;
	size_t at = 0;

	while (rest->size && is_blank(*rest->text)) {
		rest->text++;
		rest->size--;
	}
	while (at < rest->size && (quoted || !is_blank(rest->text[at]))) {
		if (rest->text[at] == '"')
			quoted = !quoted;
		at++;
	}
	*word = (struct cmdline_word){ rest->text, at };
	rest->text += at;
	rest->size -= at;
	return at != 0;
}

/* If `word` begins with `prefix`, removes it. */
static bool take_prefix(struct cmdline_word *word, const char *prefix)
{
	size_t size = strlen(prefix);

	if (word->size < size || memcmp(word->text, prefix, size))
		return false;
	word->text += size;
	word->size -= size;
	return true;
}

/* Cuts off what comes before `separator`; false: it is not in the word. */
static bool take_until(struct cmdline_word *word, char separator, struct cmdline_word *head)
{
	for (size_t at = 0; at < word->size; at++) {
		if (word->text[at] == separator) {
			*head = (struct cmdline_word){ word->text, at };
			word->text += at + 1;
			word->size -= at + 1;
			return true;
		}
	}
	return false;
}

static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'K': case 'k': return 10;
	case 'M': case 'm': return 20;
	case 'G': case 'g': return 30;
	default: return 0;
	}
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

bool cmdline_number(struct cmdline_word word, bool suffix, uint64_t *out)
{
	uint64_t base = 10, value = 0;
	unsigned shift = 0;

	if (take_prefix(&word, "0x") || take_prefix(&word, "0X"))
		base = 16;
	if (suffix && word.size && (shift = suffix_shift(word.text[word.size - 1])))
		word.size--;
	if (!word.size)
		return false;
	for (size_t at = 0; at < word.size; at++) {
		uint64_t digit = digit_value(word.text[at]);

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	if (value << shift >> shift != value)
		return false;
	*out = value << shift;
	return true;
}

/* SIZE@ADDRESS:IRQ, and perhaps :ID, which means nothing here. */
static void parse_device(struct cmdline *out, struct cmdline_word word)
{
	struct cmdline_word size, address, irq;
	struct cmdline_device device;
	uint64_t number, end;

	if (!take_until(&word, '@', &size) || !take_until(&word, ':', &address))
		return;
	if (!take_until(&word, ':', &irq))
		irq = word;
	if (!cmdline_number(size, true, &device.size) ||
	    !cmdline_number(address, false, &device.address) ||
	    !cmdline_number(irq, false, &number) || number > UINT32_MAX)
		return;
	if (!device.size || __builtin_add_overflow(device.address, device.size, &end))
		return;
	device.irq = (uint32_t)number;
	if (out->device_count < CMDLINE_DEVICES_MAX)
		out->devices[out->device_count++] = device;
}

bool cmdline_item(struct cmdline_word list, const char *name, uint64_t *out)
{
	struct cmdline_word item;

	while (list.size) {
		if (!take_until(&list, ',', &item)) {
			item = list;
			list.size = 0;
		}
		if (take_prefix(&item, name) && take_prefix(&item, ":"))
			return cmdline_number(item, false, out);
	}
	return false;
}

static void parse_ports(struct cmdline_ports *out, struct cmdline_word word)
{
	const struct {
		const char *name;
		uint32_t *port;
	} streams[] = {
		{ "stdin", &out->input }, { "stdout", &out->output }, { "stderr", &out->error }, { "status", &out->status },
	};
	uint64_t number;

	out->known = true;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (cmdline_item(word, streams[i].name, &number) && number <= UINT32_MAX)
			*streams[i].port = (uint32_t)number;
}

static void parse_word(struct cmdline *out, struct cmdline_word word)
{
	uint64_t number;

	if (take_prefix(&word, "virtio_mmio.device=")) {
		parse_device(out, word);
	} else if (take_prefix(&word, "walnut.ports=")) {
		parse_ports(&out->ports, word);
	} else if (take_prefix(&word, "walnut.epoch_ns=")) {
		if (cmdline_number(word, false, &number))
			out->epoch_ns = number;
	} else if (take_prefix(&word, "walnut.tsc_hz=")) {
		if (cmdline_number(word, false, &number))
			out->tsc_hz = number;
	} else if (take_prefix(&word, "walnut.exit_port=")) {
		if (cmdline_number(word, false, &number))
			out->exit_port = number;
	} else if (take_prefix(&word, "walnut.debug")) {
		out->debug = word.size == 0;
	} else if (take_prefix(&word, "ip=")) {
		out->ip = word;
	} else if (take_prefix(&word, "walnut.listen=")) {
		out->listen = word;
	} else if (take_prefix(&word, "walnut.limits=")) {
		out->limits = word;
	} else if (take_prefix(&word, "gateway=")) {
		out->gateway = word;
	} else if (take_prefix(&word, "dns=")) {
		out->dns = word;
	} else if (take_prefix(&word, "mtu=")) {
		out->mtu = word;
	}
}

/* The program's arguments end before the device words at the very end: QEMU puts
 * those there, whatever comes before. */
static struct cmdline_word cut_devices(struct cmdline *out, struct cmdline_word rest)
{
	static const char prefix[] = "virtio_mmio.device=";
	struct cmdline_word arguments = { rest.text, 0 }, word, probe;

	for (struct cmdline_word tail = rest; next_word(&tail, &word);) {
		probe = word;
		if (!take_prefix(&probe, prefix))
			arguments.size = (size_t)(tail.text - rest.text);
	}
	rest.text += arguments.size;
	rest.size -= arguments.size;
	while (next_word(&rest, &word))
		parse_word(out, word);
	return arguments;
}

bool cmdline_parse(struct cmdline *out, const char *text, size_t max)
{
	struct cmdline_word rest = { text, 0 }, word;

	memset(out, 0, sizeof(*out));
	while (rest.size < max && text[rest.size])
		rest.size++;
	if (rest.size == max)
		return false;
	while (next_word(&rest, &word)) {
		if (word.size == 2 && word.text[0] == '-' && word.text[1] == '-') {
			out->arguments = cut_devices(out, rest);
			break;
		}
		parse_word(out, word);
	}
	return true;
}

uint32_t cmdline_split(struct cmdline_word rest, char *out, size_t *size)
{
	struct cmdline_word word;
	uint32_t count = 0;
	size_t used = 0;

	while (next_word(&rest, &word)) {
		for (size_t at = 0; at < word.size; at++) {
			if (word.text[at] != '"')
				out[used++] = word.text[at];
		}
		out[used++] = 0;
		count++;
	}
	*size = used;
	return count;
}
