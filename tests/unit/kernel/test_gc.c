/* kernel/runtime/gc/heap.c and mark.c, on memory of the host's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gc.h"
#include "gc/heap.h"
#include "gc/mark.h"

#define BLOCKS 512u

static uint8_t *memory;
static struct gc_block *blocks;
static uint64_t backed_limit;

static bool back(void *address, uint64_t size)
{
	uint64_t end = (uint64_t)((uint8_t *)address - memory) + size;

	if ((uint8_t *)address >= memory && end <= (uint64_t)BLOCKS * GC_BLOCK_SIZE)
		return end <= backed_limit;
	return true; /* descriptions */
}

static int make_heap(void **state)
{
	struct gc_heap *heap = malloc(sizeof(*heap));

	memory = aligned_alloc(GC_BLOCK_SIZE, (size_t)BLOCKS * GC_BLOCK_SIZE);
	blocks = calloc(BLOCKS, sizeof(*blocks));
	memset(memory, 0xa5, (size_t)BLOCKS * GC_BLOCK_SIZE);
	backed_limit = (uint64_t)BLOCKS * GC_BLOCK_SIZE;
	gc_heap_init(heap, memory, blocks, BLOCKS, back);
	*state = heap;
	return 0;
}

static int free_heap(void **state)
{
	free(*state);
	free(memory);
	free(blocks);
	return 0;
}

/* Anything that is not zero makes a cell an object. */
static const uint32_t none[] = { WALNUT_NO_REFERENCES };
static const struct walnut_heaptype bytes_type = { WALNUT_HEAP_ARRAY, 1, none, { 0, NULL } };
static const uint32_t pair_references[] = { 8, 16, WALNUT_NO_REFERENCES };
static const struct walnut_heaptype pair_type = { WALNUT_HEAP_STRUCT, 24, pair_references, { 0, NULL } };
static const uint32_t one[] = { 0, WALNUT_NO_REFERENCES };
static const struct walnut_heaptype refs_type = { WALNUT_HEAP_ARRAY, 8, one, { 0, NULL } };

struct pair {
	const struct walnut_heaptype *type;
	void *left, *right;
};

static void *take(struct gc_heap *heap, uint64_t size, const struct walnut_heaptype *type)
{
	struct walnut_object *object = gc_heap_take(heap, size);

	if (!object && gc_heap_grow(heap, size))
		object = gc_heap_take(heap, size);
	if (object)
		object->type = type;
	return object;
}

static struct pair *take_pair(struct gc_heap *heap, void *left, void *right)
{
	struct pair *pair = take(heap, sizeof(*pair), &pair_type);

	assert_non_null(pair);
	pair->left = left;
	pair->right = right;
	return pair;
}

static void mark_from(struct gc_heap *heap, void *root, uint32_t capacity)
{
	void **stack = calloc(capacity, sizeof(*stack));
	struct gc_marker marker = { .heap = heap, .stack = stack, .capacity = capacity };
	uint64_t word = (uint64_t)root;

	gc_mark_range(&marker, &word, &word + 1);
	gc_mark_finish(&marker);
	free(stack);
}

static void cells_are_zero_aligned_and_apart(void **state)
{
	struct gc_heap *heap = *state;

	for (uint32_t size = 1; size <= 70000; size = size * 5 / 4 + 1) {
		uint8_t *first = take(heap, size, &bytes_type), *second = take(heap, size, &bytes_type);

		assert_true(first && second);
		assert_int_equal((uint64_t)first % 16, 0);
		assert_true(second + size <= first || first + size <= second);
		for (uint32_t i = sizeof(void *); i < size; i++)
			assert_int_equal(first[i] | second[i], 0);
		memset(first + sizeof(void *), 0xff, size > sizeof(void *) ? size - sizeof(void *) : 0);
	}
}

static void every_address_inside_finds_the_object(void **state)
{
	struct gc_heap *heap = *state;
	static const uint32_t sizes[] = { 16, 48, 160, 1000, 7168, 8192, 8193, 100000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *object = take(heap, sizes[i], &bytes_type), *other = take(heap, sizes[i], &bytes_type);

		for (uint32_t at = 0; at < sizes[i]; at++) {
			assert_ptr_equal(gc_heap_object(heap, (uint64_t)object + at), object);
			assert_ptr_equal(gc_heap_object(heap, (uint64_t)other + at), other);
		}
	}
}

static void other_addresses_find_nothing(void **state)
{
	struct gc_heap *heap = *state;
	uint8_t *object = take(heap, 48, &bytes_type);

	assert_null(gc_heap_object(heap, 0));
	assert_null(gc_heap_object(heap, 1));
	assert_null(gc_heap_object(heap, UINT64_MAX));
	assert_null(gc_heap_object(heap, (uint64_t)memory - 1));
	assert_null(gc_heap_object(heap, (uint64_t)memory + (uint64_t)BLOCKS * GC_BLOCK_SIZE));
	assert_null(gc_heap_object(heap, (uint64_t)object + 48)); /* a free cell */
	assert_null(gc_heap_object(heap, (uint64_t)memory + GC_BLOCK_SIZE - 1)); /* past the last cell */
	assert_null(gc_heap_object(heap, (uint64_t)memory + 2 * GC_BLOCK_SIZE)); /* a free block */
}

static void what_is_reachable_stays(void **state)
{
	struct gc_heap *heap = *state;
	struct pair *leaf = take_pair(heap, NULL, NULL), *lost = take_pair(heap, leaf, NULL);
	uint64_t *array = take(heap, 16 + 8 * 3000, &refs_type);
	struct pair *root = take_pair(heap, array, (void *)(uint64_t)(7 << 1 | 1));

	((struct walnut_array *)array)->length = 3000;
	array[2 + 2999] = (uint64_t)leaf;
	leaf->left = root; /* a cycle */
	mark_from(heap, root, 16);
	gc_heap_sweep(heap);
	assert_ptr_equal(gc_heap_object(heap, (uint64_t)root), root);
	assert_ptr_equal(gc_heap_object(heap, (uint64_t)array + 100), array);
	assert_ptr_equal(gc_heap_object(heap, (uint64_t)leaf), leaf);
	assert_null(gc_heap_object(heap, (uint64_t)lost));
	assert_ptr_equal(leaf->left, root);
	assert_int_equal(heap->live, 2 * 32 + GC_BLOCK_SIZE);
}

static void a_deep_list_needs_no_deep_stack(void **state)
{
	struct gc_heap *heap = *state;
	struct pair *list = NULL, *at;
	uint32_t count = 3000, seen = 0;

	for (uint32_t i = 0; i < count; i++) {
		/* Each has a private companion, so that the stack overflows. */
		list = take_pair(heap, take_pair(heap, NULL, NULL), list);
	}
	mark_from(heap, list, 1);
	gc_heap_sweep(heap);
	assert_int_equal(heap->live, 2 * (uint64_t)count * 32);
	for (at = list; at; at = at->right, seen++)
		assert_ptr_equal(gc_heap_object(heap, (uint64_t)at->left), at->left);
	assert_int_equal(seen, count);
}

static void freed_memory_is_used_again(void **state)
{
	struct gc_heap *heap = *state;

	backed_limit = 64 * (uint64_t)GC_BLOCK_SIZE;
	for (unsigned round = 0; round < 50; round++) {
		struct pair *kept = take_pair(heap, NULL, NULL);
		uint32_t taken = 0;

		/* Rounds of small cells, of middling ones and of large ones in turn. */
		while (take(heap, round % 3 == 0 ? 24 : round % 3 == 1 ? 3000 : 90000, &bytes_type))
			taken++;
		assert_true(taken >= (round % 3 == 0 ? 60000u : round % 3 == 1 ? 600u : 20u));
		mark_from(heap, kept, 16);
		gc_heap_sweep(heap);
		assert_int_equal(heap->live, 32);
	}
}

static void growing_ends_at_the_limit(void **state)
{
	struct gc_heap *heap = *state;

	assert_false(gc_heap_grow(heap, (uint64_t)BLOCKS * GC_BLOCK_SIZE + 1));
	assert_false(gc_heap_grow(heap, UINT64_MAX));
	assert_true(gc_heap_grow(heap, (uint64_t)BLOCKS * GC_BLOCK_SIZE / 2));
	while (gc_heap_grow(heap, 1))
		assert_true(heap->block_count <= BLOCKS);
	assert_int_equal(heap->block_count, BLOCKS);
	assert_null(gc_heap_take(heap, UINT64_MAX));
	assert_null(gc_heap_take(heap, (uint64_t)BLOCKS * GC_BLOCK_SIZE + 1));
	assert_non_null(gc_heap_take(heap, (uint64_t)BLOCKS * GC_BLOCK_SIZE));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cells_are_zero_aligned_and_apart, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(every_address_inside_finds_the_object, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(other_addresses_find_nothing, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(what_is_reachable_stays, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(a_deep_list_needs_no_deep_stack, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(freed_memory_is_used_again, make_heap, free_heap),
		cmocka_unit_test_setup_teardown(growing_ends_at_the_limit, make_heap, free_heap),
	};

	return cmocka_run_group_tests_name("gc", tests, NULL, NULL);
}
