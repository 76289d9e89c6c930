/* Files are part of an image if its program calls something that needs them: whatever can
 * get at a directory. Each file with such functions says so, with PREOPEN_NEEDED. */
#ifndef WALNUT_RUNTIME_PREOPEN_H
#define WALNUT_RUNTIME_PREOPEN_H

#include "launch_block.h"

/* Opens the directories that the program is to find open, from 3 on. */
void preopen_start(const struct launch *launch);

#define PREOPEN_NEEDED                                                                                    \
	static void (*const preopen_needed)(const struct launch *) __attribute__((used)) = preopen_start

#endif
