/* getaddrinfo() cannot be interrupted: a resolver that is closed while its thread is in there
 * is freed by the thread. */
#include "vsock/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define STACK_SIZE (1u << 20)

struct lookup {
	struct lookup *next;
	int family;
	char name[TSI_NAME_MAX + 1];
	struct resolver_answer answer;
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct lookup *questions, *answers; /* both oldest first */
	unsigned count;			    /* in either, and under way */
	bool has_thread, closed;
	int event_fd;
};

static void append(struct lookup **list, struct lookup *lookup)
{
	while (*list)
		list = &(*list)->next;
	lookup->next = NULL;
	*list = lookup;
}

static struct lookup *take_first(struct lookup **list)
{
	struct lookup *first = *list;

	if (first)
		*list = first->next;
	return first;
}

static void destroy(struct resolver *resolver)
{
	struct lookup *lookup;

	while ((lookup = take_first(&resolver->questions)) || (lookup = take_first(&resolver->answers)))
		free(lookup);
	close(resolver->event_fd);
	pthread_cond_destroy(&resolver->asked);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver);
}

static int32_t to_errno(int error)
{
	switch (error) {
	case EAI_AGAIN:
		return -EAGAIN;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_SYSTEM:
		return -EIO;
	default:
		return -ENOENT;
	}
}

static void look_up(int family, const char *name, int flags, struct resolver_answer *answer)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(name, NULL, &hints, &found);

	answer->result = (struct tsi_resolved){ .result = error ? to_errno(error) : 0 };
	for (struct addrinfo *at = found; at && answer->result.count < TSI_RESOLVED_MAX; at = at->ai_next)
		if (at->ai_addrlen <= TSI_ADDRESS_INET6)
			memcpy(answer->result.addresses[answer->result.count++], at->ai_addr, at->ai_addrlen);
	if (found)
		freeaddrinfo(found);
	answer->size = (uint32_t)(offsetof(struct tsi_resolved, addresses) +
				  answer->result.count * TSI_ADDRESS_INET6);
}

static void *resolver_main(void *opaque)
{
	struct resolver *resolver = opaque;
	uint64_t one = 1;

	pthread_mutex_lock(&resolver->lock);
	while (!resolver->closed) {
		struct lookup *lookup = take_first(&resolver->questions);

		if (!lookup) {
			pthread_cond_wait(&resolver->asked, &resolver->lock);
			continue;
		}
		pthread_mutex_unlock(&resolver->lock);
		look_up(lookup->family, lookup->name, AI_ADDRCONFIG, &lookup->answer);
		pthread_mutex_lock(&resolver->lock);
		append(&resolver->answers, lookup);
		(void)!write(resolver->event_fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&resolver->lock);
	destroy(resolver);
	return NULL;
}

static bool start_thread(struct resolver *resolver)
{
	pthread_attr_t attr;
	sigset_t all, mask;
	pthread_t thread;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	resolver->has_thread = pthread_create(&thread, &attr, resolver_main, resolver) == 0;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	pthread_attr_destroy(&attr);
	return resolver->has_thread;
}

struct resolver *resolver_create(void)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return NULL;
	resolver->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resolver->event_fd < 0) {
		free(resolver);
		return NULL;
	}
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_cond_init(&resolver->asked, NULL);
	return resolver;
}

void resolver_close(struct resolver *resolver)
{
	bool has_thread;

	if (!resolver)
		return;
	pthread_mutex_lock(&resolver->lock);
	has_thread = resolver->has_thread;
	resolver->closed = true;
	pthread_cond_signal(&resolver->asked);
	pthread_mutex_unlock(&resolver->lock);
	if (!has_thread)
		destroy(resolver);
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->event_fd;
}

int resolver_ask(struct resolver *resolver, const struct vsock_header *to, int family, const char *name)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	bool taken;

	if (!lookup)
		return -EAGAIN;
	lookup->family = family;
	lookup->answer.to = *to;
	strncpy(lookup->name, name, TSI_NAME_MAX);
	pthread_mutex_lock(&resolver->lock);
	taken = resolver->count < RESOLVER_WAITING_MAX && (resolver->has_thread || start_thread(resolver));
	if (taken) {
		append(&resolver->questions, lookup);
		resolver->count++;
		pthread_cond_signal(&resolver->asked);
	}
	pthread_mutex_unlock(&resolver->lock);
	if (!taken)
		free(lookup);
	return taken ? 0 : -EAGAIN;
}

bool resolver_take(struct resolver *resolver, struct resolver_answer *answer)
{
	struct lookup *lookup;
	uint64_t count;

	pthread_mutex_lock(&resolver->lock);
	lookup = take_first(&resolver->answers);
	if (lookup)
		resolver->count--;
	if (!resolver->answers)
		(void)!read(resolver->event_fd, &count, sizeof(count));
	pthread_mutex_unlock(&resolver->lock);
	if (!lookup)
		return false;
	*answer = lookup->answer;
	free(lookup);
	return true;
}

bool resolver_local(int family, const char *name, struct resolver_answer *answer)
{
	if (strcmp(name, "localhost") == 0)
		name = family == AF_INET6 ? "::1" : "127.0.0.1";
	look_up(family, name, AI_NUMERICHOST, answer);
	return answer->result.count > 0;
}
