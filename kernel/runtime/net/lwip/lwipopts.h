/* How lwIP is built for the guest: one thread, the raw API, memory from memory.c. Numbers of
 * elements are bounds; what is not used takes no memory. */
#ifndef WALNUT_LWIPOPTS_H
#define WALNUT_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_TIMERS 1

/* Memory: memory.c has the pools, too, and their bounds are the MEMP_NUM_* below. */
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc lwip_allocate
#define mem_clib_calloc lwip_allocate_zeroed
#define mem_clib_free lwip_free
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define MEMP_NUM_TCP_PCB 4096 /* those in TIME_WAIT make room */
#define MEMP_NUM_TCP_PCB_LISTEN 256
#define MEMP_NUM_UDP_PCB 1024
#define MEMP_NUM_TCP_SEG 16384
#define MEMP_NUM_REASSDATA 16
#define MEMP_NUM_FRAG_PBUF 128
#define MEMP_NUM_PBUF 1024
#define MEMP_NUM_ARP_QUEUE 64
#define MEMP_NUM_SYS_TIMEOUT 16
#define PBUF_POOL_SIZE 16

/* Interfaces: the device and the loopback. */
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 64
#define ETH_PAD_SIZE 0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM_ALGORITHM 3
#define LWIP_TCPIP_CORE_LOCKING 0

/* IPv4 */
#define LWIP_IPV4 1
#define LWIP_ARP 1
#define ARP_QUEUEING 1
#define ARP_TABLE_SIZE 32
#define IP_FORWARD 0
#define IP_REASSEMBLY 1
#define IP_REASS_MAX_PBUFS 128
#define IP_FRAG 1
#define LWIP_ICMP 1
#define LWIP_RAW 0
#define LWIP_DHCP 1
#define DHCP_DOES_ARP_CHECK 0 /* whoever hands out addresses to machines knows which are taken */
#define LWIP_DHCP_MAX_DNS_SERVERS 2
#define LWIP_DNS 1
#define DNS_TABLE_SIZE 8
#define DNS_MAX_RETRIES 4

/* IPv6, with addresses as routers announce them. */
#define LWIP_IPV6 1
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_MLD 0 /* its timer would wake the machine ten times a second */
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_FRAG 1
#define LWIP_IPV6_REASS 1
#define IPV6_FRAG_COPYHEADER 1 /* pointers are larger than the header */
#define LWIP_ND6_NUM_NEIGHBORS 32
#define LWIP_ND6_NUM_DESTINATIONS 32
#define MEMP_NUM_ND6_QUEUE 32

/* UDP */
#define LWIP_UDP 1

/* TCP. Segments are as long as an interface's frames allow, at most this: one
 * of the receive buffers. */
#define LWIP_TCP 1
#define TCP_MSS 15000
#define TCP_SNDLOWAT 4096 /* nobody asks for it; to please lwIP's checks */
#define TCP_CALCULATE_EFF_SEND_MSS 1
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#define TCP_WND (128 * 1024) /* passt's socket holds little more, and passt drops what is */
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN 512
#define TCP_OVERSIZE 512
#define TCP_MSL 30000UL /* TIME_WAIT is a minute, as on Linux */
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES (256 * 1024)
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 0 /* stream.c counts, its numbers may be larger */
#define SO_REUSE 1
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1

/* Sequence numbers nobody can guess: isn.c. */
#define LWIP_HOOK_FILENAME "net/lwip/hooks.h"
#define LWIP_HOOK_TCP_ISN lwip_isn

#endif
