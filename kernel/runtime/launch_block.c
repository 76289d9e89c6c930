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

/* A string somewhere in the block. NULL: it is not in there, or does not end there. */
static const char *string_at(const char *block, uint32_t total_size, uint32_t at)
{
	struct strings string;

	if (at < sizeof(struct walnut_launch) || at >= total_size || !take_strings(&string, 1, block, total_size, &at))
		return NULL;
	return string.data;
}

static bool read_mounts(struct launch *out, const struct walnut_launch *header)
{
	if (header->mounts_offset > header->total_size ||
	    header->mount_count > (header->total_size - header->mounts_offset) / sizeof(struct walnut_mount))
		return false;
	out->mount_count = header->mount_count;
	out->mounts_offset = header->mounts_offset;
	return true;
}

bool launch_mount(const struct launch *launch, uint32_t index, struct launch_mount *mount)
{
	const char *block = launch->block;
	struct walnut_launch header;
	struct walnut_mount raw;

	memcpy(&header, block, sizeof(header));
	memcpy(&raw, block + launch->mounts_offset + index * sizeof(raw), sizeof(raw));
	*mount = (struct launch_mount){
		.kind = raw.kind,
		.path = string_at(block, header.total_size, raw.path_offset),
		.size = raw.size,
	};
	if (raw.kind == WALNUT_MOUNT_ARCHIVE) {
		if (raw.offset > launch->block_size || raw.size > launch->block_size - raw.offset)
			return false;
		mount->archive = block + raw.offset;
	}
	return mount->path && mount->path[0];
}

bool launch_parse(struct launch *out, const void *block, size_t size)
{
	const char *bytes = block;
	struct walnut_launch header;
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
		out->invoke = string_at(bytes, header.total_size, header.invoke_offset);
		if (!out->invoke)
			return false;
	}
	at = header.dirs_offset;
	if (header.dirc && (at < sizeof(header) || at > header.total_size ||
			    !take_strings(&out->directories, header.dirc, bytes, header.total_size, &at)))
		return false;
	out->block = block;
	out->block_size = size;
	if (!read_mounts(out, &header))
		return false;
	out->flags = header.flags;
	return true;
}

bool launch_parse_archive(struct launch *out, const void *block, size_t size)
{
	static const char magic[] = { '0', '7', '0', '7', '0' };

	*out = (struct launch){ .block = block, .block_size = size, .archive_only = true };
	return size >= sizeof(magic) && !memcmp(block, magic, sizeof(magic));
}
