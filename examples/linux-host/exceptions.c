/* Exceptions (abi/exception.h) by the system's unwinder, which C++ uses too: it walks the
 * stack and asks the personality routine of each function that has handlers, once to find
 * one and once to enter it. The tables are those of the Itanium C++ ABI.
 *
 * This host never frees an exception; one that throws a lot wants a garbage collector. */
#define _GNU_SOURCE
#include "host.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "exception.h"

/* The unwinder's part of an exception lies before the contract's. */
struct host_exception {
	struct _Unwind_Exception header;
	struct walnut_exception exception;
};

struct walnut_exception *walnut_exception_new(const struct walnut_tag *tag)
{
	struct host_exception *host =
		calloc(1, offsetof(struct host_exception, exception) + tag->object.size);

	if (!host)
		walnut_trap(WALNUT_TRAP_OUT_OF_MEMORY);
	memcpy(&host->header.exception_class, "WALNUTWA", sizeof(host->header.exception_class));
	host->exception.object.type = &tag->object;
	return &host->exception;
}

static struct host_exception *host_of(struct walnut_exception *exception)
{
	return (struct host_exception *)((char *)exception - offsetof(struct host_exception, exception));
}

_Noreturn void walnut_throw(struct walnut_exception *exception)
{
	const struct walnut_tag *tag = walnut_exception_tag(exception);
	const uint64_t *frame = __builtin_frame_address(0);

	/* Comes back only if nobody catches it. */
	_Unwind_RaiseException(&host_of(exception)->header);
	host_report("uncaught exception", tag->name, tag->name_size, frame[1] - 1, frame[0]);
}

static uint64_t read_uleb(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;

	do
		value |= (uint64_t)(**at & 0x7f) << shift, shift += 7;
	while (*(*at)++ & 0x80);
	return value;
}

static int64_t read_sleb(const uint8_t **at)
{
	const uint8_t *start = *at;
	uint64_t value = read_uleb(at);
	unsigned bits = 7 * (unsigned)(*at - start);

	return bits < 64 && (*at)[-1] & 0x40 ? (int64_t)(value | UINT64_MAX << bits) : (int64_t)value;
}

/* Which clause of a list matches: a type is a pointer to a pointer to a tag, relative to
 * itself; 0 catches all. 0: none does. */
static uint64_t find_clause(const uint8_t *action, const uint8_t *types, const void *tag)
{
	for (;;) {
		int64_t number = read_sleb(&action), next;
		const uint8_t *place = action;
		int32_t offset;

		next = read_sleb(&action);
		memcpy(&offset, types - 4 * number, sizeof(offset));
		if (!offset || *(const void *const *)(types - 4 * number + offset) == tag)
			return (uint64_t)number;
		if (!next)
			return 0;
		action = place + next;
	}
}

/* The landing pad of the call at `pc` for this tag, as compiled code has it: NULL: none. */
static const uint8_t *find_handler(const uint8_t *at, const uint8_t *start, uint64_t pc,
				   const void *tag, uint64_t *selector)
{
	const uint8_t *types = NULL, *actions;
	uint64_t size;

	at++; /* landing pads count from the function's start */
	if (*at++ != 0xff) {
		size = read_uleb(&at);
		types = at + size;
	}
	at++; /* the ranges are ULEB128 */
	size = read_uleb(&at);
	actions = at + size;
	while (at < actions) {
		uint64_t offset = read_uleb(&at), length = read_uleb(&at);
		uint64_t pad = read_uleb(&at), action = read_uleb(&at);

		if (pc - offset >= length || !pad)
			continue;
		*selector = find_clause(actions + action - 1, types, tag);
		return *selector ? start + pad : NULL;
	}
	return NULL;
}

_Unwind_Reason_Code personality(int version, _Unwind_Action actions, uint64_t class,
				struct _Unwind_Exception *header, struct _Unwind_Context *context)
	__asm__("walnut_personality");
_Unwind_Reason_Code personality(int version, _Unwind_Action actions, uint64_t class,
				struct _Unwind_Exception *header, struct _Unwind_Context *context)
{
	struct walnut_exception *exception = &((struct host_exception *)header)->exception;
	const uint8_t *start = (const uint8_t *)_Unwind_GetRegionStart(context), *pad;
	const uint8_t *lsda = _Unwind_GetLanguageSpecificData(context);
	uint64_t selector, pc = _Unwind_GetIP(context) - 1 - (uintptr_t)start;

	(void)version, (void)class;
	pad = lsda ? find_handler(lsda, start, pc, exception->object.type, &selector) : NULL;
	if (!pad)
		return _URC_CONTINUE_UNWIND;
	if (actions & _UA_SEARCH_PHASE)
		return _URC_HANDLER_FOUND;
	_Unwind_SetGR(context, __builtin_eh_return_data_regno(0), (uintptr_t)exception);
	_Unwind_SetGR(context, __builtin_eh_return_data_regno(1), selector);
	_Unwind_SetIP(context, (uintptr_t)pad);
	return _URC_INSTALL_CONTEXT;
}
