/* grep TEXT FOLDER: the lines with the text in all files below the folder, with the file's path. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failed;

static void complain(const char *path)
{
	fprintf(stderr, "grep: %s: %s\n", path, strerror(errno));
	failed = 2;
}

static void search(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	size_t room = 0;
	char *line = NULL;

	if (!file) {
		complain(path);
		return;
	}
	while (getline(&line, &room, file) > 0)
		if (strstr(line, text))
			printf("%s:%s", path, line);
	if (ferror(file))
		complain(path);
	free(line);
	fclose(file);
}

static void walk(const char *folder, const char *text)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir) {
		complain(folder);
		return;
	}
	while ((entry = readdir(dir))) {
		char path[4096];
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (lstat(path, &st))
			complain(path);
		else if (S_ISDIR(st.st_mode))
			walk(path, text);
		else if (S_ISREG(st.st_mode))
			search(path, text);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	walk(argv[2], argv[1]);
	return failed;
}
