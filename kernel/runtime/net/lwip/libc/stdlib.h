/* What lwIP expects of <stdlib.h>: nothing that is linked. */
#ifndef WALNUT_LWIP_STDLIB_H
#define WALNUT_LWIP_STDLIB_H

int atoi(const char *text);

#endif
