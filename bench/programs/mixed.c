/* What embedded benchmarks mix: linked-list searches and reversals, small integer
 * matrices, and a state machine that scans text for numbers, tied together by CRC. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 15000; /* rounds */

#define NODES 64
#define SIDE 9

struct node {
	struct node *next;
	int16_t key;
	int16_t index;
};

static uint16_t crc16(uint16_t crc, uint32_t data)
{
	for (int bit = 0; bit < 16; bit++) {
		unsigned carry = (data ^ crc) & 1;

		data >>= 1;
		crc >>= 1;
		if (carry)
			crc ^= 0xa001;
	}
	return crc;
}

static struct node *list_reverse(struct node *list)
{
	struct node *done = NULL;

	while (list) {
		struct node *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

static struct node *list_find(struct node *list, int16_t key)
{
	while (list && list->key != key)
		list = list->next;
	return list;
}

/* Merge sort of a list, by key or by index. */
static struct node *list_sort(struct node *list, int keyed)
{
	struct node *halves[2] = { NULL, NULL }, *sorted = NULL, **tail = &sorted;

	if (!list || !list->next)
		return list;
	for (int side = 0; list; side ^= 1) {
		struct node *next = list->next;

		list->next = halves[side];
		halves[side] = list;
		list = next;
	}
	halves[0] = list_sort(halves[0], keyed);
	halves[1] = list_sort(halves[1], keyed);
	while (halves[0] && halves[1]) {
		int second = keyed ? halves[1]->key < halves[0]->key :
				     halves[1]->index < halves[0]->index;

		*tail = halves[second];
		tail = &halves[second]->next;
		halves[second] = *tail;
	}
	*tail = halves[0] ? halves[0] : halves[1];
	return sorted;
}

static uint16_t lists(struct node *nodes, struct node **list, uint16_t crc, uint32_t round)
{
	for (int i = 0; i < 8; i++) {
		struct node *found = list_find(*list, (int16_t)((round + (uint32_t)i * 11) & 127));

		*list = list_reverse(*list);
		if (found) {
			crc = crc16(crc, (uint32_t)found->index);
			if (found->next) {
				found->key ^= 1;
				crc = crc16(crc, (uint32_t)found->next->key);
			}
		}
	}
	*list = list_sort(*list, 1);
	crc = crc16(crc, (uint32_t)(*list - nodes));
	*list = list_sort(*list, 0);
	return crc16(crc, (uint32_t)(*list)->key);
}

static uint16_t matrices(const int16_t *a, const int16_t *b, uint16_t crc, int32_t bias)
{
	for (int i = 0; i < SIDE; i++) {
		for (int j = 0; j < SIDE; j++) {
			int32_t sum = 0;

			for (int k = 0; k < SIDE; k++) {
				int32_t product = (a[i * SIDE + k] + bias) * b[k * SIDE + j];

				sum += (product >> 2 & 15) * (product >> 5 & 127);
			}
			if ((i + j) % 3 == 0)
				crc = crc16(crc, (uint32_t)sum);
		}
	}
	return crc;
}

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, EXPONENT_DIGITS, INVALID, STATES };

static enum state next_state(enum state state, char c)
{
	int digit = c >= '0' && c <= '9';

	switch (state) {
	case START:
		return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID;
	case SIGN:
		return digit ? INTEGER : c == '.' ? FRACTION : INVALID;
	case INTEGER:
		return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case FRACTION:
		return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case EXPONENT:
		return digit || c == '-' ? EXPONENT_DIGITS : INVALID;
	case EXPONENT_DIGITS:
		return digit ? EXPONENT_DIGITS : INVALID;
	default:
		return INVALID;
	}
}

static uint16_t scan(const char *text, uint16_t crc)
{
	uint32_t finals[STATES] = { 0 }, steps = 0;
	enum state state = START;

	for (; *text; text++) {
		if (*text == ',') {
			finals[state]++;
			state = START;
		} else {
			enum state next = next_state(state, *text);

			steps += next != state;
			state = next;
		}
	}
	for (int i = 0; i < STATES; i++)
		crc = crc16(crc, finals[i] + steps);
	return crc;
}

uint64_t bench_kernel(uint32_t size)
{
	static const char *const samples[] = { "5012,", "-874.5,", "+12e4,", ".3e-9,", "1x7,", "T0.3,",
					       "35.54400,", "--9," };
	struct node *nodes = bench_alloc(NODES * sizeof(*nodes)), *list = NULL;
	char text[512] = "";
	int16_t a[SIDE * SIDE], b[SIDE * SIDE];
	uint64_t random = 3;
	uint16_t crc = 0xffff;

	for (int i = 0; i < NODES; i++) {
		nodes[i] = (struct node){ list, (int16_t)(bench_random(&random) & 127), (int16_t)i };
		list = &nodes[i];
	}
	for (int i = 0; i < SIDE * SIDE; i++) {
		a[i] = (int16_t)(bench_random(&random) & 0xff);
		b[i] = (int16_t)(bench_random(&random) & 0xff);
	}
	while (strlen(text) < sizeof(text) - 16)
		strcat(text, samples[bench_random(&random) >> 61]);
	for (uint32_t round = 0; round < size; round++) {
		crc = lists(nodes, &list, crc, round);
		crc = matrices(a, b, crc, (int32_t)(round & 7));
		text[round % 256] ^= (char)(round >> 8 & 1);
		if (!text[round % 256])
			text[round % 256] = '0';
		crc = scan(text, crc);
	}
	free(nodes);
	return crc;
}
