/* Building, searching and splitting text byte by byte. The string functions are the
 * program's own, so that compilers are compared and not C libraries. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint32_t bench_default_size = 30; /* rounds */

#define TEXT_SIZE (1u << 20)

static const char *const words[] = { "walnut", "shell", "kernel", "page", "table", "interrupt",
				     "queue", "descriptor", "clock", "memory", "trap", "module",
				     "stack", "section", "import", "export" };

static size_t length_of(const char *text)
{
	const char *at = text;

	while (*at)
		at++;
	return (size_t)(at - text);
}

static const char *find_char(const char *text, char c)
{
	while (*text && *text != c)
		text++;
	return *text ? text : NULL;
}

static const char *find_last(const char *text, char c)
{
	const char *found = NULL;

	while ((text = find_char(text, c)))
		found = text++;
	return found;
}

static int starts_with(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return !*word;
}

static size_t build(char *text, uint64_t *state)
{
	size_t length = 0;

	for (;;) {
		uint64_t random = bench_random(state);
		const char *word = words[random >> 60];
		size_t size = length_of(word);

		if (length + size + 2 > TEXT_SIZE)
			break;
		memcpy(text + length, word, size);
		length += size;
		text[length++] = (random & 15) == 0 ? '\n' : ' ';
	}
	text[length] = 0;
	return length;
}

static uint32_t count_occurrences(const char *text, const char *word)
{
	uint32_t count = 0;

	for (const char *at = text; (at = find_char(at, word[0])); at++)
		count += (uint32_t)starts_with(at, word);
	return count;
}

static uint64_t split_lines(char *text)
{
	uint64_t sum = 0;

	for (size_t at = 0;;) {
		const char *end = find_char(text + at, '\n'), *space;

		if (!end)
			break;
		text[end - text] = 0;
		space = find_last(text + at, ' ');
		sum = bench_mix(sum, length_of(text + at) + (space ? (uint64_t)(space - text - at) : 0));
		text[end - text] = '\n';
		at = (size_t)(end - text) + 1;
	}
	return sum;
}

static void reverse_case(char *text)
{
	for (; *text; text++)
		if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'))
			*text ^= 0x20;
}

uint64_t bench_kernel(uint32_t size)
{
	char *text = bench_alloc(TEXT_SIZE);
	uint64_t state = 11, sum = 0;

	for (uint32_t round = 0; round < size; round++) {
		sum = bench_mix(sum, build(text, &state));
		sum = bench_mix(sum, count_occurrences(text, words[round % 16]));
		sum = bench_mix(sum, split_lines(text));
		reverse_case(text);
		sum = bench_mix(sum, (uint8_t)text[round * 1000]);
	}
	free(text);
	return sum;
}
