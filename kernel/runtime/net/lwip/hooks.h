/* What lwIP calls of ours beyond what its ports always have. */
#ifndef WALNUT_RUNTIME_LWIP_HOOKS_H
#define WALNUT_RUNTIME_LWIP_HOOKS_H

#include "lwip/ip_addr.h"

/* A connection's first sequence number. */
u32_t lwip_isn(const ip_addr_t *local, u16_t local_port, const ip_addr_t *remote, u16_t remote_port);

#endif
