/* A key-value store in memory, for thousands of clients that stay connected.
 *
 *	walnut run -p 6000:6000 keyd.wasm
 *	printf 'set colour green\nget colour\nquit\n' | nc localhost 6000
 *
 * Lines: `set KEY VALUE`, `get KEY`, `delete KEY`, `count`, `quit`. Answers: `ok`, `value …`, `none`,
 * a number, or `error …`. Listens on the port that its argument names, 6000 without one. */
#include "walnut_server.h"

#define BUCKETS 4096
#define KEYS_MAX 100000
#define BYTES_MAX (32u << 20)

struct entry {
	struct entry *next;
	size_t key_size, value_size;
	char bytes[]; /* key, then value */
};

static struct entry *buckets[BUCKETS];
static size_t key_count, byte_count;

/* Where the link to the key is, or would be: FNV-1a. */
static struct entry **find(const char *key, size_t size)
{
	struct entry **at;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)key[i]) * 16777619u;
	at = &buckets[hash % BUCKETS];
	while (*at && ((*at)->key_size != size || memcmp((*at)->bytes, key, size) != 0))
		at = &(*at)->next;
	return at;
}

static bool forget(const char *key, size_t size)
{
	struct entry **at = find(key, size), *gone = *at;

	if (!gone)
		return false;
	*at = gone->next;
	key_count--;
	byte_count -= gone->key_size + gone->value_size;
	free(gone);
	return true;
}

/* Where there is no room the old value stays. */
static const char *set(const char *key, size_t key_size, const char *value, size_t value_size)
{
	const struct entry *old = *find(key, key_size);
	size_t old_size = old ? old->key_size + old->value_size : 0;
	struct entry *entry = NULL;

	if (key_count - (old != NULL) < KEYS_MAX && byte_count - old_size + key_size + value_size <= BYTES_MAX)
		entry = malloc(sizeof(*entry) + key_size + value_size);
	if (!entry)
		return "error full\n";
	entry->key_size = key_size;
	entry->value_size = value_size;
	memcpy(entry->bytes, key, key_size);
	memcpy(entry->bytes + key_size, value, value_size);
	entry->next = NULL;
	forget(key, key_size);
	*find(key, key_size) = entry; /* the end of its chain */
	key_count++;
	byte_count += key_size + value_size;
	return "ok\n";
}

static void get(struct client *client, const char *key, size_t size)
{
	const struct entry *entry = *find(key, size);

	if (!entry) {
		client_say_text(client, "none\n");
		return;
	}
	client_say_text(client, "value ");
	client_say(client, entry->bytes + entry->key_size, entry->value_size);
	client_say_text(client, "\n");
}

/* A line without its end. */
static void command(struct client *client, const char *line, size_t size)
{
	const char *end = line + size;
	const char *word_end = memchr(line, ' ', size);
	const char *key = word_end ? word_end + 1 : end;
	const char *key_end = memchr(key, ' ', (size_t)(end - key));
	size_t word = (size_t)((word_end ? word_end : end) - line);
	size_t key_size = (size_t)((key_end ? key_end : end) - key);
	char number[32];

	if (word == 3 && !memcmp(line, "set", 3) && key_size && key_end) {
		client_say_text(client, set(key, key_size, key_end + 1, (size_t)(end - key_end) - 1));
	} else if (word == 3 && !memcmp(line, "get", 3) && key_size && !key_end) {
		get(client, key, key_size);
	} else if (word == 6 && !memcmp(line, "delete", 6) && key_size && !key_end) {
		client_say_text(client, forget(key, key_size) ? "ok\n" : "none\n");
	} else if (word == 5 && !memcmp(line, "count", 5) && !word_end) {
		snprintf(number, sizeof(number), "%zu\n", key_count);
		client_say_text(client, number);
	} else if (word == 4 && !memcmp(line, "quit", 4) && !word_end) {
		client->last = true;
	} else {
		client_say_text(client, "error not understood\n");
	}
}

static void serve(struct client *client)
{
	char *end;

	while (!client->last && !client_is_full(client) && (end = memchr(client->input, '\n', client->input_size))) {
		size_t size = (size_t)(end - client->input);

		command(client, client->input, size && end[-1] == '\r' ? size - 1 : size);
		client_used(client, size + 1);
	}
	if (client->input_size == SERVER_INPUT_MAX && !client_is_full(client)) {
		client_say_text(client, "error line too long\n");
		client->last = true;
	}
}

int main(int argc, char **argv)
{
	struct server server = {
		.name = "keyd", .port = argc > 1 ? (uint32_t)atoi(argv[1]) : 6000,
		.serve = serve,
	};

	return server_run(&server);
}
