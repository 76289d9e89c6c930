/* races ROUNDS: looks again and again into x/f while somebody makes x now a directory, now a link that leads out, and
 * counts what it finds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int inside = 0, refused = 0, other = 0;

	for (int i = 0; argc == 2 && i < atoi(argv[1]); i++) {
		char text[16] = "", target[100];
		struct stat st;
		int fd = open(i % 2 ? "x/f" : "y/../x/f", O_RDONLY);
		ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (got >= 0 && strcmp(text, "inside") == 0)
			inside++;
		else if (got < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENOTCAPABLE || errno == ESTALE))
			refused++;
		else
			printf("other: %d '%s' %s\n", ++other, text, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = open("x/new", O_WRONLY | O_CREAT, 0644);
		if (fd >= 0)
			close(fd);
		rename("x/new", "x/moved");
		unlink("x/moved");
		mkdir("x/dir", 0755);
		rmdir("x/dir");
		if (readlink("x", target, sizeof(target)) < 0 && stat("x/f", &st) == 0 && st.st_size != 6)
			printf("other: %d size %lld\n", ++other, (long long)st.st_size);
	}
	printf("%s, %s, %d other\n", inside ? "inside" : "never inside", refused ? "refused" : "never refused", other);
	return 0;
}
