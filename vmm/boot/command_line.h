/* Builds the kernel's command line, word by word, in a bounded buffer. */
#ifndef WALNUT_VMM_BOOT_COMMAND_LINE_H
#define WALNUT_VMM_BOOT_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct command_line {
	char *text;	/* the caller's buffer; always NUL-terminated */
	size_t size;	/* used, without the NUL */
	size_t capacity;
	bool overflow;	/* something did not fit: sticky */
	bool unprintable; /* something was not printable ASCII: sticky */
};

void command_line_init(struct command_line *line, char *buffer, size_t capacity);

/* Appends the formatted text, after a space unless it is the first. */
__attribute__((format(printf, 2, 3)))
void command_line_add(struct command_line *line, const char *format, ...);

/* The same without the space. */
__attribute__((format(printf, 2, 3)))
void command_line_append(struct command_line *line, const char *format, ...);

/* Text that the caller does not vouch for: notes if it is unprintable. */
void command_line_check(struct command_line *line, const char *text);
/* And appends it. */
void command_line_add_text(struct command_line *line, const char *text);

#endif
