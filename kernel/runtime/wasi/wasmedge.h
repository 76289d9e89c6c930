/* WasmEdge's socket functions: numbers and layouts in linear memory. Addresses come in two:
 * the bytes of an IPv4 or IPv6 address alone (4 or 16), or a storage of 128 bytes that
 * begins with the family. Which it is, the size of the buffer says. AF_VSOCK is Walnut's addition:
 * its addresses are the 4 bytes of a CID. */
#ifndef WALNUT_RUNTIME_WASMEDGE_H
#define WALNUT_RUNTIME_WASMEDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/socket.h"

#define WASMEDGE_INET 1u
#define WASMEDGE_INET6 2u
#define WASMEDGE_VSOCK 40u /* Linux's number */
#define WASMEDGE_DGRAM 1u
#define WASMEDGE_STREAM 2u
#define WASMEDGE_STORAGE_SIZE 128u

struct wasmedge_address {
	uint32_t buffer;
	uint32_t size;
};

/* Reads the address that the program has at `pointer` for a socket of the family, with its port. Returns
 * an errno. */
uint32_t wasmedge_get_address(uint32_t pointer, uint16_t family, uint32_t port, struct socket_address *address);

/* Writes it there, in the layout that the buffer's size asks for. Returns an errno. */
uint32_t wasmedge_put_address(uint32_t pointer, const struct socket_address *address);

/* In host order. */
uint32_t wasmedge_port(const struct socket_address *address);
bool wasmedge_is_inet6(const struct socket_address *address);

#endif
