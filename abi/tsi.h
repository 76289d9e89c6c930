/* Transparent socket impersonation: the guest's sockets are the host's. Streams are vsock
 * connections; what else sockets can do is said in datagrams (VSOCK_TYPE_DGRAM, op RW)
 * between a port of the guest and one of the host's ports below. The protocol is libkrun's;
 * with TSI_F_EXTENDED, which only Walnut has, both sides may also say what is marked (x).
 * docs/net.md explains it. Addresses are Linux's struct sockaddr_in and sockaddr_in6. */
#ifndef WALNUT_ABI_TSI_H
#define WALNUT_ABI_TSI_H

#include <stddef.h>
#include <stdint.h>

/* Feature bits of the vsock device. */
#define VSOCK_F_DGRAM 3     /* TSI's datagrams */
#define TSI_F_EXTENDED 23

/* The host's end of streams that the guest began. */
#define TSI_STREAM_PORT 620u

enum tsi_port {
	TSI_PROXY_CREATE = 1024, /* no reply */
	TSI_CONNECT = 1025,
	TSI_GETNAME = 1026,
	TSI_SENDTO_ADDRESS = 1027, /* no reply */
	TSI_SENDTO_DATA = 1028,	   /* no reply */
	TSI_LISTEN = 1029,
	TSI_ACCEPT = 1030,
	TSI_PROXY_RELEASE = 1031, /* no reply */
	TSI_BIND = 1040,	  /* (x) a datagram socket to an address */
	TSI_SENDTO = 1041,	  /* (x) address and payload; a reply if asked for */
	TSI_RECEIVED = 1042,	  /* (x) from the host only: address and payload */
	TSI_RESOLVE = 1043,	  /* (x) a name to addresses */
};

#define TSI_FAMILY_INET 2u
#define TSI_FAMILY_INET6 10u
#define TSI_SOCKET_STREAM 1u
#define TSI_SOCKET_DGRAM 2u
#define TSI_NONBLOCK 0x800u

#define TSI_ADDRESS_MAX 128u
#define TSI_ADDRESS_INET 16u
#define TSI_ADDRESS_INET6 28u

struct tsi_proxy_create {
	uint32_t svm_port;
	uint16_t family;
	uint16_t type;
};

struct tsi_address {
	uint32_t size;
	uint8_t bytes[TSI_ADDRESS_MAX];
};

/* CONNECT, SENDTO_ADDRESS, BIND. */
struct tsi_to_address {
	uint32_t svm_port;
	struct tsi_address address;
};

/* The reply to CONNECT, ACCEPT, SENDTO: 0 or a negative errno of Linux's. */
struct tsi_result {
	int32_t result;
};

struct tsi_getname {
	uint32_t svm_port;
	uint32_t svm_peer_port;
	uint32_t peer; /* 1: the other end's name; (x) 0: this end's */
};

/* The reply to GETNAME; (x) also to LISTEN and BIND, with the address bound to: size 0 when
 * that is an address in the guest only. */
struct tsi_name {
	int32_t result;
	struct tsi_address address;
};

struct tsi_listen {
	uint32_t svm_port;
	uint32_t vm_port; /* where connections go */
	int32_t backlog;
	struct tsi_address address;
};

struct tsi_accept {
	uint32_t svm_port;
	uint32_t flags;
};

struct tsi_proxy_release {
	uint32_t svm_port;
	uint32_t svm_peer_port;
};

/* SENDTO and RECEIVED, in front of the payload; address_size 0: the connected one. */
struct tsi_datagram {
	uint32_t svm_port; /* RECEIVED: 0 */
	uint16_t address_size;
	uint16_t want_reply;
	uint8_t address[TSI_ADDRESS_INET6];
};

#define TSI_NAME_MAX 255u
#define TSI_RESOLVED_MAX 16u

/* In front of the name, which has no NUL. */
struct tsi_resolve {
	uint16_t family; /* 0: both */
	uint16_t name_size;
};

/* The reply to RESOLVE, with `count` addresses, IPv4's in the first 16 bytes; ports are 0. */
struct tsi_resolved {
	int32_t result; /* -ENOENT: no such name, -EACCES: not allowed */
	uint32_t count;
	uint8_t addresses[TSI_RESOLVED_MAX][TSI_ADDRESS_INET6];
};

_Static_assert(sizeof(struct tsi_resolve) == 4, "RESOLVE");
_Static_assert(sizeof(struct tsi_proxy_create) == 8, "PROXY_CREATE");
_Static_assert(sizeof(struct tsi_to_address) == 136, "CONNECT");
_Static_assert(sizeof(struct tsi_getname) == 12, "GETNAME");
_Static_assert(sizeof(struct tsi_name) == 136, "GETNAME reply");
_Static_assert(sizeof(struct tsi_listen) == 144, "LISTEN");
_Static_assert(sizeof(struct tsi_accept) == 8, "ACCEPT");
_Static_assert(sizeof(struct tsi_proxy_release) == 8, "PROXY_RELEASE");
_Static_assert(sizeof(struct tsi_datagram) == 36, "SENDTO");

#endif
