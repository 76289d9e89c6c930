/* --net: which network a machine has. */
#ifndef WALNUT_CLI_NET_OPTION_H
#define WALNUT_CLI_NET_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_kind { NET_OPTION_NONE, NET_OPTION_TSI, NET_OPTION_PASST, NET_OPTION_TAP };

#define NET_OPTION_PORTS_MAX 16

/* A port of AF_VSOCK that a Unix socket of this machine is behind. */
struct net_option_port {
	uint32_t number;
	const char *path;
	bool listen; /* it is our socket: the guest has the listener */
};

struct net_option {
	enum net_kind kind;
	bool said;	  /* by the option, it is not the default */
	const char *tap;  /* the interface's name */
	const char *pcap; /* record of the interface's frames, or NULL */
	struct net_option_port ports[NET_OPTION_PORTS_MAX];
	unsigned port_count;
};

/* 0, or EXIT_WALNUT_FAILED after a message. */
int net_option_parse(struct net_option *net, const char *command, const char *argument);

/* PORT:PATH. 0, or EXIT_WALNUT_FAILED after a message. */
int net_option_add_port(struct net_option *net, const char *command, const char *argument, bool listen);

/* Whether the machine has an interface, and needs a TCP/IP stack. */
static inline bool net_option_has_interface(const struct net_option *net)
{
	return net->kind == NET_OPTION_PASST || net->kind == NET_OPTION_TAP;
}

/* Gives the machine its interface. `arguments` are more for passt, NULL-terminated; NULL: none.
 * *passt_fd is to be closed behind the machine's end, if it is not -1. 0, or a negative errno with
 * one line in `message`. */
int net_option_add(const struct net_option *net, uint32_t context, const char *const *arguments, int *passt_fd,
		   char *message, size_t size);

/* Connects the ports of the machine, which has a socket device or may have one. 0, or a negative errno
 * with one line in `message`. */
int net_option_connect_ports(const struct net_option *net, uint32_t context, char *message, size_t size);

#endif
