/* The program whose start is measured. */
#include <stdio.h>

int main(void)
{
	puts("hello, world");
	return 0;
}
