/* No TCP/IP stack: what the linker takes where libwalnut-lwip.a is not before this archive. */
#include "net/network.h"

const struct network *const network_stack;
