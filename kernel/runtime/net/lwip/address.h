/* Addresses of sockets, lwIP's and Linux's. */
#ifndef WALNUT_RUNTIME_LWIP_ADDRESS_H
#define WALNUT_RUNTIME_LWIP_ADDRESS_H

#include "lwip/err.h"
#include "lwip/ip_addr.h"

#include "net/socket.h"

void address_to_lwip(const struct socket_address *address, ip_addr_t *ip, u16_t *port);
struct socket_address address_from_lwip(const ip_addr_t *ip, u16_t port, uint16_t family);

/* lwIP's err_t as a negative errno of Linux's. */
int32_t error_from_lwip(err_t error);

#endif
