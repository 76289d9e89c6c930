/* --net: which network a machine has. */
#ifndef WALNUT_CLI_NET_OPTION_H
#define WALNUT_CLI_NET_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_kind { NET_OPTION_NONE, NET_OPTION_TSI, NET_OPTION_PASST, NET_OPTION_TAP };

struct net_option {
	enum net_kind kind;
	bool said;	  /* by the option, it is not the default */
	const char *tap;  /* the interface's name */
	const char *pcap; /* record of the interface's frames, or NULL */
};

/* 0, or EXIT_WALNUT_FAILED after a message. */
int net_option_parse(struct net_option *net, const char *command, const char *argument);

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

#endif
