/* A record of an interface's frames, both ways, in a file that tcpdump and Wireshark read: the
 * format "pcap" with nanoseconds (draft-ietf-opsawg-pcap), Ethernet. */
#ifndef WALNUT_VMM_NET_PCAP_H
#define WALNUT_VMM_NET_PCAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct failure;

struct net_pcap {
	int fd; /* the caller's; -1: nothing is recorded (any more) */
	off_t size;
	const char *path; /* the caller's */
};

/* Creates the file, or empties it. A descriptor, or a negative errno. */
int net_pcap_create(const char *path);

/* Begins the record in that file, whose name is for messages. 0, or a negative errno and *failure. */
int net_pcap_start(struct net_pcap *pcap, const char *path, int fd, struct failure *failure);

/* Records a frame. Where the file cannot take it whole (the disk is full), the file ends before it,
 * and the record with it: the machine goes on. At most VIRTQ_DEVICE_SIZE_MAX buffers. */
void net_pcap_record(struct net_pcap *pcap, const struct iovec *frame, unsigned count, size_t size);

#endif
