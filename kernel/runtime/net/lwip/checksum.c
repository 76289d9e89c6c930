/* See checksum.h: virtio 1.2, section 5.1.6.2. The frame is our own. */
#include "net/lwip/checksum.h"

#include "lib/string.h"

#define ETHERNET_SIZE 14u
#define TYPE_INET 0x0800u
#define TYPE_INET6 0x86ddu
#define PROTOCOL_TCP 6u
#define INET_MIN 20u
#define INET6_SIZE 40u
#define TCP_MIN 20u
#define TCP_CHECKSUM_AT 16u

static uint32_t read_16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t sum(const uint8_t *at, uint32_t size)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < size; i += 2)
		total += read_16(at + i);
	return total;
}

void checksum_leave(uint8_t *frame, uint32_t size, uint16_t *start, uint16_t *offset)
{
	uint8_t *ip = frame + ETHERNET_SIZE;
	uint32_t type, header, length, total;

	if (size < ETHERNET_SIZE + INET_MIN)
		return;
	type = read_16(frame + ETHERNET_SIZE - 2);
	if (type == TYPE_INET && ip[9] == PROTOCOL_TCP) {
		header = (ip[0] & 15u) * 4;
		length = read_16(ip + 2) - header;
		total = sum(ip + 12, 8);
	} else if (type == TYPE_INET6 && size >= ETHERNET_SIZE + INET6_SIZE && ip[6] == PROTOCOL_TCP) {
		header = INET6_SIZE;
		length = read_16(ip + 4);
		total = sum(ip + 8, 32);
	} else {
		return;
	}
	if (length < TCP_MIN || ETHERNET_SIZE + header + length > size)
		return;
	total += PROTOCOL_TCP + length;
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	ip[header + TCP_CHECKSUM_AT] = (uint8_t)(total >> 8);
	ip[header + TCP_CHECKSUM_AT + 1] = (uint8_t)total;
	*start = (uint16_t)(ETHERNET_SIZE + header);
	*offset = TCP_CHECKSUM_AT;
}
