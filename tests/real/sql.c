/* sql DATABASE: runs the SQL of standard input on it and prints the rows, columns between bars. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

static int row(void *opaque, int count, char **values, char **names)
{
	for (int i = 0; i < count; i++)
		printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	char *error = NULL;
	sqlite3 *db;
	int code;

	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	code = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix-none");
	if (!code)
		code = sqlite3_exec(db, text, row, NULL, &error);
	if (code)
		fprintf(stderr, "sql: %s\n", error ? error : sqlite3_errmsg(db));
	sqlite3_close(db);
	return code ? 1 : 0;
}
