/* kernel/runtime/fs/heap.c: pieces do not overlap, are aligned, and come again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/heap.h"
#include "mem/space.h"

#define RAM (24u << 20)
#define PIECES 3000

/* RAM, and address space that is reserved before it is backed. */
static uint8_t *ram;
static uint64_t reserved, backed;

void *space_reserve(uint64_t size)
{
	void *at = ram + reserved;

	assert_true(size <= RAM - reserved);
	reserved += size;
	return at;
}

bool space_back(uint64_t address, uint64_t size)
{
	assert_true(size % PAGE_SIZE == 0 && address == (uint64_t)ram + reserved - size);
	backed += size;
	return backed <= RAM;
}

uint64_t space_ram_left(void)
{
	return RAM - backed;
}

static uint32_t next(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 7;
}

static void pieces_are_apart(void **state)
{
	static struct { uint8_t *at; size_t size; uint8_t fill; } pieces[PIECES];

	for (unsigned step = 0; step < 40000; step++) {
		unsigned i = next() % PIECES;

		if (pieces[i].at) {
			for (size_t k = 0; k < pieces[i].size; k++)
				assert_int_equal(pieces[i].at[k], pieces[i].fill);
			fs_free(pieces[i].at, pieces[i].size);
			pieces[i].at = NULL;
			continue;
		}
		pieces[i].size = next() % (step % 50 ? 300 : 20000);
		pieces[i].at = fs_allocate(pieces[i].size);
		assert_non_null(pieces[i].at);
		assert_int_equal((uintptr_t)pieces[i].at % (pieces[i].size < 4096 ? 16 : 4096), 0);
		assert_true(pieces[i].at >= ram && pieces[i].at + pieces[i].size <= ram + backed);
		pieces[i].fill = (uint8_t)step;
		memset(pieces[i].at, pieces[i].fill, pieces[i].size);
	}
	for (unsigned i = 0; i < PIECES; i++)
		if (pieces[i].at)
			fs_free(pieces[i].at, pieces[i].size);
}

static void what_is_given_back_is_given_out_again(void **state)
{
	void *first = fs_allocate(100), *large = fs_allocate(4096);
	uint64_t before;

	fs_free(first, 100);
	assert_ptr_equal(fs_allocate(65), first); /* of one class */
	fs_free(large, 4096);
	before = backed;
	for (unsigned i = 0; i < 100000; i++)
		fs_free(fs_allocate(4096), 4096);
	assert_int_equal(backed, before);
	fs_free(NULL, 10);
}

static void there_is_an_end(void **state)
{
	unsigned pages = 0;

	assert_null(fs_allocate(FS_ALLOCATION_MAX + 1));
	while (fs_allocate(4096))
		pages++;
	assert_true(backed == RAM && pages > 1000);
	assert_null(fs_allocate(FS_ALLOCATION_MAX));
	assert_null(fs_allocate(4096));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_apart),
		cmocka_unit_test(what_is_given_back_is_given_out_again),
		cmocka_unit_test(there_is_an_end),
	};

	ram = aligned_alloc(FRAME_SIZE, RAM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
