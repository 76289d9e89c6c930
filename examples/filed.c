/* A web server for files: HTTP/1.1, GET and HEAD, keep-alive, byte ranges.
 *
 *	walnut run --dir site::/ -p 8080:80 filed.wasm
 *	walnut run --bundle site::/ -p 8080:80 filed.wasm
 *	curl http://localhost:8080/index.html
 *
 * filed [PORT [FOLDER]]: listens on port 80 and serves / unless told otherwise. What is outside of the
 * folder cannot be asked for: neither here, nor below, where WASI does not let paths lead out. A
 * folder is its index.html. */
#include <strings.h>
#include <sys/stat.h>

#include "walnut_server.h"

#define PATH_SIZE 4096
#define PIECE 32768

static const char *folder = "/";

/* What a client still has to get of a file. */
struct transfer {
	int fd; /* -1: nothing */
	uint64_t at, left;
	bool last; /* and that is all */
};

struct request {
	bool head, keep;
	char path[PATH_SIZE];
	bool ranged;
	uint64_t first, last; /* UINT64_MAX: to the end, or, as `first`, so many bytes of the end */
};

static const char *type_of(const char *path)
{
	static const struct { const char *suffix, *type; } types[] = {
		{ ".html", "text/html; charset=utf-8" }, { ".css", "text/css" }, { ".js", "text/javascript" },
		{ ".txt", "text/plain; charset=utf-8" }, { ".json", "application/json" }, { ".png", "image/png" },
		{ ".jpg", "image/jpeg" }, { ".svg", "image/svg+xml" }, { ".wasm", "application/wasm" },
	};
	size_t size = strlen(path);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t suffix = strlen(types[i].suffix);

		if (size > suffix && strcmp(path + size - suffix, types[i].suffix) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

static void refuse(struct client *client, const struct request *request, const char *status, const char *more)
{
	char head[512];
	int size = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s%s\r\n",
			    status, strlen(status) + 1, more, request->keep ? "" : "Connection: close\r\n");

	client_say(client, head, (size_t)size);
	if (!request->head) {
		client_say_text(client, status);
		client_say_text(client, "\n");
	}
	client->last |= !request->keep;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The path of a request target, without its query and with %XX decoded, below the folder. */
static bool take_path(const char *target, size_t size, char *path)
{
	size_t out = (size_t)snprintf(path, PATH_SIZE, "%s", folder);

	if (size == 0 || target[0] != '/')
		return false;
	for (size_t i = 0; i < size && target[i] != '?' && target[i] != '#'; i++) {
		int byte = (unsigned char)target[i];

		if (byte == '%') {
			int high = i + 2 < size ? digit(target[i + 1]) : -1, low = high < 0 ? -1 : digit(target[i + 2]);

			if (low < 0)
				return false;
			byte = high << 4 | low;
			i += 2;
		}
		if (byte == '\0' || out + 1 >= PATH_SIZE)
			return false;
		path[out++] = (char)byte;
	}
	path[out] = '\0';
	/* A name of two dots is none that anybody links to. */
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return false;
	return true;
}

/* The value of a header field, or NULL; the head ends with a NUL in the place of its last line end. */
static const char *field(const char *head, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, size) == 0 && line[2 + size] == ':')
			return line + 3 + size + strspn(line + 3 + size, " \t");
	return NULL;
}

/* One range only; others are answered with the whole file, as is allowed. */
static void take_range(struct request *request, const char *text)
{
	char *end;

	if (!text || strncmp(text, "bytes=", 6) != 0)
		return;
	text += 6;
	request->first = *text == '-' ? UINT64_MAX : strtoull(text, &end, 10);
	if (*text == '-')
		end = (char *)text;
	if (*end != '-')
		return;
	text = end + 1;
	request->last = digit(*text) >= 0 ? strtoull(text, &end, 10) : UINT64_MAX;
	if (digit(*text) < 0)
		end = (char *)text;
	request->ranged = (*end == '\r' || *end == '\0') && !(request->first == UINT64_MAX && request->last == UINT64_MAX);
}

/* Status of the head, or NULL when it is understood. */
static const char *parse(char *head, struct request *request)
{
	char *target = strchr(head, ' '), *version = target ? strchr(target + 1, ' ') : NULL;
	const char *connection = field(head, "Connection");

	request->keep = version && strncmp(version + 1, "HTTP/1.1", 8) == 0 &&
			!(connection && strncasecmp(connection, "close", 5) == 0);
	if (!version || strncmp(version + 1, "HTTP/1.", 7) != 0) {
		request->keep = false;
		return "400 Bad Request";
	}
	request->head = strncmp(head, "HEAD ", 5) == 0;
	if (!request->head && strncmp(head, "GET ", 4) != 0) {
		request->keep = false; /* a body may follow */
		return "405 Method Not Allowed";
	}
	take_range(request, field(head, "Range"));
	return take_path(target + 1, (size_t)(version - target - 1), request->path) ? NULL : "400 Bad Request";
}

/* False: the range is outside of the file. */
static bool apply_range(struct request *request, uint64_t size)
{
	if (request->first == UINT64_MAX) { /* the last so many */
		request->first = request->last < size ? size - request->last : 0;
		request->last = UINT64_MAX;
	}
	if (request->last >= size)
		request->last = size - 1;
	return size > 0 && request->first <= request->last && request->first < size;
}

static int open_file(struct request *request, struct stat *st)
{
	int fd = open(request->path, O_RDONLY);
	size_t size = strlen(request->path);

	if (fd < 0 || fstat(fd, st) != 0 || !S_ISDIR(st->st_mode))
		return fd;
	close(fd);
	if (size + sizeof("/index.html") > PATH_SIZE)
		return -1;
	strcpy(request->path + size, request->path[size - 1] == '/' ? "index.html" : "/index.html");
	fd = open(request->path, O_RDONLY);
	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	errno = ENOENT;
	return -1;
}

static void answer(struct client *client, struct request *request)
{
	struct transfer *transfer = client->own;
	struct stat st;
	int fd = open_file(request, &st), n;
	uint64_t size;
	char head[512], range[128] = "";

	if (fd < 0 || !S_ISREG(st.st_mode)) {
		refuse(client, request, fd >= 0 || errno == EACCES || errno == EPERM || errno == ENOTCAPABLE ? "403 Forbidden" :
		       errno == EMFILE || errno == ENFILE ? "503 Service Unavailable" : "404 Not Found", "");
		if (fd >= 0)
			close(fd);
		return;
	}
	size = (uint64_t)st.st_size;
	if (request->ranged && !apply_range(request, size)) {
		snprintf(range, sizeof(range), "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
		refuse(client, request, "416 Range Not Satisfiable", range);
		close(fd);
		return;
	}
	*transfer = (struct transfer){ fd, 0, size, !request->keep };
	if (request->ranged) {
		transfer->at = request->first;
		transfer->left = request->last - request->first + 1;
		snprintf(range, sizeof(range), "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)request->first,
			 (unsigned long long)request->last, (unsigned long long)size);
	}
	n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\nAccept-Ranges: bytes\r\n%s%s\r\n",
		     request->ranged ? "206 Partial Content" : "200 OK", type_of(request->path),
		     (unsigned long long)transfer->left, range, request->keep ? "" : "Connection: close\r\n");
	client_say(client, head, (size_t)n);
	if (request->head)
		transfer->left = 0;
}

/* True: the file has been sent, or there was none. */
static bool continue_file(struct client *client)
{
	struct transfer *transfer = client->own;
	static char piece[PIECE];

	while (transfer->left > 0 && !client_is_full(client)) {
		size_t wanted = transfer->left < PIECE ? (size_t)transfer->left : PIECE;
		ssize_t n = pread(transfer->fd, piece, wanted, (off_t)transfer->at);

		if (n <= 0) { /* it has become shorter: the client notices by the connection's end */
			transfer->left = 0;
			client->last = true;
			break;
		}
		client_say(client, piece, (size_t)n);
		transfer->at += (uint64_t)n;
		transfer->left -= (uint64_t)n;
	}
	if (transfer->left > 0)
		return false;
	if (transfer->fd >= 0) {
		close(transfer->fd);
		client->last |= transfer->last;
	}
	transfer->fd = -1;
	return true;
}

static void take_request(struct client *client, char *head)
{
	struct request request = { .keep = true };
	const char *refused = parse(head, &request);

	if (refused)
		refuse(client, &request, refused, strncmp(refused, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");
	else
		answer(client, &request);
}

static void serve(struct client *client)
{
	char *end;

	if (!client->own) {
		struct transfer *transfer = calloc(1, sizeof(*transfer));

		if (!transfer) {
			client->last = true;
			return;
		}
		transfer->fd = -1;
		client->own = transfer;
	}
	while (continue_file(client) && !client->last && !client_is_full(client) &&
	       (end = memmem(client->input, client->input_size, "\r\n\r\n", 4))) {
		size_t size = (size_t)(end - client->input);

		end[0] = '\0';
		if (memchr(client->input, '\0', size))
			refuse(client, &(struct request){ 0 }, "400 Bad Request", "");
		else
			take_request(client, client->input);
		client_used(client, size + 4);
	}
	if (client->input_size == SERVER_INPUT_MAX && !client->last && !client_is_full(client) &&
	    !memmem(client->input, client->input_size, "\r\n\r\n", 4))
		refuse(client, &(struct request){ 0 }, "431 Request Header Fields Too Large", "");
}

static void closed(struct client *client)
{
	struct transfer *transfer = client->own;

	if (transfer && transfer->fd >= 0)
		close(transfer->fd);
	free(transfer);
}

int main(int argc, char **argv)
{
	struct server server = {
		.name = "filed", .port = argc > 1 ? (uint32_t)atoi(argv[1]) : 80, .idle_seconds = 60,
		.serve = serve, .closed = closed,
	};

	if (argc > 2)
		folder = argv[2];
	return server_run(&server);
}
