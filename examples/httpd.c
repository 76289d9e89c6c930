/* A web server that says hello: HTTP/1.1 with keep-alive, any number of clients at a time.
 *
 *	walnut run -p 8080:80 httpd.wasm
 *	curl http://localhost:8080/
 *
 * Listens on the port that its argument names, 80 without one. */
#include "walnut_server.h"

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, world!\n";

/* Takes whole requests, which end with an empty line, off the buffer. */
static void serve(struct client *client)
{
	while (!client->last && !client_is_full(client)) {
		char *end = memmem(client->input, client->input_size, "\r\n\r\n", 4);

		if (!end)
			break;
		*end = '\0';
		if (strncmp(client->input, "GET ", 4) != 0 || !strstr(client->input, " HTTP/1.1") ||
		    strstr(client->input, "Connection: close"))
			client->last = true;
		client_say(client, answer, sizeof(answer) - 1);
		client_used(client, (size_t)(end - client->input) + 4);
	}
	if (client->input_size == SERVER_INPUT_MAX && !client_is_full(client)) /* longer than anybody needs */
		client->last = true;
}

int main(int argc, char **argv)
{
	struct server server = {
		.name = "httpd", .port = argc > 1 ? (uint32_t)atoi(argv[1]) : 80,
		.serve = serve, .idle_seconds = 300,
	};

	return server_run(&server);
}
