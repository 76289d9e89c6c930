/* The programs that generate.c makes of rules.def when Walnut is built. */
#ifndef WALNUT_VMM_SANDBOX_FILTER_H
#define WALNUT_VMM_SANDBOX_FILTER_H

#include <linux/filter.h>

/* Stands for the process's number, which is put in its place when the filter is installed. */
#define SANDBOX_PROCESS 0x7bad1d00

extern const struct sock_fprog sandbox_filters[];

#endif
