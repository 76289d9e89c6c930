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
	int fd; /* -1: nothing is recorded (any more) */
	off_t size;
	const char *path; /* the caller's */
};

/* Creates the file, or empties it. NULL: records nothing. 0, or a negative errno and *failure;
 * net_pcap_close() is due in both cases. */
int net_pcap_open(struct net_pcap *pcap, const char *path, struct failure *failure);
void net_pcap_close(struct net_pcap *pcap);

/* Records a frame. Where the file cannot take it whole (the disk is full), the file ends before it,
 * and the record with it: the machine goes on. At most VIRTQ_DEVICE_SIZE_MAX buffers. */
void net_pcap_record(struct net_pcap *pcap, const struct iovec *frame, unsigned count, size_t size);

#endif
