/* The launch block's reader. It comes from whoever started the VM and is checked
 * like any other input. Pure. */
#include "launch_block.h"

#include "launch.h"
#include "lib/string.h"

/* Takes `count` strings from `*at`; false: they run past `size`. */
static bool take_strings(struct strings *out, uint32_t count, const char *block, uint32_t size,
			 uint32_t *at)
{
	uint32_t start = *at, position = start;

	for (uint32_t i = 0; i < count; i++) {
		while (position < size && block[position])
			position++;
		if (position == size)
			return false;
		position++;
	}
	*out = (struct strings){ block + start, count, position - start };
	*at = position;
	return true;
}

bool launch_parse(struct launch *out, const void *block, size_t size)
{
	const char *bytes = block;
	struct walnut_launch header;
	struct strings invoke;
	uint32_t at;

	memset(out, 0, sizeof(*out));
	if (size < sizeof(header))
		return false;
	memcpy(&header, block, sizeof(header));
	if (header.magic != WALNUT_LAUNCH_MAGIC || header.total_size < sizeof(header) ||
	    header.total_size > size || header.strings_offset < sizeof(header) ||
	    header.strings_offset > header.total_size)
		return false;
	at = header.strings_offset;
	if (!take_strings(&out->arguments, header.argc, bytes, header.total_size, &at) ||
	    !take_strings(&out->environment, header.envc, bytes, header.total_size, &at))
		return false;
	if (header.invoke_offset) {
		at = header.invoke_offset;
		if (at < sizeof(header) || at >= header.total_size ||
		    !take_strings(&invoke, 1, bytes, header.total_size, &at))
			return false;
		out->invoke = invoke.data;
	}
	at = header.dirs_offset;
	if (header.dirc && (at < sizeof(header) || at > header.total_size ||
			    !take_strings(&out->directories, header.dirc, bytes, header.total_size, &at)))
		return false;
	out->flags = header.flags;
	return true;
}
