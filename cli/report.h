/* What `inspect` says, once for people and once as JSON: names with values, and lists
 * whose items are one line each. Names are JSON keys (code_bytes); people read them
 * with spaces. */
#ifndef WALNUT_CLI_REPORT_H
#define WALNUT_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_DEPTH_MAX 4

struct report {
	bool json;
	unsigned depth;
	bool filled[REPORT_DEPTH_MAX + 1]; /* this level has a member already */
	bool in_item;
	const uint8_t *columns; /* widths, of this list */
	const uint8_t *widths;	/* of the columns that are still to come in this item */
	unsigned padding;	/* due before the next column */
};

void report_begin(struct report *report, bool json);
void report_end(struct report *report);

/* A named list; its members are items. `widths` are the least widths of the columns that
 * people see, ended by 0: what follows is not padded. */
void report_list(struct report *report, const char *name, const uint8_t *widths);
void report_list_end(struct report *report);
void report_item(struct report *report);
void report_item_end(struct report *report);

/* Named values. Text may be any bytes; what is not printable is escaped. */
void report_text(struct report *report, const char *name, const char *text);
void report_bytes(struct report *report, const char *name, const uint8_t *data, size_t size);
void report_number(struct report *report, const char *name, uint64_t number);
void report_flag(struct report *report, const char *name, bool value);
/* Several short texts; people see them on one line, or "none". */
void report_words(struct report *report, const char *name, const char *const *words, size_t count);

#endif
