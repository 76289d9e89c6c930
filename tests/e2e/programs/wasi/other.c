/* Functions that are about neither files nor directories. Arguments and environment are those that
 * the test gives: "check", the function's name, "two words"; A=1 and B=. */
#include <string.h>

#include "check.h"

static u32 count, size;
static char buffer[4096];
static u32 pointers[64];

static void test_args_sizes_get(void)
{
	run(args_sizes_get(at(&count), at(&size)), SUCCESS);
	check("count", count, 3);
	run(args_sizes_get(NOWHERE, at(&size)), FAULT);
	run(args_sizes_get(at(&count), NOWHERE), FAULT);
}

static void test_args_get(void)
{
	run(args_get(at(pointers), at(buffer)), SUCCESS);
	check("second", strcmp((char *)(uintptr_t)pointers[1], "args_get"), 0);
	check("third", strcmp((char *)(uintptr_t)pointers[2], "two words"), 0);
	run(args_get(NOWHERE, at(buffer)), FAULT);
	run(args_get(at(pointers), NOWHERE), FAULT);
}

static void test_environ_sizes_get(void)
{
	run(environ_sizes_get(at(&count), at(&size)), SUCCESS);
	check("count", count, 2);
	check("size", size, 7);
	run(environ_sizes_get(NOWHERE, at(&size)), FAULT);
}

static void test_environ_get(void)
{
	run(environ_get(at(pointers), at(buffer)), SUCCESS);
	check("first", strcmp((char *)(uintptr_t)pointers[0], "A=1"), 0);
	check("second", strcmp((char *)(uintptr_t)pointers[1], "B="), 0);
	run(environ_get(at(pointers), NOWHERE), FAULT);
}

static void test_clock_res_get(void)
{
	u64 time = 0;

	for (u32 clock = 0; clock < 4; clock++) {
		check_error("a clock", clock_res_get(clock, at(&time)), SUCCESS);
		check("its resolution", time > 0 && time < 1000000000, 1);
	}
	run(clock_res_get(4, at(&time)), INVAL);
	run(clock_res_get(0, NOWHERE), FAULT);
}

static void test_clock_time_get(void)
{
	u64 time = 0, later = 0;

	for (u32 clock = 0; clock < 4; clock++) {
		check_error("a clock", clock_time_get(clock, 1, at(&time)), SUCCESS);
		check_error("again", clock_time_get(clock, 0, at(&later)), SUCCESS);
		check("it does not go back", later >= time, 1);
	}
	run(clock_time_get(0, 1, at(&time)), SUCCESS);
	check("the year", time > 1700000000000000000ull, 1);
	run(clock_time_get(4, 1, at(&time)), INVAL);
	run(clock_time_get(0, 1, NOWHERE), FAULT);
}

static void test_poll_oneoff(void)
{
	u32 fd = file("f", "0123456789");
	struct subscription in[3] = { { .user = 11, .tag = 0, .id = 1, .timeout = 1000000 } };
	struct event out[3] = { 0 };
	u64 before = 0, after = 0;

	run(clock_time_get(1, 0, at(&before)), SUCCESS);
	run(poll_oneoff(at(in), at(out), 1, at(&count)), SUCCESS);
	run(clock_time_get(1, 0, at(&after)), SUCCESS);
	check("one event", count == 1 && out[0].user == 11 && out[0].error == SUCCESS && out[0].type == 0, 1);
	check("not too early", after - before >= 1000000, 1);
	in[0].timeout = before;
	in[0].flags = 1; /* absolute, and over */
	run(poll_oneoff(at(in), at(out), 1, at(&count)), SUCCESS);
	check("at once", count, 1);
	in[0] = (struct subscription){ .user = 22, .tag = 1, .id = fd };
	in[1] = (struct subscription){ .user = 33, .tag = 2, .id = fd };
	run(poll_oneoff(at(in), at(out), 2, at(&count)), SUCCESS);
	check("a file is ready both ways", count == 2 && out[0].user == 22 && out[1].user == 33, 1);
	check("to be read", out[0].bytes, 10);
	in[0].id = CLOSED;
	run(poll_oneoff(at(in), at(out), 1, at(&count)), SUCCESS);
	check("an event with an error", count == 1 && out[0].error == BADF, 1);
	in[0].tag = 3;
	run(poll_oneoff(at(in), at(out), 1, at(&count)), SUCCESS);
	check_error("no kind of event", out[0].error, INVAL);
	run(poll_oneoff(at(in), at(out), 0, at(&count)), INVAL);
	run(poll_oneoff(NOWHERE, at(out), 1, at(&count)), FAULT);
	run(poll_oneoff(at(in), NOWHERE, 1, at(&count)), FAULT);
	run(poll_oneoff(at(in), at(out), 1, NOWHERE), FAULT);
}

static void test_proc_raise(void)
{
	check("before", 1, 1);
	run(proc_raise(0), SUCCESS);
	run(proc_raise(200), INVAL);
}

static void test_random_get(void)
{
	u32 zeros = 0;

	run(random_get(at(buffer), 1000), SUCCESS);
	for (int i = 0; i < 1000; i++)
		zeros += buffer[i] == 0;
	check("not all zero", zeros < 50, 1);
	memset(buffer, 7, 2);
	run(random_get(at(buffer), 0), SUCCESS);
	check("nothing", buffer[0], 7);
	run(random_get(NOWHERE, 1000), FAULT);
}

static void test_sched_yield(void)
{
	run(sched_yield(), SUCCESS);
}

static void test_sock_accept(void)
{
	run(sock_accept(CLOSED, 0, at(&count)), BADF);
	run(sock_accept(file("f", ""), 0, at(&count)), NOTSOCK);
}

static void test_sock_recv(void)
{
	struct iovec32 iovec = { at(buffer), 1 };

	run(sock_recv(CLOSED, at(&iovec), 1, 0, at(&size), at(&count)), BADF);
	run(sock_recv(file("f", ""), at(&iovec), 1, 0, at(&size), at(&count)), NOTSOCK);
}

static void test_sock_send(void)
{
	struct iovec32 iovec = { at(buffer), 1 };

	run(sock_send(CLOSED, at(&iovec), 1, 0, at(&size)), BADF);
	run(sock_send(file("f", ""), at(&iovec), 1, 0, at(&size)), NOTSOCK);
}

static void test_sock_shutdown(void)
{
	run(sock_shutdown(CLOSED, 1), BADF);
	run(sock_shutdown(file("f", ""), 1), NOTSOCK);
}

const struct test other_tests[] = {
	{ "args_get", test_args_get }, { "args_sizes_get", test_args_sizes_get },
	{ "clock_res_get", test_clock_res_get }, { "clock_time_get", test_clock_time_get },
	{ "environ_get", test_environ_get }, { "environ_sizes_get", test_environ_sizes_get },
	{ "poll_oneoff", test_poll_oneoff }, { "proc_raise", test_proc_raise }, { "random_get", test_random_get },
	{ "sched_yield", test_sched_yield }, { "sock_accept", test_sock_accept }, { "sock_recv", test_sock_recv },
	{ "sock_send", test_sock_send }, { "sock_shutdown", test_sock_shutdown }, { 0 },
};
