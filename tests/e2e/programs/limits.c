/* How many descriptors, and how much memory, the program can have. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	int last = -1, fd;

	while ((fd = open("/", O_RDONLY | O_DIRECTORY)) >= 0 && fd < 5000)
		last = fd;
	printf("descriptors up to %d: %s\n", last, fd < 0 ? strerror(errno) : "more");
	while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1)
		;
	printf("%lu pages\n", (unsigned long)__builtin_wasm_memory_size(0));
	return 0;
}
