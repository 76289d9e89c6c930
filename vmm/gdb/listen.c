#include "gdb/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failure.h"

static int parse_port(const char *text, uint16_t *port)
{
	unsigned value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > UINT16_MAX)
			return -EINVAL;
	}
	*port = (uint16_t)value;
	return 0;
}

int gdb_address_split(const char *address, char host[64], uint16_t *port)
{
	const char *colon = strrchr(address, ':'), *begin = address, *end = colon;

	if (!colon) {
		strcpy(host, "127.0.0.1");
		return parse_port(address, port);
	}
	if (*begin == '[' && end > begin + 1 && end[-1] == ']') {
		begin++;
		end--;
	}
	if (end == begin || end - begin >= 64)
		return -EINVAL;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	return parse_port(colon + 1, port);
}

static int listen_at(const struct addrinfo *place)
{
	int fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, place->ai_addr, place->ai_addrlen) == 0 && listen(fd, 1) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static void name_of(int fd, char host[64], char port[8])
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	strcpy(host, "?");
	strcpy(port, "0");
	if (getsockname(fd, (struct sockaddr *)&name, &size) == 0)
		getnameinfo((struct sockaddr *)&name, size, host, 64, port, 8, NI_NUMERICHOST | NI_NUMERICSERV);
}

int gdb_listen(const char *host, uint16_t *port, struct failure *failure)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
	struct addrinfo *place;
	char service[8], name[64];
	int fd;

	snprintf(service, sizeof(service), "%u", *port);
	if (getaddrinfo(host, service, &hints, &place) != 0)
		return failure_set(failure, -EINVAL, "gdb: %s: not a numeric address", host);
	fd = listen_at(place);
	freeaddrinfo(place);
	if (fd < 0)
		return failure_errno(failure, fd, "gdb: %s port %u", host, *port);
	name_of(fd, name, service);
	parse_port(service, port);
	return fd;
}

void gdb_announce(int listener)
{
	char host[64], port[8];

	name_of(listener, host, port);
	dprintf(STDERR_FILENO, strchr(host, ':') ? "walnut: gdb: target remote [%s]:%s\n"
						 : "walnut: gdb: target remote %s:%s\n", host, port);
}
