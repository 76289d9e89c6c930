/* Where the program's standard streams lead, from what was said about consoles. */
#ifndef WALNUT_VMM_PROGRAM_STREAMS_H
#define WALNUT_VMM_PROGRAM_STREAMS_H

struct failure;
struct vm_config;

/* Sets the configuration's three descriptors: to the file of krun_set_console_output(), or where the
 * implicit console is disabled to the first console that was added. Returns the file's descriptor,
 * which has to stay open for the run, -1 where there is none; or below that a negative errno and
 * *failure. */
int streams_prepare(struct vm_config *config, struct failure *failure);

#endif
