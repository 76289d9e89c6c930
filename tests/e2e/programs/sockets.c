/* What a program can do with sockets, one thing for each first argument. Ports are printed
 * as they become known, for the test to find them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "walnut_socket.h"

#define CLIENTS_MAX 1100

static uint8_t any[4], loopback[4] = { 127, 0, 0, 1 };

static void need(uint32_t error, const char *what)
{
	if (!error)
		return;
	printf("%s: %s\n", what, strerror((int)error));
	exit(3);
}

/* Where the variables say otherwise: PORT for listeners and bound sockets, HOST (a.b.c.d) for what
 * is connected to. */
static uint32_t port_or(uint32_t port)
{
	const char *text = getenv("PORT");

	return text ? (uint32_t)atoi(text) : port;
}

static void choose_host(void)
{
	const char *text = getenv("HOST");

	for (int i = 0; text && i < 4; i++) {
		loopback[i] = (uint8_t)atoi(text);
		text = strchr(text, '.');
		if (text)
			text++;
	}
}

static struct socket_address address(uint8_t *bytes)
{
	return (struct socket_address){ bytes, 4 };
}

static uint32_t listener(uint32_t port, uint32_t backlog)
{
	struct socket_address at = address(any);
	uint8_t bytes[4];
	struct socket_address name = address(bytes);
	uint32_t fd, kind;

	need(socket_open(SOCKET_INET, SOCKET_STREAM, &fd), "open");
	need(socket_bind(fd, &at, port), "bind");
	need(socket_listen(fd, backlog), "listen");
	need(socket_getlocaladdr(fd, &name, &kind, &port), "getlocaladdr");
	printf("listening on %u\n", port);
	fflush(stdout);
	return fd;
}

static void nonblocking(int fd)
{
	need(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : (uint32_t)errno, "fcntl");
}

/* One client after the other: everything comes back until its end. */
static int echo(int rounds)
{
	uint32_t fd = listener(port_or(0), 128), client, kind, port;
	static char data[65536];
	uint8_t bytes[4];
	struct socket_address name = address(bytes);
	ssize_t n;

	for (int i = 0; i < rounds; i++) {
		need(socket_accept_v2(fd, 0, &client), "accept");
		need(socket_getpeeraddr(client, &name, &kind, &port), "getpeeraddr");
		printf("client from %u.%u.%u.%u\n", bytes[0], bytes[1], bytes[2], bytes[3]);
		while ((n = read((int)client, data, sizeof(data))) > 0)
			for (ssize_t at = 0, part; at < n; at += part) {
				part = write((int)client, data + at, (size_t)(n - at));
				if (part < 0) {
					printf("write: %s\n", strerror(errno));
					break;
				}
			}
		printf("end: %s\n", n < 0 ? strerror(errno) : "of file");
		fflush(stdout);
		close((int)client);
	}
	return 0;
}

/* Many at a time, by poll(); ends when one says "quit". */
static int crowd(void)
{
	static struct pollfd polls[CLIENTS_MAX];
	int listening = (int)listener(port_or(0), 1000), count = 1, most = 0;
	char data[4096];
	uint32_t client;

	nonblocking(listening);
	polls[0] = (struct pollfd){ .fd = listening, .events = POLLIN };
	for (;;) {
		need(poll(polls, (nfds_t)count, -1) > 0 ? 0 : (uint32_t)errno, "poll");
		while (count < CLIENTS_MAX && socket_accept_v2((uint32_t)listening, 4, &client) == 0)
			polls[count++] = (struct pollfd){ .fd = (int)client, .events = POLLIN };
		if (count > most)
			most = count;
		for (int i = 1; i < count; i++) {
			ssize_t n;

			if (!(polls[i].revents & (POLLIN | POLLHUP)))
				continue;
			n = read(polls[i].fd, data, sizeof(data));
			if (n > 0 && write(polls[i].fd, data, (size_t)n) != n)
				printf("short write\n");
			if (n == 4 && memcmp(data, "quit", 4) == 0) {
				printf("most %d\n", most - 1);
				return 0;
			}
			if (n <= 0 && !(n < 0 && errno == EAGAIN)) {
				close(polls[i].fd);
				polls[i--] = polls[--count];
			}
		}
	}
}

static uint32_t connected(uint32_t port)
{
	struct socket_address to = address(loopback);
	uint32_t fd;

	need(socket_open(SOCKET_INET, SOCKET_STREAM, &fd), "open");
	need(socket_connect(fd, &to, port), "connect");
	return fd;
}

/* Says a line, ends that direction, and prints the answer. */
static int client(uint32_t port)
{
	uint32_t fd = connected(port);
	char data[4096];
	ssize_t n;

	if (write((int)fd, "hello from the guest\n", 21) != 21)
		return 4;
	need(socket_shutdown(fd, SOCKET_SHUT_SEND), "shutdown");
	while ((n = read((int)fd, data, sizeof(data))) > 0)
		fwrite(data, 1, (size_t)n, stdout);
	return n < 0 ? 5 : 0;
}

/* The same without waiting in connect(). */
static int slow_client(uint32_t port)
{
	struct socket_address to = address(loopback);
	uint32_t fd, error, size = sizeof(error);
	struct pollfd p = { .events = POLLOUT };

	need(socket_open(SOCKET_INET, SOCKET_STREAM, &fd), "open");
	nonblocking((int)fd);
	error = socket_connect(fd, &to, port);
	printf("connect: %s\n", strerror((int)error));
	p.fd = (int)fd;
	printf("poll: %d\n", poll(&p, 1, 5000));
	need(socket_getsockopt(fd, 0, SOCKET_OPTION_ERROR, &error, &size), "getsockopt");
	printf("then: %s\n", error ? strerror((int)error) : "connected");
	return 0;
}

/* Sends `mib` MiB of a pattern, then counts what comes. */
static int bulk(uint32_t port, uint32_t mib)
{
	static unsigned char data[1 << 20];
	uint32_t fd = connected(port);
	uint64_t total = 0, sum = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 31 >> 4);
	for (uint32_t i = 0; i < mib; i++)
		for (size_t at = 0; at < sizeof(data); at += (size_t)n) {
			n = write((int)fd, data + at, sizeof(data) - at);
			need(n > 0 ? 0 : (uint32_t)errno, "write");
		}
	need(socket_shutdown(fd, SOCKET_SHUT_SEND), "shutdown");
	while ((n = read((int)fd, data, sizeof(data))) > 0)
		for (ssize_t i = 0; i < n; i++, total++)
			sum = sum * 31 + data[i];
	printf("%llu bytes, sum %016llx\n", (unsigned long long)total, (unsigned long long)sum);
	return 0;
}

/* Answers three datagrams with their sender's port in front. */
static int udp_server(void)
{
	struct socket_address at = address(any);
	uint8_t bytes[4];
	struct socket_address from = address(bytes);
	uint32_t fd, kind, port, size, done;
	char data[2048], text[2100];
	uint16_t flags;

	need(socket_open(SOCKET_INET, SOCKET_DATAGRAM, &fd), "open");
	need(socket_bind(fd, &at, port_or(0)), "bind");
	need(socket_getlocaladdr(fd, &from, &kind, &port), "getlocaladdr");
	printf("bound to %u\n", port);
	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		struct socket_buffer buffer = { data, sizeof(data) };

		need(socket_recv_from_v2(fd, &buffer, 1, &from, 0, &port, &size, &flags), "recv_from");
		buffer.size = (size_t)snprintf(text, sizeof(text), "%u: %.*s", port, (int)size, data);
		buffer.data = text;
		need(socket_send_to(fd, &buffer, 1, &from, port, 0, &done), "send_to");
	}
	return 0;
}

static int udp_client(uint32_t port)
{
	struct socket_address to = address(loopback);
	struct socket_buffer buffer = { "ping", 4 };
	char data[64];
	uint32_t fd, size;
	ssize_t n;

	need(socket_open(SOCKET_INET, SOCKET_DATAGRAM, &fd), "open");
	need(socket_send_to(fd, &buffer, 1, &to, port, 0, &size), "send_to");
	n = read((int)fd, data, sizeof(data));
	printf("%.*s\n", (int)n, data);
	need(socket_connect(fd, &to, port), "connect");
	need(socket_send(fd, &buffer, 1, 0, &size), "send");
	n = read((int)fd, data, sizeof(data));
	printf("%.*s\n", (int)n, data);
	return 0;
}

/* What is wrong is said by the right errno. */
static int errors(void)
{
	struct socket_address to = address(loopback), odd = { loopback, 5 };
	struct socket_buffer buffer = { "x", 1 };
	uint32_t fd, size, kind, port;

	printf("family: %u\n", socket_open(9, SOCKET_STREAM, &fd));
	printf("type: %u\n", socket_open(SOCKET_INET, 0, &fd));
	need(socket_open(SOCKET_INET, SOCKET_STREAM, &fd), "open");
	printf("odd address: %u\n", socket_connect(fd, &odd, 1));
	printf("send: %u\n", socket_send(fd, &buffer, 1, 0, &size));
	printf("peer: %u\n", socket_getpeeraddr(fd, &to, &kind, &port));
	printf("accept: %u\n", socket_accept_v2(fd, 0, &size));
	printf("no socket: %u\n", socket_send(1, &buffer, 1, 0, &size));
	printf("not open: %u\n", socket_send(99, &buffer, 1, 0, &size));
	printf("option: %u\n", socket_setsockopt(fd, 0, 14, &size, 4));
	printf("refused by policy: %u\n", socket_connect(fd, &to, 1));
	close((int)fd);
	printf("closed: %u\n", socket_send(fd, &buffer, 1, 0, &size));
	need(socket_open(SOCKET_INET, SOCKET_DATAGRAM, &fd), "open");
	printf("datagram refused by policy: %u\n", socket_send_to(fd, &buffer, 1, &to, 1, 0, &size));
	return 0;
}

/* WasmEdge's first generation, where the same names mean other types. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_accept")))
uint32_t old_accept(uint32_t fd, uint32_t *client);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("sock_recv_from")))
uint32_t old_recv_from(uint32_t fd, const struct socket_buffer *buffers, uint32_t count,
		       const struct socket_address *address, uint32_t flags, uint32_t *size, uint16_t *out_flags);

static int old(void)
{
	uint32_t fd = listener(port_or(0), 1), client, size;
	struct socket_address nobody = address(any);
	char data[100];
	struct socket_buffer buffer = { data, sizeof(data) };
	uint16_t flags;

	need(old_accept(fd, &client), "accept");
	need(old_recv_from(client, &buffer, 1, &nobody, 0, &size, &flags), "recv_from");
	printf("%.*s\n", (int)size, data);
	return 0;
}

/* Addresses in the second generation's layout: a family and its bytes in 128. */
static int client6(uint32_t port)
{
	uint8_t bytes[128] = { SOCKET_INET6, [17] = 1 }, name[128];
	struct socket_address to = { bytes, sizeof(bytes) }, from = { name, sizeof(name) };
	uint32_t fd, kind;

	need(socket_open(SOCKET_INET6, SOCKET_STREAM, &fd), "open");
	need(socket_connect(fd, &to, port), "connect");
	need(socket_getpeeraddr(fd, &from, &kind, &port), "getpeeraddr");
	printf("kind %u, family %u, ends in %u\n", kind, name[0], name[17]);
	return write((int)fd, "six", 3) != 3;
}

/* What preview 1 alone can do: a listener that is there, and the C library's functions. */
static int handed(void)
{
	char data[100];
	int client = accept(3, NULL, NULL);
	ssize_t n;

	need(client < 0 ? (uint32_t)errno : 0, "accept");
	n = recv(client, data, sizeof(data), 0);
	need(n < 0 || send(client, data, (size_t)n, 0) != n ? (uint32_t)errno : 0, "echo");
	need(shutdown(client, SHUT_RDWR) ? (uint32_t)errno : 0, "shutdown");
	return 0;
}

/* Prints the addresses of a name. */
static int resolve(const char *name)
{
	static uint8_t bytes[4][32];
	struct socket_name_data data[4];
	struct socket_name nodes[4] = { 0 }, hints = { 0 }, *list = nodes;
	uint32_t count, error;

	for (int i = 0; i < 4; i++) {
		data[i] = (struct socket_name_data){ .size = 26, .data = bytes[i] };
		nodes[i].address = &data[i];
		nodes[i].next = i < 3 ? &nodes[i + 1] : NULL;
	}
	error = socket_getaddrinfo(name, strlen(name) + 1, "8080", 5, &hints, &list, 4, &count);
	if (error) {
		printf("%s: error %u\n", name, error);
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *b = bytes[i];

		if (nodes[i].family == SOCKET_INET)
			printf("%s: %u.%u.%u.%u port %u\n", name, b[2], b[3], b[4], b[5], b[0] << 8 | b[1]);
		else
			printf("%s: IPv6 ending in %u port %u\n", name, b[21], b[0] << 8 | b[1]);
	}
	return 0;
}

/* Both ends are here: nothing of it is anybody else's affair. */
static int both_ends(void)
{
	uint32_t listening = listener(0, 4), client, server, kind, port, asker, answerer, done;
	uint8_t bytes[4];
	struct socket_address name = address(bytes), to = address(loopback);
	char data[100];
	struct socket_buffer buffer = { data, sizeof(data) };
	uint16_t flags;
	ssize_t n;

	need(socket_getlocaladdr(listening, &name, &kind, &port), "getlocaladdr");
	need(socket_open(SOCKET_INET, SOCKET_STREAM, &client), "open");
	need(socket_connect(client, &to, port), "connect");
	need(socket_accept_v2(listening, 0, &server), "accept");
	need(write((int)client, "over the loop", 13) == 13 ? 0 : (uint32_t)errno, "write");
	n = read((int)server, data, sizeof(data));
	need(socket_getpeeraddr(server, &name, &kind, &port), "getpeeraddr");
	printf("%.*s from %u.%u.%u.%u\n", (int)n, data, bytes[0], bytes[1], bytes[2], bytes[3]);
	close((int)client);
	printf("then %d\n", (int)read((int)server, data, sizeof(data)));

	need(socket_open(SOCKET_INET, SOCKET_DATAGRAM, &answerer), "open");
	need(socket_open(SOCKET_INET, SOCKET_DATAGRAM, &asker), "open");
	need(socket_bind(answerer, &to, 53), "bind");
	need(socket_connect(asker, &to, 53), "connect");
	need(write((int)asker, "datagram", 8) == 8 ? 0 : (uint32_t)errno, "write");
	need(socket_recv_from_v2(answerer, &buffer, 1, &name, 0, &port, &done, &flags), "recv_from");
	buffer.size = done;
	need(socket_send_to(answerer, &buffer, 1, &name, port, 0, &done), "send_to");
	n = read((int)asker, data, sizeof(data));
	printf("%.*s and back\n", (int)n, data);
	return 0;
}

/* One connection of AF_VSOCK: to the host's port, or from it at this one. */
static int vsock(uint32_t port, bool listens)
{
	uint32_t cid = listens ? SOCKET_CID_ANY : SOCKET_CID_HOST, fd, client, peer, kind;
	struct socket_address at = { &cid, sizeof(cid) };
	char data[100];
	ssize_t n;

	need(socket_open(SOCKET_VSOCK, SOCKET_STREAM, &fd), "open");
	if (listens) {
		need(socket_bind(fd, &at, port), "bind");
		need(socket_listen(fd, 4), "listen");
		puts("listening");
		fflush(stdout);
		need(socket_accept_v2(fd, 0, &client), "accept");
		fd = client;
	} else {
		need(socket_connect(fd, &at, port), "connect");
	}
	need(socket_getpeeraddr(fd, &at, &kind, &peer), "getpeeraddr");
	printf("peer: CID %u%s\n", cid, listens || peer == port ? "" : ", another port");
	need(write((int)fd, "from the guest\n", 15) == 15 ? 0 : (uint32_t)errno, "write");
	need(socket_shutdown(fd, SOCKET_SHUT_SEND), "shutdown");
	while ((n = read((int)fd, data, sizeof(data))) > 0)
		printf("%.*s", (int)n, data);
	return n < 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t number = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;

	choose_host();
	if (!strcmp(what, "echo"))
		return echo((int)number);
	if (!strcmp(what, "crowd"))
		return crowd();
	if (!strcmp(what, "client"))
		return client(number);
	if (!strcmp(what, "slow-client"))
		return slow_client(number);
	if (!strcmp(what, "bulk"))
		return bulk(number, argc > 3 ? (uint32_t)atoi(argv[3]) : 1);
	if (!strcmp(what, "udp-server"))
		return udp_server();
	if (!strcmp(what, "udp-client"))
		return udp_client(number);
	if (!strcmp(what, "errors"))
		return errors();
	for (int i = 2; i < argc && !strcmp(what, "resolve"); i++)
		resolve(argv[i]);
	if (!strcmp(what, "resolve"))
		return 0;
	if (!strcmp(what, "handed"))
		return handed();
	if (!strcmp(what, "old"))
		return old();
	if (!strcmp(what, "client6"))
		return client6(number);
	if (!strcmp(what, "vsock") || !strcmp(what, "vsock-listen"))
		return vsock(number, what[5]);
	if (!strcmp(what, "both-ends"))
		return both_ends();
	if (!strcmp(what, "listen"))
		return (int)listener(number, 1) < 0;
	return 2;
}
