/* Output files that appear whole or not at all. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "process.h"
#include "publish.h"

/* Hidden ones, too. */
static unsigned files_here(void)
{
	DIR *folder = opendir(".");
	struct dirent *item;
	unsigned count = 0;

	while ((item = readdir(folder)))
		count += strcmp(item->d_name, ".") && strcmp(item->d_name, "..");
	closedir(folder);
	return count;
}

static void publishing_replaces_and_follows_the_umask(void **state)
{
	struct stat status;
	size_t size;
	char *text;

	(void)state;
	write_file("source", "new", 3);
	write_file("target", "old and longer", 14);
	umask(027);
	assert_int_equal(publish_file("source", "target", 0777), 0);
	umask(022);
	text = read_file("target", &size);
	assert_string_equal(text, "new");
	assert_int_equal(stat("target", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0750);
	assert_int_equal(files_here(), 2);
	free(text);
}

static void publishing_to_a_device_writes_to_it(void **state)
{
	struct stat status;

	(void)state;
	write_file("source", "new", 3);
	assert_int_equal(publish_file("source", "/dev/null", 0666), 0);
	assert_int_equal(stat("/dev/null", &status), 0);
	assert_true(S_ISCHR(status.st_mode));
	assert_int_equal(publish_file("source", "/dev/full", 0666), -ENOSPC);
}

static void publishing_to_a_link_keeps_the_link(void **state)
{
	char old[32];
	int reader;
	struct stat status;
	size_t size;
	char *text;

	(void)state;
	write_file("source", "new", 3);
	write_file("target", "old and longer", 14);
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(symlink("made", "dangling"), 0);
	reader = open("target", O_RDONLY);
	assert_int_equal(publish_file("source", "link", 0666), 0);
	assert_int_equal(publish_file("source", "dangling", 0666), 0);
	/* Replaced at once: who has the old file open still has it whole. */
	assert_int_equal(read(reader, old, sizeof(old)), 14);
	close(reader);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	text = read_file("target", &size);
	assert_string_equal(text, "new");
	free(text);
	text = read_file("made", &size);
	assert_string_equal(text, "new");
	free(text);
}

static void what_cannot_be_published_leaves_nothing(void **state)
{
	struct rlimit old, small = { 10, RLIM_INFINITY };
	char data[100] = { 0 };
	size_t size;
	char *text;

	(void)state;
	write_file("source", data, sizeof(data));
	write_file("target", "old", 3);
	assert_int_equal(publish_file("nothing", "target", 0666), -ENOENT);
	assert_int_equal(publish_file("source", "no/such/folder", 0666), -ENOENT);
	assert_int_equal(publish_file("source", ".", 0666), -EISDIR);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(publish_file("source", "target", 0666), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	text = read_file("target", &size);
	assert_string_equal(text, "old");
	assert_int_equal(files_here(), 2);
	free(text);
}

/* A link may lead through folders and other links, or nowhere. */
static void links_are_followed_from_where_they_are(void **state)
{
	size_t size;
	char *text;

	(void)state;
	write_file("source", "new", 3);
	assert_int_equal(mkdir("a", 0700), 0);
	assert_int_equal(mkdir("a/b", 0700), 0);
	assert_int_equal(symlink("../c", "a/b/first"), 0);
	assert_int_equal(symlink("b/first", "a/second"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(publish_file("source", "a/second", 0666), 0);
	text = read_file("a/c", &size);
	assert_string_equal(text, "new");
	free(text);
	assert_int_equal(publish_file("source", "loop", 0666), -ELOOP);
}

/* What is open already is written where it stands, as `>> file` wants it. */
static void standard_output_is_written_from_where_it_stands(void **state)
{
	size_t size;
	char *text;
	int saved = dup(1), fd = open("out", O_WRONLY | O_CREAT, 0600), code;

	(void)state;
	write_file("source", "new", 3);
	assert_int_equal(write(fd, "old ", 4), 4);
	dup2(fd, 1);
	code = publish_file("source", PUBLISH_STDOUT, 0666);
	dup2(saved, 1);
	assert_int_equal(code, 0);
	assert_int_equal(write(fd, " more", 5), 5);
	text = read_file("out", &size);
	assert_string_equal(text, "old new more");
	free(text);
	close(fd);
	close(saved);
}

static void a_pipe_waits_for_its_reader(void **state)
{
	static char data[200000], got[200001];
	size_t done = 0;
	ssize_t n;
	pid_t pid;
	int fd, status;

	(void)state;
	memset(data, 'x', sizeof(data));
	write_file("source", data, sizeof(data));
	assert_int_equal(mkfifo("pipe", 0600), 0);
	pid = fork();
	if (pid == 0)
		_exit(publish_file("source", "pipe", 0666) ? 1 : 0);
	usleep(100000);
	fd = open("pipe", O_RDONLY);
	while ((n = read(fd, got + done, sizeof(got) - done)) > 0)
		done += (size_t)n;
	assert_int_equal(done, sizeof(data));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
}

/* While signals are held: no reader, then one that does not read. */
static void a_signal_ends_the_wait_for_a_reader(void **state)
{
	static char data[200000];

	(void)state;
	write_file("source", data, sizeof(data));
	assert_int_equal(mkfifo("pipe", 0600), 0);
	for (int with_reader = 0; with_reader < 2; with_reader++) {
		int fd = with_reader ? open("pipe", O_RDONLY | O_NONBLOCK) : -1, status;
		int ready[2];
		char byte;
		pid_t pid;

		assert_int_equal(pipe(ready), 0);
		pid = fork();
		if (pid == 0) {
			struct process_hold hold;

			signal(SIGINT, SIG_DFL);
			process_hold(&hold);
			(void)!write(ready[1], "x", 1);
			_exit(publish_file("source", "pipe", 0666) == -EINTR ? 0 : 1);
		}
		assert_int_equal(read(ready[0], &byte, 1), 1);
		assert_int_equal(kill(pid, SIGINT), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		if (fd >= 0)
			close(fd);
		close(ready[0]);
		close(ready[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(publishing_replaces_and_follows_the_umask),
		test_in_folder(publishing_to_a_device_writes_to_it),
		test_in_folder(publishing_to_a_link_keeps_the_link),
		test_in_folder(links_are_followed_from_where_they_are),
		test_in_folder(standard_output_is_written_from_where_it_stands),
		test_in_folder(a_pipe_waits_for_its_reader),
		test_in_folder(a_signal_ends_the_wait_for_a_reader),
		test_in_folder(what_cannot_be_published_leaves_nothing),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
