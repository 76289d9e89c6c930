/* Backtraces by frame pointers. The stack is the program's and may hold anything:
 * a frame is read only if it lies on the stack, above the one before it. */
#include "backtrace.h"

#include <stdbool.h>

#include "frames.h"
#include "lib/string.h"
#include "lib/text.h"
#include "modules.h"
#include "stack.h"
#include "virtio/console.h"

#define FRAMES_SHOWN 32
#define INLINED_SHOWN 32 /* of one frame */
#define NAME_SIZE 512
#define NUMBERS_SIZE 64

static void write(const struct text *text)
{
	console_write_all(CONSOLE_ERROR, text->data, text->used);
}

static void add_function(struct text *text, const struct frame *frame)
{
	const struct walnut_function_info *function = frame->function;

	if (frame->inlined) {
		text_printable(text, frame->inlined, strlen(frame->inlined));
		return;
	}
	if (function->name_size)
		text_printable(text, function->name, function->name_size);
	else
		text_string(text, "<unnamed>");
	/* Room for what follows the name, however long it is. */
	text->size += NUMBERS_SIZE;
	text_string(text, " (function ");
	text_unsigned(text, function->index);
	if (frame->offset) {
		text_string(text, ", offset ");
		text_hex(text, frame->offset);
	}
	text_string(text, ")");
	text->size -= NUMBERS_SIZE;
}

static void add_source(struct text *text, const struct frame *frame)
{
	text_string(text, ", ");
	text_printable(text, frame->file, strlen(frame->file));
	text_string(text, ":");
	text_unsigned(text, frame->line);
	if (frame->column) {
		text_string(text, ":");
		text_unsigned(text, frame->column);
	}
}

/* One line. *opaque: how many of the address came before. */
static void report_frame(void *opaque, const struct frame *frame)
{
	unsigned *count = opaque;
	char buffer[1024];
	struct text text = { buffer, NAME_SIZE, 0 };

	if (*count > INLINED_SHOWN)
		return;
	if (*count == INLINED_SHOWN) {
		text_string(&text, "    and so on");
	} else {
		text_string(&text, *count ? "    inlined into " : "    at ");
		add_function(&text, frame);
		text.size = sizeof(buffer) - 1;
		if (frame->file)
			add_source(&text, frame);
	}
	++*count;
	text.size = sizeof(buffer);
	text_string(&text, "\n");
	write(&text);
}

static void report_address(uint64_t address)
{
	static const char kernel[] = "    at the kernel\n";
	unsigned count = 0;

	frames_at(address, report_frame, &count);
	if (count == 0)
		console_write_all(CONSOLE_ERROR, kernel, sizeof(kernel) - 1);
}

/* Goes to the calling frame; false: there is none. */
static bool next_frame(uint64_t *rip, uint64_t *rbp)
{
	const uint64_t *frame = (const uint64_t *)*rbp;

	if (*rbp % sizeof(uint64_t) || !stack_contains(*rbp, 2 * sizeof(uint64_t)))
		return false;
	if (!module_is_code(frame[1] - 1))
		return false;
	*rip = frame[1] - 1;
	*rbp = frame[0] > *rbp ? frame[0] : 0;
	return true;
}

void backtrace_report(const char *why, uint64_t rip, uint64_t rbp)
{
	char buffer[128];
	struct text text = TEXT_IN(buffer);
	uint64_t hidden = 0;

	text_string(&text, "walnut: trap: ");
	text_string(&text, why);
	text_string(&text, "\n");
	write(&text);

	report_address(rip);
	for (uint32_t shown = 1; next_frame(&rip, &rbp); shown++) {
		if (shown < FRAMES_SHOWN)
			report_address(rip);
		else
			hidden++;
	}
	if (hidden) {
		text.used = 0;
		text_string(&text, "    and ");
		text_unsigned(&text, hidden);
		text_string(&text, " more\n");
		write(&text);
	}
}
