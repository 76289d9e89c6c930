/* Gets a page by HTTP and prints it, without its head.
 *
 *	walnut run --allow-net all fetch.wasm http://example.com/
 *
 * Ends with 0 if the server said 200, else with 1 and its status on standard error. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "walnut_socket.h"

#define HEAD_MAX 16384

struct url {
	char host[256];
	unsigned port;
	const char *path;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "fetch: %s: %s\n", what, why);
	return 1;
}

static bool parse(const char *text, struct url *url)
{
	const char *host = text + 7, *end, *colon;

	if (strncmp(text, "http://", 7) != 0)
		return false;
	end = host + strcspn(host, "/?#");
	colon = memchr(host, ':', (size_t)(end - host));
	url->port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 80;
	url->path = *end == '/' ? end : "/";
	if (!colon)
		colon = end;
	if (colon == host || (size_t)(colon - host) >= sizeof(url->host) || url->port == 0 || url->port > 65535)
		return false;
	memcpy(url->host, host, (size_t)(colon - host));
	url->host[colon - host] = '\0';
	return true;
}

/* A connection to the first of the host's addresses that takes one. */
static uint32_t connect_to(const struct url *url, uint32_t *fd)
{
	uint8_t bytes[8][32];
	struct socket_name_data data[8];
	struct socket_name names[8] = { 0 }, hints = { .family = SOCKET_INET, .type = SOCKET_STREAM }, *list = names;
	uint32_t count = 0, error;

	for (int i = 0; i < 8; i++) {
		data[i] = (struct socket_name_data){ .size = 26, .data = bytes[i] };
		names[i].address = &data[i];
		names[i].next = i < 7 ? &names[i + 1] : NULL;
	}
	error = socket_getaddrinfo(url->host, (uint32_t)strlen(url->host), "", 0, &hints, &list, 8, &count);
	for (uint32_t i = 0; i < count; i++) {
		const struct socket_address to = { bytes[i] + 2, 4 };

		error = socket_open(SOCKET_INET, SOCKET_STREAM, fd);
		if (!error)
			error = socket_connect(*fd, &to, url->port);
		if (!error)
			return 0;
		close((int)*fd);
	}
	return error;
}

/* Everything that the server says goes out, but for its head. The connection ends with the page. */
static int print_page(const char *name, FILE *connection)
{
	char line[HEAD_MAX], status[256] = "no answer";
	size_t n, head = 0;

	while (fgets(line, sizeof(line), connection) && strcmp(line, "\r\n") != 0) {
		if (head == 0)
			snprintf(status, sizeof(status), "%.*s", (int)strcspn(line, "\r\n"), line);
		head += strlen(line);
		if (head > HEAD_MAX)
			return fail(name, "the answer's head is too long");
	}
	while ((n = fread(line, 1, sizeof(line), connection)) > 0)
		if (fwrite(line, 1, n, stdout) != n)
			return fail(name, "cannot write");
	if (ferror(connection) || fflush(stdout) != 0)
		return fail(name, "the connection broke");
	return strncmp(status, "HTTP/1.", 7) == 0 && strncmp(status + 8, " 200", 4) == 0 ? 0 : fail(name, status);
}

int main(int argc, char **argv)
{
	struct url url;
	uint32_t fd, error;
	FILE *connection;

	if (argc != 2 || !parse(argv[1], &url)) {
		fputs("usage: fetch http://HOST[:PORT]/PATH\n", stderr);
		return 2;
	}
	error = connect_to(&url, &fd);
	if (error)
		return fail(url.host, strerror((int)error));
	connection = fdopen((int)fd, "r+");
	if (!connection)
		return fail(url.host, "out of memory");
	/* By HTTP/1.0, where pages come in one piece and end with the connection. */
	fprintf(connection, "GET %s HTTP/1.0\r\nHost: %s:%u\r\n\r\n", url.path, url.host, url.port);
	fflush(connection);
	return print_page(argv[1], connection);
}
