/* Reads JSON (RFC 8259) piece by piece. The text is hostile. After the first thing that is wrong
 * everything fails, so it is enough to look at the end. */
#ifndef WALNUT_VMM_PROGRAM_JSON_H
#define WALNUT_VMM_PROGRAM_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json {
	const char *at, *end;
	bool bad;
};

/* Whether the next value is an object ('{') or array ('['); enters it if so. */
bool json_enter(struct json *json, char bracket);

/* Whether there is another member or element; false after the closing bracket, which is taken.
 * `first`: nothing was read of it yet. Of a member the key is taken: *key is from malloc. */
bool json_next_member(struct json *json, bool first, char **key);
bool json_next_element(struct json *json, bool first);

/* The next value, which has to be a string: from malloc, in UTF-8, without NULs inside. NULL: it is
 * none. */
char *json_string(struct json *json);

/* Passes over the next value, whatever it is. */
void json_skip(struct json *json);

#endif
