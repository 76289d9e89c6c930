/* The status port's stream, record by record. */
#include "status_decoder.h"

#include <stdio.h>
#include <string.h>

#include "walnut.h"

#define EXIT_FAILED 125

/* Guest text goes to the user's terminal as one line: no control characters. */
static void copy_line(char *to, size_t to_size, const uint8_t *from, size_t from_size)
{
	size_t n = 0;

	while (n < from_size && n + 1 < to_size && from[n] != '\0') {
		uint8_t c = from[n];

		to[n++] = c < 0x20 || c >= 0x7f ? ' ' : (char)c;
	}
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

/* Returns false for what the protocol does not know. The first EXIT or FAILURE
 * decides: a guest cannot take it back. */
static bool record(struct status_decoder *d, uint16_t kind, const uint8_t *data, size_t size)
{
	bool ended = d->exited || d->failed;

	switch (kind) {
	case WALNUT_STATUS_EXIT:
		if (ended || size != sizeof(d->exit))
			return false;
		memcpy(&d->exit, data, size);
		d->exited = true;
		return true;
	case WALNUT_STATUS_FAILURE:
		if (ended)
			return false;
		copy_line(d->failure, sizeof(d->failure), data, size);
		d->failed = true;
		return true;
	case WALNUT_STATUS_TIMELINE:
		if (ended || size != sizeof(d->timeline))
			return false;
		memcpy(&d->timeline, data, size);
		d->has_timeline = true;
		return true;
	default:
		return false;
	}
}

void status_decoder_feed(struct status_decoder *d, const void *data, size_t size)
{
	const uint8_t *at = data;
	struct walnut_status_header header;

	while (size > 0 && !d->bad) {
		size_t want = sizeof(header);
		size_t take;

		if (d->pending_size >= sizeof(header)) {
			memcpy(&header, d->pending, sizeof(header));
			want += header.size;
		}
		take = want - d->pending_size;
		if (take > size)
			take = size;
		memcpy(d->pending + d->pending_size, at, take);
		d->pending_size += take;
		at += take;
		size -= take;
		if (d->pending_size < sizeof(header))
			continue;

		memcpy(&header, d->pending, sizeof(header));
		if (header.magic != WALNUT_STATUS_MAGIC || header.size > WALNUT_STATUS_MAX) {
			d->bad = true;
		} else if (d->pending_size == sizeof(header) + header.size) {
			d->pending_size = 0;
			d->bad = !record(d, header.kind, d->pending + sizeof(header), header.size);
		}
	}
}

void status_decoder_result(const struct status_decoder *d, const char *silent,
			   struct krun_walnut_result *result)
{
	if (d->has_timeline) {
		result->stats.guest_irqs = d->timeline.irqs;
		result->stats.guest_page_faults = d->timeline.page_faults;
		result->stats.guest_peak_memory_bytes = d->timeline.peak_memory_bytes;
	}
	if (d->exited) {
		result->outcome = d->exit.trap ? KRUN_WALNUT_TRAPPED : KRUN_WALNUT_EXITED;
		result->exit_status = (int)(d->exit.status & 0xff);
		return;
	}
	result->outcome = KRUN_WALNUT_FAILED;
	result->exit_status = EXIT_FAILED;
	snprintf(result->message, sizeof(result->message), "%s",
		 d->failed && d->failure[0] ? d->failure : silent);
}
