/* A program around the zstd library, so that a large real module has something to
 * do: compresses standard input (at most 1 MiB) in memory with every strategy,
 * decompresses it and compares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#define INPUT_MAX (1u << 20)

int main(void)
{
	size_t bound = ZSTD_compressBound(INPUT_MAX), size;
	char *input = malloc(INPUT_MAX), *packed = malloc(bound), *unpacked = malloc(INPUT_MAX);

	if (!input || !packed || !unpacked)
		return 1;
	size = fread(input, 1, INPUT_MAX, stdin);
	for (int level = 1; level <= ZSTD_maxCLevel(); level += 3) {
		size_t packed_size = ZSTD_compress(packed, bound, input, size, level);

		if (ZSTD_isError(packed_size) ||
		    ZSTD_decompress(unpacked, INPUT_MAX, packed, packed_size) != size ||
		    memcmp(input, unpacked, size) != 0) {
			fprintf(stderr, "level %d: wrong\n", level);
			return 1;
		}
		printf("%d %zu\n", level, packed_size);
	}
	return 0;
}
