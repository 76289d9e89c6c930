/* Backtraces by frame pointers. The stack is the program's and may hold anything:
 * a frame is read only if it lies on the stack, above the one before it. */
#include "backtrace.h"

#include <stdbool.h>

#include "lib/text.h"
#include "modules.h"
#include "stack.h"
#include "virtio/console.h"

#define FRAMES_SHOWN 32

static void write(const struct text *text)
{
	console_write_all(CONSOLE_ERROR, text->data, text->used);
}

/* Names come from the module; a terminal must not obey them. */
static void add_name(struct text *text, const struct walnut_function_info *function)
{
	for (uint32_t i = 0; i < function->name_size; i++) {
		unsigned char c = (unsigned char)function->name[i];

		text_bytes(text, c < 0x20 || c == 0x7f ? "?" : &function->name[i], 1);
	}
}

/* One line; offset 0: not known, or not this function's. */
static void report_function(const char *relation, const struct walnut_function_info *function,
			    uint32_t offset)
{
	char buffer[512];
	/* Room for what follows the name. */
	struct text text = { buffer, sizeof(buffer) - 64, 0 };

	text_string(&text, relation);
	if (function->name_size)
		add_name(&text, function);
	else
		text_string(&text, "<unnamed>");
	text.size = sizeof(buffer);
	text_string(&text, " (function ");
	text_unsigned(&text, function->index);
	if (offset) {
		text_string(&text, ", offset ");
		text_hex(&text, offset);
	}
	text_string(&text, ")\n");
	write(&text);
}

static void report_frame(uint64_t address)
{
	const struct walnut_function_info *function = module_function_at(address);
	const struct walnut_function_info *code = module_code_at(address);
	static const char kernel[] = "    at the kernel\n";

	if (!function) {
		console_write_all(CONSOLE_ERROR, kernel, sizeof(kernel) - 1);
		return;
	}
	report_function("    at ", function, module_offset_at(address));
	if (code != function)
		report_function("    inlined into ", code, 0);
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

	report_frame(rip);
	for (uint32_t shown = 1; next_frame(&rip, &rbp); shown++) {
		if (shown < FRAMES_SHOWN)
			report_frame(rip);
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
