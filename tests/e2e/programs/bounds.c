/* Reads far outside of its memory. */
#include <stdlib.h>

int main(int argc, char **argv)
{
	(void)argv;
	return *(volatile int *)((unsigned)argc * 0xf0000000u); /* line 7 */
}
