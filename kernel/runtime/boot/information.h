/* What a loader told us, whichever protocol it spoke. Physical addresses. */
#ifndef WALNUT_RUNTIME_BOOT_INFORMATION_H
#define WALNUT_RUNTIME_BOOT_INFORMATION_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/nucleus.h"

/* Fills in command line, initrd, RSDP and RAM, less the image as *info has it, from
 * the zero page or, when there is one, the PVH start info or multiboot's information: then
 * `zero_page` is the magic number that the loader left. False: not what the
 * protocol promises, or out of reach. */
bool boot_information_read(uint64_t zero_page, uint64_t start_info, struct nucleus_info *info);

#endif
