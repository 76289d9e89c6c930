/* Traps three calls deep: the report is to name each of them with its line. */
#include <stdio.h>

static int inlined(const int *values, int index)
{
	if (index > 3)
		__builtin_trap(); /* line 7 */
	return values[index];
}

__attribute__((noinline)) static int looked_up(int index)
{
	int values[] = { 1, 2, 3, 4 };

	printf("looking up %d\n", index);
	return inlined(values, index) + 1; /* line 16 */
}

int main(int argc, char **argv)
{
	(void)argv;
	return looked_up(argc + 5) * 2; /* line 22 */
}
