/* The interface to the network device, its addresses, and lwIP's clockwork. */
#ifndef WALNUT_RUNTIME_LWIP_INTERFACE_H
#define WALNUT_RUNTIME_LWIP_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/network.h"

/* Finds the device, and gets an address: the one given (ADDRESS/PREFIX), or by DHCP where that is
 * empty or "dhcp". False: there is no device. */
bool interface_start(const struct network_words *words);

/* Takes in what has arrived and does what is due. False: there was nothing. */
bool interface_poll(void);

/* After calls of lwIP's that may have sent something. */
void interface_flush(void);

/* Waits, a few seconds at most, until there is an address of the family to send from. */
void interface_await_address(uint16_t family);

#endif
