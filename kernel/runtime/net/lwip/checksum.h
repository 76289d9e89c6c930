/* Leaves the transport's checksum to the device. */
#ifndef WALNUT_RUNTIME_LWIP_CHECKSUM_H
#define WALNUT_RUNTIME_LWIP_CHECKSUM_H

#include <stdint.h>

/* If the frame is TCP's: puts the pseudo-header's sum where the checksum goes, and says where the
 * device shall begin, and how far behind that the result goes. Else changes nothing. */
void checksum_leave(uint8_t *frame, uint32_t size, uint16_t *start, uint16_t *offset);

#endif
