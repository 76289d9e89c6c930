#include "debug/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debug/dwarf_reader.h"
#include "debug/worker_child.h"

static bool has_mangled_names(const struct wasm_module *module)
{
	for (uint32_t i = 0; i < module->func_count; i++)
		if (module->funcs[i].name.size > 1 && module->funcs[i].name.data[0] == '_')
			return true;
	return false;
}

void debug_worker_start(struct debug_worker *worker, const struct wasm_module *module)
{
	*worker = (struct debug_worker){ .fd = -1 };
	if (!has_mangled_names(module) && !dwarf_present(module))
		return;
	worker->fd = memfd_create("walnut-debug", MFD_CLOEXEC);
	if (worker->fd < 0)
		return;
	worker->pid = fork();
	if (worker->pid == 0)
		worker_child(module, worker->fd);
	if (worker->pid < 0) {
		worker->pid = 0;
		close(worker->fd);
		worker->fd = -1;
	}
}

static int wait_for(struct debug_worker *worker)
{
	int status = -1;

	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	worker->pid = 0;
	return status;
}

/* All that the process wrote; NULL: nothing, or no memory. */
static char *read_output(int fd, size_t *size)
{
	struct stat status;
	char *bytes;
	size_t at = 0;

	if (fstat(fd, &status) != 0 || status.st_size <= 0 || !(bytes = malloc((size_t)status.st_size)))
		return NULL;
	*size = (size_t)status.st_size;
	while (at < *size) {
		ssize_t got = pread(fd, bytes + at, *size - at, (off_t)at);

		if (got <= 0) {
			free(bytes);
			return NULL;
		}
		at += (size_t)got;
	}
	return bytes;
}

static int take_names(struct debug_info *info, const struct worker_header *header, char *bytes,
		      const struct wasm_module *module)
{
	uint64_t array = (uint64_t)header->counts[0] * sizeof(*info->names);
	uint32_t *names = (uint32_t *)bytes;
	char *strings;

	if (header->counts[0] != module->func_count || header->counts[1] == 0 ||
	    header->size != array + header->counts[1])
		return -1;
	strings = bytes + array;
	if (strings[header->counts[1] - 1] != '\0')
		return -1;
	for (uint32_t i = 0; i < header->counts[0]; i++)
		if (names[i] >= header->counts[1])
			return -1;
	info->names = names;
	info->name_count = header->counts[0];
	info->name_strings = strings;
	info->name_string_size = header->counts[1];
	return 0;
}

static int take_tables(struct debug_info *info, const struct worker_header *header, char *bytes)
{
	uint64_t lines = (uint64_t)header->counts[0] * sizeof(struct debug_line);
	uint64_t scopes = (uint64_t)header->counts[1] * sizeof(struct debug_scope);
	struct debug_tables tables = {
		.line_count = header->counts[0],
		.scope_count = header->counts[1],
		.string_size = header->counts[2],
	};

	if (header->size != lines + scopes + header->counts[2])
		return -1;
	tables.lines = (struct debug_line *)bytes;
	tables.scopes = (struct debug_scope *)(bytes + lines);
	tables.strings = bytes + lines + scopes;
	if (debug_tables_check(&tables))
		return -1;
	info->tables = tables;
	return 0;
}

/* As many blocks as are whole and right. *tables: the debug information is among them. */
static void take_blocks(struct debug_info *info, size_t size, const struct wasm_module *module,
			bool *tables)
{
	char *at = info->memory;

	while (size >= sizeof(struct worker_header)) {
		struct worker_header header;
		int error = -1;

		memcpy(&header, at, sizeof(header));
		at += sizeof(header);
		size -= sizeof(header);
		if (header.size > size || (header.size + 7) / 8 * 8 > size)
			return;
		if (header.kind == WORKER_NAMES)
			error = take_names(info, &header, at, module);
		else if (header.kind == WORKER_TABLES)
			error = take_tables(info, &header, at);
		if (error)
			return;
		*tables |= header.kind == WORKER_TABLES;
		at += (header.size + 7) / 8 * 8;
		size -= (header.size + 7) / 8 * 8;
	}
}

struct debug_info *debug_worker_finish(struct debug_worker *worker, const struct wasm_module *module,
				       const char **note)
{
	struct debug_info *info = calloc(1, sizeof(*info));
	bool tables = false;
	size_t size = 0;

	*note = NULL;
	if (!info)
		return NULL;
	info->code_offset = (uint32_t)module->code_offset;
	if (worker->pid) {
		wait_for(worker);
		info->memory = read_output(worker->fd, &size);
		if (info->memory)
			take_blocks(info, size, module, &tables);
		close(worker->fd);
		worker->fd = -1;
	}
	if (!tables && dwarf_present(module))
		*note = "the module's debug information cannot be read and is not used";
	return info;
}

void debug_worker_cancel(struct debug_worker *worker)
{
	if (worker->pid) {
		kill(worker->pid, SIGKILL);
		wait_for(worker);
		close(worker->fd);
	}
	worker->fd = -1;
}
