/* FUSE operations; see client.h. A call lays its request out in fuse_request, checks the answer's
 * header and size, and copies what it needs out of fuse_answer, where the server can still
 * write. */
#include "fs/client.h"

#include <stdbool.h>

#include "fs/error.h"
#include "fs/transport.h"
#include "lib/string.h"
#include "wasi/wasi.h"

#define DIRECTORIES_MAX 16
#define FORGETS 64 /* are collected before the server is told */
#define PARTS 4

static struct directory {
	enum { NEW, STARTED, BROKEN } state;
	uint32_t write_max, direct_max;
	uint32_t forget_count;
	struct fuse_forget_one forgets[FORGETS];
} directories[DIRECTORIES_MAX];

static uint64_t unique; /* of the last request */
static uint64_t looks;	/* requests that ask */

/* Reads under way. */
static struct read_ahead {
	bool begun;
	uint32_t dir, size;
	uint64_t unique;
} reads_ahead[FUSE_AHEAD_PLACES];
_Static_assert(FUSE_AHEAD_MAX + sizeof(struct fuse_out_header) <= FUSE_AHEAD_ROOM, "sizes");

struct part {
	const void *data;
	uint32_t size;
};

struct call {
	uint32_t dir;
	uint32_t opcode;
	uint64_t node;
	struct part parts[PARTS]; /* of the request, behind its header; NULL: it is there already */
	uint32_t reply_min, reply_max;
	/* The program's data, behind the parts or as the reply; NULL: none. */
	const struct fuse_direct *send, *receive;
	uint32_t reply_size; /* as it came */
};

static uint8_t *reply(void)
{
	return fuse_answer + sizeof(struct fuse_out_header);
}

static uint32_t lay_out(const struct call *call)
{
	struct fuse_in_header header = { .opcode = call->opcode, .nodeid = call->node, .unique = ++unique };
	uint32_t size = sizeof(header);

	for (uint32_t i = 0; i < PARTS; i++) {
		if (call->parts[i].data)
			memcpy(fuse_request + size, call->parts[i].data, call->parts[i].size);
		size += call->parts[i].size;
	}
	header.len = size + (call->send ? call->send->size : 0);
	memcpy(fuse_request, &header, sizeof(header));
	return size;
}

static uint32_t broke(uint32_t dir)
{
	directories[dir].state = BROKEN;
	return WASI_EIO;
}

uint64_t fuse_exchanges(void)
{
	return unique;
}

uint64_t fuse_looks(void)
{
	return looks;
}

static int64_t carry(const struct call *call, uint32_t size, uint32_t room)
{
	if (call->send)
		return fuse_transport_send(call->dir, size, call->send, room);
	if (call->receive)
		return fuse_transport_receive(call->dir, size, room, call->receive);
	return fuse_transport_exchange(call->dir, size, room);
}

/* An answer of which `got` bytes came. */
static uint32_t check(uint32_t dir, const uint8_t *answer, int64_t got, uint64_t to, uint32_t *size)
{
	struct fuse_out_header header;

	if (got < (int64_t)sizeof(header))
		return broke(dir);
	memcpy(&header, answer, sizeof(header));
	if (header.len != got || header.unique != to || header.error > 0 || header.error < -4095)
		return broke(dir);
	*size = header.len - (uint32_t)sizeof(header);
	return header.error ? fuse_error((uint32_t)-header.error) : WASI_SUCCESS;
}

static uint32_t exchange(struct call *call)
{
	int64_t got = carry(call, lay_out(call), call->reply_max + (uint32_t)sizeof(struct fuse_out_header));
	uint32_t error = check(call->dir, fuse_answer, got, unique, &call->reply_size);

	looks += call->opcode != FUSE_WRITE;
	if (error)
		return error;
	return call->reply_size < call->reply_min ? broke(call->dir) : WASI_SUCCESS;
}

static uint32_t start(uint32_t dir)
{
	const struct fuse_init_in in = {
		.major = FUSE_VERSION_MAJOR,
		.minor = FUSE_VERSION_MINOR,
		.flags = FUSE_BIG_WRITES | FUSE_ATOMIC_O_TRUNC | FUSE_MAX_PAGES,
	};
	struct call call = { .dir = dir, .opcode = FUSE_INIT, .parts = { { &in, sizeof(in) } },
			     .reply_min = sizeof(struct fuse_init_out), .reply_max = sizeof(struct fuse_init_out) };
	struct directory *directory = &directories[dir];
	struct fuse_init_out out;

	if (!fuse_transport_start(dir) || exchange(&call))
		return broke(dir);
	memcpy(&out, reply(), sizeof(out));
	if (out.major != FUSE_VERSION_MAJOR || out.max_write < 4096)
		return broke(dir);
	directory->write_max = out.max_write < FUSE_DATA_MAX ? out.max_write : FUSE_DATA_MAX;
	directory->direct_max = out.max_write < FUSE_DIRECT_MAX ? out.max_write : FUSE_DIRECT_MAX;
	directory->state = STARTED;
	return WASI_SUCCESS;
}

static uint32_t ready(uint32_t dir)
{
	if (dir >= DIRECTORIES_MAX || directories[dir].state == BROKEN)
		return WASI_EIO;
	return directories[dir].state == NEW ? start(dir) : WASI_SUCCESS;
}

static uint32_t run(struct call *call)
{
	uint32_t error = ready(call->dir);

	return error ? error : exchange(call);
}

/* There is no answer. */
static void send_forgets(uint32_t dir)
{
	struct directory *directory = &directories[dir];
	const struct fuse_batch_forget_in in = { .count = directory->forget_count };
	const struct call call = { .dir = dir, .opcode = FUSE_BATCH_FORGET,
			     .parts = { { &in, sizeof(in) },
					{ directory->forgets, in.count * (uint32_t)sizeof(directory->forgets[0]) } } };

	_Static_assert(sizeof(struct fuse_in_header) + sizeof(in) + sizeof(directory->forgets) <= FUSE_LATER_MAX, "sizes");
	directory->forget_count = 0;
	if (!fuse_transport_later(dir, lay_out(&call)))
		broke(dir);
}

void fuse_forget(uint32_t dir, uint64_t node, uint64_t lookups)
{
	struct directory *directory = &directories[dir];

	if (lookups == 0 || node == FUSE_ROOT_ID || directory->state != STARTED)
		return;
	directory->forgets[directory->forget_count++] = (struct fuse_forget_one){ node, lookups };
	if (directory->forget_count == FORGETS)
		send_forgets(dir);
}

#define NAME(name) { (name).text, (name).size }, { "", 1 }

/* A node with a number that means nothing, or none, would be another one to us. */
static uint32_t take_entry(uint32_t dir, struct fuse_entry_out *entry)
{
	memcpy(entry, reply(), sizeof(*entry));
	if (entry->nodeid == 0)
		return WASI_ENOENT;
	return entry->nodeid == FUSE_ROOT_ID ? broke(dir) : WASI_SUCCESS;
}

uint32_t fuse_lookup(uint32_t dir, uint64_t node, struct fuse_name name, struct fuse_entry_out *entry)
{
	struct call call = { .dir = dir, .opcode = FUSE_LOOKUP, .node = node, .parts = { NAME(name) },
			     .reply_min = sizeof(*entry), .reply_max = sizeof(*entry) };
	uint32_t error = run(&call);

	return error ? error : take_entry(dir, entry);
}

uint32_t fuse_getattr(uint32_t dir, uint64_t node, struct fuse_attr *attr)
{
	const struct fuse_getattr_in in = { 0 };
	struct call call = { .dir = dir, .opcode = FUSE_GETATTR, .node = node, .parts = { { &in, sizeof(in) } },
			     .reply_min = sizeof(struct fuse_attr_out), .reply_max = sizeof(struct fuse_attr_out) };
	uint32_t error = run(&call);

	if (!error)
		memcpy(attr, reply() + offsetof(struct fuse_attr_out, attr), sizeof(*attr));
	return error;
}

uint32_t fuse_setattr(uint32_t dir, uint64_t node, const struct fuse_setattr_in *in)
{
	struct call call = { .dir = dir, .opcode = FUSE_SETATTR, .node = node, .parts = { { in, sizeof(*in) } },
			     .reply_max = sizeof(struct fuse_attr_out) };

	return run(&call);
}

uint32_t fuse_readlink(uint32_t dir, uint64_t node, const char **target, uint32_t *size)
{
	struct call call = { .dir = dir, .opcode = FUSE_READLINK, .node = node, .reply_max = 4096 };
	uint32_t error = run(&call);

	*target = (const char *)reply();
	*size = call.reply_size;
	return error;
}

uint32_t fuse_open(uint32_t dir, uint32_t opcode, uint64_t node, uint32_t flags, uint64_t *handle)
{
	const struct fuse_open_in in = { .flags = flags };
	struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { { &in, sizeof(in) } },
			     .reply_min = sizeof(struct fuse_open_out), .reply_max = sizeof(struct fuse_open_out) };
	uint32_t error = run(&call);

	if (!error)
		memcpy(handle, reply(), sizeof(*handle));
	return error;
}

void fuse_release(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle)
{
	const struct fuse_release_in in = { .fh = handle };
	struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { { &in, sizeof(in) } } };

	run(&call);
}

void fuse_release_later(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle)
{
	const struct fuse_release_in in = { .fh = handle };
	const struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { { &in, sizeof(in) } } };

	if (directories[dir].state == STARTED && !fuse_transport_later(dir, lay_out(&call)))
		broke(dir);
}

uint32_t fuse_create(uint32_t dir, uint64_t node, struct fuse_name name, uint32_t flags, uint32_t mode,
		   struct fuse_entry_out *entry, uint64_t *handle)
{
	const struct fuse_create_in in = { .flags = flags, .mode = mode };
	const uint32_t size = sizeof(*entry) + sizeof(struct fuse_open_out);
	struct call call = { .dir = dir, .opcode = FUSE_CREATE, .node = node,
			     .parts = { { &in, sizeof(in) }, NAME(name) }, .reply_min = size, .reply_max = size };
	uint32_t error = run(&call);

	if (error)
		return error;
	memcpy(handle, reply() + sizeof(*entry), sizeof(*handle));
	return take_entry(dir, entry) ? broke(dir) : WASI_SUCCESS;
}

uint32_t fuse_read(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size,
		 const uint8_t **data, uint32_t *got)
{
	const struct fuse_read_in in = { .fh = handle, .offset = offset, .size = size };
	struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { { &in, sizeof(in) } },
			     .reply_max = size };
	uint32_t error = run(&call);

	*data = reply();
	*got = error ? 0 : call.reply_size;
	return error;
}

uint32_t fuse_read_begin(uint32_t dir, uint32_t place, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size)
{
	const struct fuse_read_in in = { .fh = handle, .offset = offset, .size = size };
	const struct call call = { .dir = dir, .opcode = FUSE_READ, .node = node, .parts = { { &in, sizeof(in) } } };
	struct read_ahead *read = &reads_ahead[place];
	uint32_t error = ready(dir);

	_Static_assert(sizeof(struct fuse_in_header) + sizeof(in) <= FUSE_AHEAD_REQUEST, "sizes");
	if (read->begun && fuse_transport_end(read->dir, place) < 0) /* nobody wants it any more */
		broke(read->dir);
	read->begun = !error;
	if (error)
		return error;
	fuse_transport_begin(dir, place, lay_out(&call), size + (uint32_t)sizeof(struct fuse_out_header));
	read->dir = dir;
	read->size = size;
	read->unique = unique;
	return WASI_SUCCESS;
}

uint32_t fuse_read_end(uint32_t place, const uint8_t **data, uint32_t *got)
{
	struct read_ahead *read = &reads_ahead[place];
	int64_t size = fuse_transport_end(read->dir, place);
	uint32_t error = check(read->dir, fuse_ahead[place], size, read->unique, got);

	read->begun = false;
	*data = fuse_ahead[place] + sizeof(struct fuse_out_header);
	if (error)
		*got = 0;
	return error;
}

int fuse_entry(const uint8_t *data, uint32_t size, uint32_t *at, struct fuse_entry *entry)
{
	struct fuse_dirent d;

	if (size - *at < sizeof(d))
		return 0;
	memcpy(&d, data + *at, sizeof(d));
	if (d.namelen == 0 || d.namelen > FUSE_NAME_MAX || d.namelen > size - *at - sizeof(d))
		return 0;
	entry->ino = d.ino;
	entry->next = d.off;
	entry->type = d.type;
	entry->name = (struct fuse_name){ (const char *)data + *at + sizeof(d), d.namelen };
	*at += (uint32_t)FUSE_DIRENT_ALIGN(sizeof(d) + d.namelen);
	if (*at > size)
		*at = size;
	return 1;
}

uint8_t *fuse_write_buffer(void)
{
	return fuse_request + sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in);
}

uint32_t fuse_write_max(uint32_t dir)
{
	return ready(dir) ? FUSE_DATA_MAX : directories[dir].write_max;
}

uint32_t fuse_direct_max(uint32_t dir)
{
	return ready(dir) ? FUSE_DIRECT_MAX : directories[dir].direct_max;
}

uint32_t fuse_read_direct(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, const struct fuse_direct *to,
			  uint32_t *got)
{
	const struct fuse_read_in in = { .fh = handle, .offset = offset, .size = to->size };
	struct call call = { .dir = dir, .opcode = FUSE_READ, .node = node, .parts = { { &in, sizeof(in) } },
			     .receive = to };
	uint32_t error = run(&call);

	*got = error ? 0 : call.reply_size;
	return error;
}

/* What the server says it has written. */
static uint32_t written_of(struct call *call, uint32_t size, uint32_t *written)
{
	uint32_t error;

	call->reply_min = call->reply_max = sizeof(struct fuse_write_out);
	error = run(call);
	if (error)
		return error;
	memcpy(written, reply(), sizeof(*written));
	return *written > size ? broke(call->dir) : WASI_SUCCESS;
}

uint32_t fuse_write_direct(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, const struct fuse_direct *from,
			   uint32_t *written)
{
	const struct fuse_write_in in = { .fh = handle, .offset = offset, .size = from->size };
	struct call call = { .dir = dir, .opcode = FUSE_WRITE, .node = node, .parts = { { &in, sizeof(in) } },
			     .send = from };

	return written_of(&call, from->size, written);
}

uint32_t fuse_write(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size, uint32_t *written)
{
	const struct fuse_write_in in = { .fh = handle, .offset = offset, .size = size };
	struct call call = { .dir = dir, .opcode = FUSE_WRITE, .node = node,
			     .parts = { { &in, sizeof(in) }, { NULL, size } } };

	return written_of(&call, size, written);
}

uint32_t fuse_sync(uint32_t dir, uint32_t opcode, uint64_t node, uint64_t handle, uint32_t data_only)
{
	const struct fuse_fsync_in in = { .fh = handle, .fsync_flags = data_only ? FUSE_FSYNC_FDATASYNC : 0 };
	struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { { &in, sizeof(in) } } };

	return run(&call);
}

uint32_t fuse_allocate(uint32_t dir, uint64_t node, uint64_t handle, uint64_t offset, uint64_t size)
{
	const struct fuse_fallocate_in in = { .fh = handle, .offset = offset, .length = size };
	struct call call = { .dir = dir, .opcode = FUSE_FALLOCATE, .node = node, .parts = { { &in, sizeof(in) } } };

	return run(&call);
}

/* Makes an entry that nobody asked for: its node is forgotten at once. */
static uint32_t make(struct call *call)
{
	struct fuse_entry_out entry;
	uint32_t error;

	call->reply_min = call->reply_max = sizeof(entry);
	error = run(call);
	if (!error)
		error = take_entry(call->dir, &entry);
	if (!error)
		fuse_forget(call->dir, entry.nodeid, 1);
	return error;
}

uint32_t fuse_mkdir(uint32_t dir, uint64_t node, struct fuse_name name)
{
	const struct fuse_mkdir_in in = { .mode = 0777 };
	struct call call = { .dir = dir, .opcode = FUSE_MKDIR, .node = node,
			     .parts = { { &in, sizeof(in) }, NAME(name) } };

	return make(&call);
}

uint32_t fuse_symlink(uint32_t dir, uint64_t node, struct fuse_name name, struct fuse_name target)
{
	struct call call = { .dir = dir, .opcode = FUSE_SYMLINK, .node = node, .parts = { NAME(name), NAME(target) } };

	return make(&call);
}

uint32_t fuse_link(uint32_t dir, uint64_t old, uint64_t node, struct fuse_name name)
{
	const struct fuse_link_in in = { old };
	struct call call = { .dir = dir, .opcode = FUSE_LINK, .node = node,
			     .parts = { { &in, sizeof(in) }, NAME(name) } };

	return make(&call);
}

uint32_t fuse_remove(uint32_t dir, uint32_t opcode, uint64_t node, struct fuse_name name)
{
	struct call call = { .dir = dir, .opcode = opcode, .node = node, .parts = { NAME(name) } };

	return run(&call);
}

uint32_t fuse_rename(uint32_t dir, uint64_t node, struct fuse_name name, uint64_t new_node, struct fuse_name new_name)
{
	struct { struct fuse_rename_in in; char old[FUSE_NAME_MAX + 1]; } first = { .in = { new_node } };
	struct call call = { .dir = dir, .opcode = FUSE_RENAME, .node = node,
			     .parts = { { &first, (uint32_t)sizeof(first.in) + name.size + 1 }, NAME(new_name) } };

	memcpy(first.old, name.text, name.size); /* the rest is zero */
	return run(&call);
}
