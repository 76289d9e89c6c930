/* What libkrun tells a Linux guest on the kernel's command line: how to find its root, and for
 * the first process there (init.krun) the program, its folder, limits, environment and arguments. */
#ifndef WALNUT_VMM_BOOT_LIBKRUN_WORDS_H
#define WALNUT_VMM_BOOT_LIBKRUN_WORDS_H

struct command_line;
struct vm_config;

/* The line's beginning: the user's words or libkrun's, then the program. Variables that cannot be
 * written there are left out, which the log tells. */
void libkrun_words_begin(struct command_line *line, const struct vm_config *config);

/* The line's end: the program's arguments. Those that cannot be written there count as
 * unprintable. */
void libkrun_words_end(struct command_line *line, const struct vm_config *config);

#endif
