/* Loops over memory in the shapes that compilers to WebAssembly make: the body repeated
 * k times for neighbouring elements, behind it a loop for the odd rest. In some loops
 * one of the copies differs a little, so that they only look as if they could be rolled
 * up (compiler/translate/reroll.c) or vectorised. Streams often overlap. */
#include "body.h"

#define STREAMS 3
#define ROUNDS_MAX 12

enum addressing {
	BY_OFFSET, /* pointer, its copies by the offset of the memarg */
	BY_SUM,	   /* pointer + constant */
	BY_INDEX,  /* base + ((i + constant) << log2) */
	BY_OR,	   /* base + ((i | constant) << log2) */
	ADDRESSING_COUNT,
};

enum counting {
	COUNT_DOWN,  /* rounds left */
	UP_TO_BOUND, /* i != bound */
	UP_TO_ZERO,  /* i from below zero; addresses wrap around */
	WHILE_LESS,  /* i < bound */
	COUNTING_COUNT,
};

enum work { COPY, MAP, ZIP, SUM, DOT, FLOAT_SUM, FLOAT_MAP, FILL, INDICES, WIDEN, STENCIL, SWAP, CHAIN,
	    WORK_COUNT };

struct loop {
	struct body *body;
	enum work work;
	enum addressing addressing;
	enum counting counting;
	unsigned copies;
	unsigned memory;   /* one with 32-bit addresses */
	unsigned log2;	   /* of an element's size */
	bool down;	   /* through the streams */
	unsigned different; /* the copy that differs; `copies`: none */
	unsigned streams[STREAMS], offsets[STREAMS]; /* locals with pointers; memarg offsets */
	unsigned index, bound, rest, sum, float_sum;
	uint64_t operation; /* chooses operators, the same in each copy */
};

/* --- Accesses ------------------------------------------------------------------------ */

static int32_t distance(const struct loop *loop, unsigned copy)
{
	int32_t bytes = (int32_t)(copy << loop->log2);

	return loop->down ? -bytes : bytes;
}

static void shifted_index(const struct loop *loop, unsigned copy)
{
	struct body *body = loop->body;

	body_get(body, loop->streams[0]);
	body_get(body, loop->index);
	if (copy) {
		body_i32(body, (int32_t)copy);
		body_op(body, loop->addressing == BY_OR ? WASM_OP_I32_OR : WASM_OP_I32_ADD);
	}
	body_i32(body, (int32_t)loop->log2);
	body_op(body, WASM_OP_I32_SHL);
}

/* The address of a copy's element; returns the offset that goes with it. */
static unsigned address(const struct loop *loop, unsigned stream, unsigned copy)
{
	struct body *body = loop->body;
	unsigned offset = loop->offsets[stream];

	if (loop->addressing == BY_INDEX || loop->addressing == BY_OR) {
		shifted_index(loop, copy);
		body_op(body, loop->down ? WASM_OP_I32_SUB : WASM_OP_I32_ADD);
		return offset;
	}
	body_get(body, loop->streams[stream]);
	if (loop->addressing == BY_OFFSET && !loop->down)
		return offset + (unsigned)distance(loop, copy);
	if (copy || random_once_in(&body->random, 8)) {
		body_i32(body, distance(loop, copy));
		body_op(body, WASM_OP_I32_ADD);
	}
	return offset;
}

static void add_memarg(const struct loop *loop, unsigned offset)
{
	unsigned align = random_below(&loop->body->random, loop->log2 + 1);

	bytes_unsigned(&loop->body->code, loop->memory ? align | 0x40 : align);
	if (loop->memory)
		bytes_unsigned(&loop->body->code, loop->memory);
	bytes_unsigned(&loop->body->code, offset);
}

/* Integers: i32 below eight bytes, i64 there. */
static void load(const struct loop *loop, unsigned stream, unsigned copy, unsigned more)
{
	static const enum wasm_op ops[] = { WASM_OP_I32_LOAD8_S, WASM_OP_I32_LOAD16_U, WASM_OP_I32_LOAD,
					    WASM_OP_I64_LOAD };
	unsigned offset = address(loop, stream, copy);

	body_op(loop->body, ops[loop->log2]);
	add_memarg(loop, offset + more);
}

static void store(const struct loop *loop, unsigned offset)
{
	static const enum wasm_op ops[] = { WASM_OP_I32_STORE8, WASM_OP_I32_STORE16, WASM_OP_I32_STORE,
					    WASM_OP_I64_STORE };

	body_op(loop->body, ops[loop->log2]);
	add_memarg(loop, offset);
}

static void combine(const struct loop *loop, uint64_t choice)
{
	static const enum wasm_op narrow[] = { WASM_OP_I32_ADD, WASM_OP_I32_SUB, WASM_OP_I32_MUL,
					       WASM_OP_I32_XOR, WASM_OP_I32_AND, WASM_OP_I32_SHL,
					       WASM_OP_I32_SHR_U, WASM_OP_I32_ROTL };
	static const enum wasm_op wide[] = { WASM_OP_I64_ADD, WASM_OP_I64_SUB, WASM_OP_I64_MUL,
					     WASM_OP_I64_XOR, WASM_OP_I64_AND, WASM_OP_I64_SHL,
					     WASM_OP_I64_SHR_U, WASM_OP_I64_ROTL };

	body_op(loop->body, loop->log2 == 3 ? wide[choice % 8] : narrow[choice % 8]);
}

static void constant(const struct loop *loop, uint64_t value)
{
	if (loop->log2 == 3)
		body_i64(loop->body, (int64_t)value);
	else
		body_i32(loop->body, (int32_t)value);
}

/* --- One copy of the body ------------------------------------------------------------- */

/* A float from memory that is no NaN, or any with its bits as they are. */
static void load_float(const struct loop *loop, unsigned stream, unsigned copy)
{
	unsigned offset = address(loop, stream, copy);

	body_op(loop->body, loop->log2 == 3 ? WASM_OP_I64_LOAD : WASM_OP_I32_LOAD);
	add_memarg(loop, offset);
	body_op(loop->body, loop->log2 == 3 ? WASM_OP_F64_CONVERT_I64_S : WASM_OP_F32_CONVERT_I32_S);
}

static void float_map(const struct loop *loop, unsigned copy)
{
	static const enum wasm_op narrow[] = { WASM_OP_F32_ADD, WASM_OP_F32_MUL, WASM_OP_F32_SUB,
					       WASM_OP_F32_MIN, WASM_OP_F32_DIV, WASM_OP_F32_MAX };
	static const enum wasm_op wide[] = { WASM_OP_F64_ADD, WASM_OP_F64_MUL, WASM_OP_F64_SUB,
					     WASM_OP_F64_MIN, WASM_OP_F64_DIV, WASM_OP_F64_MAX };
	unsigned offset = address(loop, 2, copy);
	bool is_wide = loop->log2 == 3;

	load_float(loop, 0, copy);
	load_float(loop, 1, copy);
	body_op(loop->body, is_wide ? wide[loop->operation % 6] : narrow[loop->operation % 6]);
	body_canonical_nan(loop->body, is_wide ? 'F' : 'f');
	body_op(loop->body, is_wide ? WASM_OP_F64_STORE : WASM_OP_F32_STORE);
	add_memarg(loop, offset);
}

static void float_sum(const struct loop *loop, unsigned copy)
{
	bool is_wide = loop->log2 == 3;

	body_get(loop->body, loop->float_sum);
	load_float(loop, 0, copy);
	body_op(loop->body, is_wide ? WASM_OP_F64_ADD : WASM_OP_F32_ADD);
	body_set(loop->body, loop->float_sum);
}

static void sum(const struct loop *loop, unsigned copy, uint64_t choice)
{
	static const uint8_t order_free[] = { 0, 2, 3, 4 };

	body_get(loop->body, loop->sum);
	load(loop, 0, copy, 0);
	if (loop->work == DOT) {
		load(loop, 1, copy, 0);
		combine(loop, 2);
	}
	combine(loop, choice & 4 ? choice : order_free[choice % 4]);
	body_set(loop->body, loop->sum);
}

/* Bytes or halves to the next size. */
static void widen(const struct loop *loop, unsigned copy)
{
	struct loop target = *loop;
	unsigned offset;

	target.log2 = loop->log2 < 2 ? loop->log2 + 1 : 2;
	offset = address(&target, 2, copy);
	load(loop, 0, copy, 0);
	if (loop->log2 == 3)
		body_op(loop->body, WASM_OP_I32_WRAP_I64);
	store(&target, offset);
}

static void swap(const struct loop *loop, unsigned copy)
{
	unsigned kept = body_new_local(loop->body, loop->log2 == 3 ? 'I' : 'i'), offset;

	load(loop, 0, copy, 0);
	body_set(loop->body, kept);
	offset = address(loop, 0, copy);
	load(loop, 1, copy, 0);
	store(loop, offset);
	offset = address(loop, 1, copy);
	body_get(loop->body, kept);
	store(loop, offset);
}

/* What depends on the index: a constant more in each copy. */
static void index_value(const struct loop *loop, unsigned copy)
{
	body_get(loop->body, loop->index);
	body_i32(loop->body, (int32_t)copy);
	body_op(loop->body, WASM_OP_I32_ADD);
	if (loop->operation & 1) {
		body_i32(loop->body, 3);
		body_op(loop->body, WASM_OP_I32_MUL);
	}
	if (loop->log2 == 3)
		body_op(loop->body, WASM_OP_I64_EXTEND_I32_U);
}

static void one_copy(const struct loop *loop, unsigned copy)
{
	bool differs = copy == loop->different;
	uint64_t choice = loop->operation + differs, number = (loop->operation >> 8) + differs;
	unsigned place = copy, offset;

	if (differs && (loop->operation & 64))
		place = copy ^ 1;
	switch (loop->work) {
	case SUM:
	case DOT:
		sum(loop, place, choice);
		return;
	case FLOAT_SUM:
		float_sum(loop, place);
		return;
	case FLOAT_MAP:
		float_map(loop, place);
		return;
	case WIDEN:
		widen(loop, place);
		return;
	case SWAP:
		swap(loop, place);
		return;
	default:
		break;
	}
	offset = address(loop, 2, place);
	switch (loop->work) {
	case FILL:
		constant(loop, number);
		break;
	case INDICES:
		index_value(loop, copy + differs);
		break;
	case MAP:
		load(loop, 0, place, 0);
		constant(loop, number & 0xff);
		combine(loop, choice);
		break;
	case ZIP:
		load(loop, differs ? 1 : 0, copy, 0);
		load(loop, differs ? 0 : 1, copy, 0);
		combine(loop, choice);
		break;
	case STENCIL:
		load(loop, 0, copy, 0);
		load(loop, 0, place, 1u << loop->log2);
		combine(loop, choice);
		break;
	case CHAIN: /* reads what the copy before wrote */
		load(loop, 2, place, 0);
		constant(loop, number & 0xff);
		combine(loop, choice);
		offset += 1u << loop->log2;
		break;
	default:
		load(loop, 0, place, 0);
		break;
	}
	store(loop, offset);
}

/* --- The loop around them ---------------------------------------------------------------- */

static void advance(const struct loop *loop, unsigned copies)
{
	struct body *body = loop->body;

	for (unsigned i = 0; i < STREAMS && loop->addressing <= BY_SUM; i++) {
		body_get(body, loop->streams[i]);
		body_i32(body, distance(loop, copies));
		body_op(body, WASM_OP_I32_ADD);
		body_set(body, loop->streams[i]);
	}
	body_get(body, loop->index);
	body_i32(body, (int32_t)copies);
	body_op(body, WASM_OP_I32_ADD);
	body_set(body, loop->index);
}

/* Leaves whether there is another round. */
static void another_round(const struct loop *loop, unsigned copies)
{
	struct body *body = loop->body;

	switch (loop->counting) {
	case COUNT_DOWN:
		body_get(body, loop->bound);
		body_i32(body, (int32_t)copies);
		body_op(body, WASM_OP_I32_SUB);
		body_tee(body, loop->bound);
		break;
	case UP_TO_ZERO:
		body_get(body, loop->index);
		break;
	case UP_TO_BOUND:
		body_get(body, loop->index);
		body_get(body, loop->bound);
		body_op(body, WASM_OP_I32_NE);
		break;
	default:
		body_get(body, loop->index);
		body_get(body, loop->bound);
		body_op(body, WASM_OP_I32_LT_S);
		break;
	}
}

static void rounds(const struct loop *loop, unsigned copies)
{
	struct body *body = loop->body;

	body_op(body, WASM_OP_LOOP);
	bytes_u8(&body->code, 0x40);
	for (unsigned i = 0; i < copies; i++)
		one_copy(loop, i);
	advance(loop, copies);
	another_round(loop, copies);
	body_op_index(body, WASM_OP_BR_IF, 0);
	body_op(body, WASM_OP_END);
}

/* Where the streams begin: near each other as often as not. */
static void place_streams(struct loop *loop)
{
	struct body *body = loop->body;
	bool indexed = loop->addressing > BY_SUM;
	uint32_t start = random_between(&body->random, 4096, 20000);

	for (unsigned i = 0; i < STREAMS; i++) {
		loop->streams[i] = body_new_local(body, 'i');
		loop->offsets[i] = random_below(&body->random, indexed ? 2048 : 64);
		if (random_once_in(&body->random, 3))
			start += random_below(&body->random, 3) << loop->log2;
		else if (random_once_in(&body->random, 2))
			start = random_between(&body->random, 4096, 20000);
		body_i32(body, (int32_t)start);
		if (random_once_in(&body->random, 3)) { /* not known to the compiler */
			body_get(body, body_any_local(body, 'i'));
			body_i32(body, 0xff8);
			body_op(body, WASM_OP_I32_AND);
			body_op(body, WASM_OP_I32_ADD);
		}
		body_set(body, loop->streams[i]);
	}
}

/* Elements into `bound` and `rest`: a multiple of the copies, and how many are over. */
static void count_elements(struct loop *loop)
{
	struct body *body = loop->body;

	if (random_once_in(&body->random, 2)) {
		body_i32(body, (int32_t)random_below(&body->random, loop->copies * ROUNDS_MAX));
	} else {
		body_get(body, body_any_local(body, 'i'));
		body_i32(body, (int32_t)(loop->copies * ROUNDS_MAX));
		body_op(body, WASM_OP_I32_REM_U);
	}
	body_tee(body, loop->bound);
	body_i32(body, (int32_t)loop->copies);
	body_op(body, WASM_OP_I32_REM_U);
	body_set(body, loop->rest);
	body_get(body, loop->bound);
	body_get(body, loop->rest);
	body_op(body, WASM_OP_I32_SUB);
	body_set(body, loop->bound);
}

/* The index's first value; with UP_TO_ZERO the streams move so that indices below zero
 * mean the same elements. */
static void start_index(const struct loop *loop, unsigned count)
{
	struct body *body = loop->body;

	body_i32(body, 0);
	if (loop->counting == UP_TO_ZERO) {
		body_get(body, count);
		body_op(body, WASM_OP_I32_SUB);
	}
	body_set(body, loop->index);
	if (loop->counting == UP_TO_ZERO && loop->addressing > BY_SUM) {
		body_get(body, loop->streams[0]);
		body_get(body, count);
		body_i32(body, (int32_t)loop->log2);
		body_op(body, WASM_OP_I32_SHL);
		body_op(body, loop->down ? WASM_OP_I32_SUB : WASM_OP_I32_ADD);
		body_set(body, loop->streams[0]);
	}
}

/* Both parts, each in a block that is left where there is nothing to do. */
static void part(struct loop *loop, unsigned count, unsigned copies)
{
	struct body *body = loop->body;

	loop->bound = count;
	body_op(body, WASM_OP_BLOCK);
	bytes_u8(&body->code, 0x40);
	body_get(body, count);
	body_op(body, WASM_OP_I32_EQZ);
	body_op_index(body, WASM_OP_BR_IF, 0);
	start_index(loop, count);
	rounds(loop, copies);
	body_op(body, WASM_OP_END);
}

static void choose(struct loop *loop)
{
	static const uint8_t copies[] = { 1, 2, 2, 3, 4, 4, 4, 5, 8, 8 };
	struct random *random = &loop->body->random;

	loop->work = random_below(random, WORK_COUNT);
	loop->addressing = random_below(random, ADDRESSING_COUNT);
	loop->counting = random_below(random, COUNTING_COUNT);
	loop->copies = copies[random_below(random, sizeof(copies))];
	loop->log2 = random_below(random, 4);
	if (loop->work == FLOAT_SUM || loop->work == FLOAT_MAP)
		loop->log2 = random_between(random, 2, 3);
	loop->down = random_once_in(random, 4);
	loop->different = random_once_in(random, 4) ? random_below(random, loop->copies) : loop->copies;
	loop->operation = random_next(random);
}

void body_shaped_loop(struct body *body)
{
	struct loop loop = { .body = body };

	loop.memory = random_below(&body->random, body->plan->memory_count);
	if (body->plan->memories[loop.memory].index != 'i' || body->local_count + 24 > LOCALS_MAX)
		return;
	choose(&loop);
	loop.index = body_new_local(body, 'i');
	loop.bound = body_new_local(body, 'i');
	loop.rest = body_new_local(body, 'i');
	loop.sum = body_new_local(body, loop.log2 == 3 ? 'I' : 'i');
	loop.float_sum = body_new_local(body, loop.log2 == 3 ? 'F' : 'f');
	body_burn(body, 4);
	place_streams(&loop);
	count_elements(&loop);
	part(&loop, loop.bound, loop.copies);
	if (!random_once_in(&body->random, 3))
		part(&loop, loop.rest, 1);
	if (loop.work == FLOAT_SUM) {
		body_get(body, loop.float_sum);
		body_canonical_nan(body, loop.log2 == 3 ? 'F' : 'f');
		body_set(body, loop.float_sum);
	}
}
