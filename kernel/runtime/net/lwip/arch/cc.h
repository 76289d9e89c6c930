/* lwIP's port: the compiler, and what stands for a C library. */
#ifndef WALNUT_LWIP_CC_H
#define WALNUT_LWIP_CC_H

#include <stddef.h>
#include <stdint.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define LWIP_NO_LIMITS_H 1
#define SSIZE_MAX INTPTR_MAX
typedef intptr_t ssize_t;
#define INT_MAX __INT_MAX__

#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#define PACK_STRUCT_STRUCT __attribute__((packed))

uint32_t lwip_random(void);
#define LWIP_RAND() lwip_random()

/* A broken invariant ends the machine. */
_Noreturn void lwip_panic(const char *what);
#define LWIP_PLATFORM_ASSERT(text) lwip_panic(text)
#define LWIP_PLATFORM_DIAG(arguments) ((void)0)

void *lwip_allocate(size_t size);
void *lwip_allocate_zeroed(size_t count, size_t size);
void lwip_free(void *memory);

#endif
