/* What lwIP expects of <string.h>. */
#ifndef WALNUT_LWIP_STRING_H
#define WALNUT_LWIP_STRING_H

#include "lib/string.h"

int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t size);

#endif
