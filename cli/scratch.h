/* A folder of ours in $TMPDIR (or /tmp) for what a compilation leaves between its steps.
 * It is locked while in use: one whose process was killed is recognised by that, and
 * removed by the next that makes one. */
#ifndef WALNUT_CLI_SCRATCH_H
#define WALNUT_CLI_SCRATCH_H

#include <limits.h>

struct scratch {
	char path[PATH_MAX]; /* "" : none */
	int fd;		     /* has the lock */
};

/* The files that may lie in one: nothing else is ever removed. */
#define SCRATCH_MODULE "module.wasm"
#define SCRATCH_OBJECT "app.o"
#define SCRATCH_IMAGE "app.elf"
#define SCRATCH_FLAT "app.multiboot"
#define SCRATCH_BUNDLE "walnut-bundle" /* kernel/walnut.ld knows it by this name */

int scratch_make(struct scratch *scratch); /* 0 or a negative errno */

/* Where the file lies; 0, or a negative errno where the name would be too long. */
int scratch_name(const struct scratch *scratch, const char *file, char path[PATH_MAX]);

/* Takes the folder away; accepts one that was never made. */
void scratch_remove(struct scratch *scratch);

#endif
