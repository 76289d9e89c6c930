/* The memory functions of ISO C that compilers call on their own, and that the app
 * object's contract asks for. memcpy() allows overlap here, as memmove(). */
#ifndef WALNUT_RUNTIME_STRING_H
#define WALNUT_RUNTIME_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
int bcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

#endif
