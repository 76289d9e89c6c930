/* Decodes the records that the guest writes to its "walnut-status" port
 * (abi/status.h). The stream is hostile input: anything that is not a record ends
 * the decoding, and what was understood until then stands. */
#ifndef WALNUT_VMM_STATUS_DECODER_H
#define WALNUT_VMM_STATUS_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h" /* abi/ */

struct krun_walnut_result;

struct status_decoder {
	uint8_t pending[sizeof(struct walnut_status_header) + WALNUT_STATUS_MAX];
	size_t pending_size;
	bool bad;	/* met something that is not a record */
	bool exited;
	bool failed;
	bool has_timeline;
	struct walnut_status_exit exit;
	struct walnut_status_timeline timeline;
	char failure[256]; /* printable, one line */
};

/* A zeroed decoder is ready. Takes any split of the stream. */
void status_decoder_feed(struct status_decoder *decoder, const void *data, size_t size);

/* Fills in outcome, exit_status, message and the counters of result->stats; the
 * timeline's TSC values are left to the caller, who knows the clock. A guest that
 * ended without EXIT or FAILURE counts as failed, with `silent` (one line; what the
 * machine noticed) as the message. */
void status_decoder_result(const struct status_decoder *decoder, const char *silent,
			   struct krun_walnut_result *result);

#endif
