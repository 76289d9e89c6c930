/* The way from an O_PATH descriptor to what only works with a path or an open file: the link
 * that /proc/self/fd has for it, which leads to that very file. */
#ifndef WALNUT_VMM_FS_PROC_H
#define WALNUT_VMM_FS_PROC_H

#include <stdio.h>

struct fs_proc_name {
	char text[12];
};

/* The name below fs.proc_fd. */
static inline struct fs_proc_name fs_proc_name(int fd)
{
	struct fs_proc_name name;

	snprintf(name.text, sizeof(name.text), "%d", fd);
	return name;
}

#endif
