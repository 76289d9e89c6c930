/* Counts lines, words and bytes of standard input, in one pass. */
#include <stdbool.h>
#include <stdio.h>

int main(void)
{
	unsigned long lines = 0, words = 0, bytes = 0;
	bool inside = false;
	int c;

	while ((c = getchar()) != EOF) {
		bool space = c == ' ' || (c >= '\t' && c <= '\r');

		bytes++;
		lines += c == '\n';
		words += !space && !inside;
		inside = !space;
	}
	if (ferror(stdin)) {
		fputs("wc: cannot read standard input\n", stderr);
		return 1;
	}
	printf("%7lu %7lu %7lu\n", lines, words, bytes);
	return 0;
}
