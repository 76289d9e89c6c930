/* A module in pieces that can be changed one by one and put together again with the
 * sizes that go with them: sections, and the code section's bodies as instructions. */
#ifndef WALNUT_FUZZ_PIECES_H
#define WALNUT_FUZZ_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum { CODE_SECTION = 10 };

/* Instructions, or the locals' declarations at a body's head. */
struct body_pieces {
	struct bytes *pieces;
	size_t count;
};

struct section_piece {
	uint8_t id;
	struct bytes contents;	    /* but for the code section, whose are: */
	struct body_pieces *bodies;
	size_t body_count;
};

struct module_pieces {
	struct section_piece *sections;
	size_t count;
};

/* False: these bytes do not decode. */
bool pieces_take(struct module_pieces *module, const uint8_t *data, size_t size);
void pieces_free(struct module_pieces *module);
void pieces_put(const struct module_pieces *module, struct bytes *bytes);
/* A copy of its own of the piece in front of `at`; `at` may be the end. */
void pieces_insert(struct body_pieces *body, size_t at, const struct bytes *piece);
void pieces_remove(struct body_pieces *body, size_t at);

#endif
