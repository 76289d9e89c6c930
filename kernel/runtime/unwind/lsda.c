/* See lsda.h. Four tables: a header, ranges of code with their landing pads, lists of
 * clauses, and the tags that clauses name. */
#include "unwind/lsda.h"

#include <stddef.h>

#include "unwind/bytes.h"

#define ENCODING_ULEB128 0x01
#define ENCODING_INDIRECT_PCREL_SDATA4 0x9b
#define ENCODING_OMITTED 0xff
#define TYPE_SIZE 4

struct lsda {
	struct cursor calls;
	struct cursor actions;	  /* from the first one; ends where types may begin */
	const uint8_t *types_end; /* type i lies TYPE_SIZE * i before it; NULL: there are none */
};

static bool open_lsda(const uint8_t *at, const uint8_t *end, struct lsda *lsda)
{
	struct cursor header = { at, end, at > end };
	uint8_t types;
	uint64_t size;

	/* Landing pads are counted from the function's start. */
	if (cursor_byte(&header) != ENCODING_OMITTED)
		return false;
	types = cursor_byte(&header);
	lsda->types_end = NULL;
	if (types != ENCODING_OMITTED) {
		struct cursor rest;

		size = cursor_uleb(&header);
		rest = header;
		cursor_skip(&rest, size);
		if (types != ENCODING_INDIRECT_PCREL_SDATA4 || rest.failed)
			return false;
		lsda->types_end = rest.at;
	}
	if (cursor_byte(&header) != ENCODING_ULEB128)
		return false;
	size = cursor_uleb(&header);
	lsda->calls = header;
	cursor_skip(&header, size);
	lsda->calls.end = header.at;
	lsda->actions = (struct cursor){ header.at, lsda->types_end ? lsda->types_end : end, false };
	return !header.failed;
}

/* Whether clause `number` catches the tag: a null type catches all. */
static bool type_matches(const struct lsda *lsda, uint64_t number, const void *tag, bool *broken)
{
	const uint8_t *lowest = lsda->actions.at;
	struct cursor type;
	uint64_t pointer;

	if (!lsda->types_end || number > (uint64_t)(lsda->types_end - lowest) / TYPE_SIZE) {
		*broken = true;
		return false;
	}
	type = (struct cursor){ lsda->types_end - number * TYPE_SIZE, lsda->types_end, false };
	pointer = cursor_relative(&type);
	return !pointer || *(const void *const *)pointer == tag;
}

/* Goes through a list of clauses. Each has a positive number, as no pad of ours cleans up
 * or filters. A list is no longer than there are bytes. */
static enum lsda_result find_clause(const struct lsda *lsda, uint64_t first, const void *tag,
				    uint32_t *selector)
{
	struct cursor action = lsda->actions;
	uint64_t left = (uint64_t)(action.end - action.at);
	bool broken = false;

	cursor_skip(&action, first);
	while (left--) {
		int64_t number = cursor_sleb(&action), next;
		const uint8_t *place = action.at;

		next = cursor_sleb(&action);
		if (action.failed || number <= 0 || number > INT32_MAX)
			return LSDA_BROKEN;
		if (type_matches(lsda, (uint64_t)number, tag, &broken)) {
			*selector = (uint32_t)number;
			return LSDA_HANDLER;
		}
		if (broken)
			return LSDA_BROKEN;
		if (!next)
			return LSDA_NONE;
		if (next < lsda->actions.at - place || next > action.end - place)
			return LSDA_BROKEN;
		action.at = place + next;
	}
	return LSDA_BROKEN;
}

enum lsda_result lsda_find(const uint8_t *at, const uint8_t *end, uint64_t start, uint64_t pc,
			   const void *tag, struct lsda_handler *handler)
{
	struct lsda lsda;

	if (!open_lsda(at, end, &lsda))
		return LSDA_BROKEN;
	while (lsda.calls.at < lsda.calls.end) {
		uint64_t offset = cursor_uleb(&lsda.calls), size = cursor_uleb(&lsda.calls);
		uint64_t pad = cursor_uleb(&lsda.calls), action = cursor_uleb(&lsda.calls);

		if (lsda.calls.failed)
			return LSDA_BROKEN;
		if (pc - start < offset) /* they are sorted */
			break;
		if (pc - start - offset >= size)
			continue;
		if (!pad)
			break;
		if (!action)
			return LSDA_BROKEN;
		handler->landing_pad = start + pad;
		return find_clause(&lsda, action - 1, tag, &handler->selector);
	}
	return LSDA_NONE;
}
