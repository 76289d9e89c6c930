/* The machine's network: the host's sockets by TSI, or a TCP/IP stack over a network device,
 * where the image has one (walnut build --net lwip) and the machine that device. */
#ifndef WALNUT_RUNTIME_NETWORK_H
#define WALNUT_RUNTIME_NETWORK_H

#include "cmdline.h"
#include "net/socket.h"

#define NETWORK_NAME_MAX 255u
#define NETWORK_ADDRESSES_MAX 16u

/* Words of the command line; empty: not said. */
struct network_words {
	struct cmdline_word ip, gateway, dns, mtu;
};

struct network {
	/* Called once. False: this machine has none of the kind. */
	bool (*start)(const struct network_words *words);

	/* As the functions below. */
	bool (*has)(uint16_t family);
	bool (*poll)(void);
	void (*finish)(void); /* NULL: nothing to do */
	struct socket *(*open)(uint16_t family, uint16_t type);
	int32_t (*resolve)(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			   uint32_t *count);
};

extern const struct network network_tsi;

/* NULL in images that have no stack: libwalnut-lwip.a, if it is linked, says otherwise. */
extern const struct network *const network_stack;

/* Before all else. */
void network_configure(const struct cmdline *line);

/* Starts what there is, once. False: there is none. Nothing else may be called then. */
bool network_start(void);

/* Whether it has sockets of the family. */
bool network_has(uint16_t family);

/* Takes in what has arrived. False: nothing had. */
bool network_poll(void);

/* Waits until there may be news, or the TSC reaches `deadline`. */
void network_wait(uint64_t deadline);

/* The program has ended: what it sent is still to arrive, as far as that takes seconds only. */
void network_finish(void);

/* Of a family and type that there are. NULL: out of memory. */
struct socket *network_open(uint16_t family, uint16_t type);

/* The addresses of a name of at most NETWORK_NAME_MAX bytes; *count tells how many of the
 * NETWORK_ADDRESSES_MAX. family: 0: any. 0 or a negative errno of Linux's; ENOENT: no such name. */
int32_t network_resolve(uint16_t family, const char *name, size_t size, struct socket_address *addresses,
			uint32_t *count);

#endif
