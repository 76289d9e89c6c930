/* Names to addresses, by the host's own ways, on a thread of its own: that may take long. */
#ifndef WALNUT_VMM_VSOCK_RESOLVER_H
#define WALNUT_VMM_VSOCK_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "tsi.h"
#include "vsock.h"

#define RESOLVER_WAITING_MAX 32u

struct resolver;

struct resolver_answer {
	struct vsock_header to; /* the question's */
	struct tsi_resolved result;
	uint32_t size; /* of it that counts */
};

/* NULL: out of memory or descriptors. No thread is there before the first question. */
struct resolver *resolver_create(void);

/* A question that is being answered goes on in the background. Accepts NULL. */
void resolver_close(struct resolver *resolver);

/* Readable when there are answers. */
int resolver_fd(const struct resolver *resolver);

/* family: AF_INET, AF_INET6 or AF_UNSPEC. 0, or -EAGAIN: too many wait. */
int resolver_ask(struct resolver *resolver, const struct vsock_header *to, int family, const char *name);

/* The next answer. False: there is none. */
bool resolver_take(struct resolver *resolver, struct resolver_answer *answer);

/* An address in digits, or "localhost": at once. False: it is neither. */
bool resolver_local(int family, const char *name, struct resolver_answer *answer);

#endif
