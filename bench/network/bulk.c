/* bulk send PORT MIB: connects and sends; bulk receive PORT MIB: connects and receives; prints the
 * nanoseconds until the other side has all of it, or we have. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 20];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint64_t left = strtoull(argv[3], NULL, 10) << 20, begin;
	int fd = socket(AF_INET, SOCK_STREAM, 0), sends = strcmp(argv[1], "send") == 0;
	char order = sends ? 'r' : 's';

	address.sin_port = htons((uint16_t)atoi(argv[2]));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("bulk");
		return 1;
	}
	if (write(fd, &order, 1) != 1 || write(fd, &left, sizeof(left)) != sizeof(left))
		return 1;
	begin = now();
	while (left > 0) {
		size_t size = left < sizeof(block) ? left : sizeof(block);
		ssize_t n = sends ? write(fd, block, size) : read(fd, block, size);

		if (n <= 0) {
			fprintf(stderr, "bulk: %llu bytes are missing\n", (unsigned long long)left);
			return 1;
		}
		left -= (uint64_t)n;
	}
	if (sends && read(fd, block, 1) != 1)
		return 1;
	printf("%llu\n", (unsigned long long)(now() - begin));
	return 0;
}
