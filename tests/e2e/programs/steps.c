/* For a debugger: known places, a loop to interrupt, input to wait for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile unsigned counter;

__attribute__((noinline)) static int leaf(int value)
{
	counter += (unsigned)value; /* line 11 */
	return value * 3;	    /* line 12 */
}

__attribute__((noinline)) static int branch(int value)
{
	int result = leaf(value + 1); /* line 17 */

	return result + 1; /* line 19 */
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "spin") == 0)
		for (;;)
			counter++;
	if (argc > 1 && strcmp(argv[1], "wait") == 0)
		return getchar() == 'x' ? 7 : 8;
	printf("%d\n", branch(4)); /* line 29 */
	return 42;
}
