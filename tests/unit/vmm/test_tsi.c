/* vmm/vsock/policy.c, tsi_proxy.c and tsi_udp.c: a fake guest's sockets on the loopback
 * interface of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "libkrun.h"
#include "tsi.h"
#include "vsock_guest.h"

#define SVM 5000u    /* the guest's socket */
#define CONTROL 6000u /* where it takes replies */
#define BASE (1u << VSOCK_F_DGRAM)
#define EXTENDED (BASE | 1u << TSI_F_EXTENDED)

struct fixture {
	struct vsock_guest guest;
	struct net_rule rules[4];
	struct net_publish published[4];
	struct vsock_config config;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(net_rule_parse(&f->rules[0], "127.0.0.1:1024-65535"), 0);
	assert_int_equal(net_publish_parse(&f->published[0], "127.0.0.1:0:80"), 0);
	assert_int_equal(net_publish_parse(&f->published[1], "0:0"), 0);
	assert_int_equal(net_publish_parse(&f->published[2], "127.0.0.1:0:53/udp"), 0);
	f->config = (struct vsock_config){ .tsi = true, .policy = { f->rules, 1, f->published, 3 } };
	assert_int_equal(guest_create(&f->guest, &f->config), 0);
	guest_start(&f->guest, EXTENDED);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_destroy(&f->guest);
	free(f);
	return 0;
}

static union net_address loopback(uint16_t port)
{
	union net_address address = { .v4 = { .sin_family = AF_INET } };

	address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.v4.sin_port = htons(port);
	return address;
}

static void say(struct fixture *f, uint32_t port, const void *message, uint32_t size)
{
	struct vsock_header header = guest_header(&f->guest, VSOCK_OP_RW, CONTROL, port);

	header.type = VSOCK_TYPE_DGRAM;
	assert_true(guest_send_data(&f->guest, header, message, size));
}

static struct guest_packet hear(struct fixture *f, uint32_t port)
{
	struct guest_packet packet;

	for (int i = 0; i < 100 && !guest_take(&f->guest, &packet); i++) {
		assert_int_not_equal(i, 99);
		usleep(10000); /* the loopback's answer to a connect() may take its time */
	}
	assert_int_equal(packet.header.type, VSOCK_TYPE_DGRAM);
	assert_int_equal(packet.header.op, VSOCK_OP_RW);
	assert_int_equal(packet.header.src_port, port);
	assert_int_equal(packet.header.dst_port, CONTROL);
	return packet;
}

static void hear_nothing(struct fixture *f)
{
	struct guest_packet packet;

	assert_false(guest_take(&f->guest, &packet));
}

static int32_t result(struct fixture *f, uint32_t port)
{
	struct guest_packet packet = hear(f, port);
	int32_t value;

	memcpy(&value, packet.data, sizeof(value));
	return value;
}

static void create(struct fixture *f, uint16_t type)
{
	say(f, TSI_PROXY_CREATE, &(struct tsi_proxy_create){ SVM, TSI_FAMILY_INET, type },
	    sizeof(struct tsi_proxy_create));
}

static struct tsi_address to_message(const union net_address *address)
{
	struct tsi_address message = { .size = net_address_size(address) };

	memcpy(message.bytes, address, message.size);
	return message;
}

static void say_address(struct fixture *f, uint32_t port, union net_address address)
{
	struct tsi_to_address message = { SVM, to_message(&address) };

	say(f, port, &message, sizeof(message));
}

static int server(int type, union net_address *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	*address = loopback(0);
	assert_int_equal(bind(fd, &address->any, sizeof(address->v4)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, &address->any, &size), 0);
	return fd;
}

static int accept_soon(int fd)
{
	int client = -1;

	for (int i = 0; i < 100 && client < 0; i++) {
		client = accept(fd, NULL, NULL);
		if (client < 0)
			usleep(10000);
	}
	assert_true(client >= 0);
	return client;
}

static struct guest_packet take(struct fixture *f, uint16_t op)
{
	struct guest_packet packet;

	for (int i = 0; i < 100 && !guest_take(&f->guest, &packet); i++) {
		assert_int_not_equal(i, 99);
		usleep(10000);
	}
	assert_int_equal(packet.header.op, op);
	return packet;
}

static void guest_connects(void **state)
{
	struct fixture *f = *state;
	union net_address address, name;
	int listener = server(SOCK_STREAM, &address), fd;
	struct guest_packet packet;
	struct vsock_header header;
	char buffer[8];

	create(f, TSI_SOCKET_STREAM);
	say_address(f, TSI_CONNECT, address);
	assert_int_equal(result(f, TSI_CONNECT), 0);
	fd = accept_soon(listener);
	assert_int_equal(write(fd, "welcome", 7), 7); /* before the guest has its connection */
	hear_nothing(f);
	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, SVM, TSI_STREAM_PORT));
	take(f, VSOCK_OP_RESPONSE);
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 7);
	header = guest_header(&f->guest, VSOCK_OP_RW, SVM, TSI_STREAM_PORT);
	assert_true(guest_send_data(&f->guest, header, "thanks", 6));
	assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 6);

	say(f, TSI_GETNAME, &(struct tsi_getname){ SVM, TSI_STREAM_PORT, 1 }, sizeof(struct tsi_getname));
	packet = hear(f, TSI_GETNAME);
	assert_int_equal(packet.header.len, sizeof(struct tsi_name));
	memcpy(&name, packet.data + 8, sizeof(name.v4));
	assert_int_equal(name.v4.sin_port, address.v4.sin_port);
	close(fd);
	close(listener);
}

static void refused_connection_says_why(void **state)
{
	struct fixture *f = *state;
	union net_address address;

	close(server(SOCK_STREAM, &address)); /* nobody is there now */
	create(f, TSI_SOCKET_STREAM);
	say_address(f, TSI_CONNECT, address);
	assert_int_equal(result(f, TSI_CONNECT), -ECONNREFUSED);
	assert_true(guest_send(&f->guest, VSOCK_OP_REQUEST, SVM, TSI_STREAM_PORT));
	take(f, VSOCK_OP_RST);
}

static void what_is_not_allowed_is_not_reached(void **state)
{
	struct fixture *f = *state;
	union net_address address, elsewhere;
	int listener = server(SOCK_STREAM, &address);

	elsewhere = address;
	elsewhere.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	create(f, TSI_SOCKET_STREAM);
	say_address(f, TSI_CONNECT, elsewhere);
	assert_int_equal(result(f, TSI_CONNECT), -EACCES);
	say_address(f, TSI_CONNECT, loopback(80)); /* the port */
	assert_int_equal(result(f, TSI_CONNECT), -EACCES);
	f->config.policy.rule_count = 0;
	say_address(f, TSI_CONNECT, address);
	assert_int_equal(result(f, TSI_CONNECT), -EACCES);
	assert_int_equal(accept(listener, NULL, NULL), -1);
	close(listener);
}

static struct guest_packet listen_at(struct fixture *f, union net_address address)
{
	struct tsi_listen message = { SVM, SVM, 100, to_message(&address) };

	say(f, TSI_LISTEN, &message, sizeof(message));
	return hear(f, TSI_LISTEN);
}

static int32_t result_of(struct guest_packet packet)
{
	int32_t value;

	memcpy(&value, packet.data, sizeof(value));
	return value;
}

/* Where the guest's listener really is. */
static union net_address host_address(struct fixture *f)
{
	union net_address address;
	socklen_t size = sizeof(address);
	struct vsock_conn *conn = vsock_table_find(&f->guest.vsock.hub.table, SVM, TSI_STREAM_PORT);

	assert_non_null(conn);
	assert_int_equal(getsockname(conn->fd, &address.any, &size), 0);
	return address;
}

static void published_listener_gets_clients(void **state)
{
	struct fixture *f = *state;
	union net_address any = { .v4 = { .sin_family = AF_INET, .sin_port = htons(80) } }, host;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint32_t host_port;

	create(f, TSI_SOCKET_STREAM);
	assert_int_equal(result_of(listen_at(f, any)), 0);
	host = host_address(f);
	assert_int_equal(host.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK)); /* not everywhere */
	assert_int_equal(connect(fd, &host.any, sizeof(host.v4)), 0);
	host_port = take(f, VSOCK_OP_REQUEST).header.src_port;
	assert_true(guest_send(&f->guest, VSOCK_OP_RESPONSE, SVM, host_port));
	assert_int_equal(send(fd, "GET", 3, 0), 3);
	assert_int_equal(take(f, VSOCK_OP_RW).header.len, 3);
	say(f, TSI_GETNAME, &(struct tsi_getname){ SVM, host_port, 1 }, sizeof(struct tsi_getname));
	assert_int_equal(result(f, TSI_GETNAME), 0);
	close(fd);
}

static void unpublished_listener_is_nowhere(void **state)
{
	struct fixture *f = *state;

	create(f, TSI_SOCKET_STREAM);
	assert_int_equal(result_of(listen_at(f, loopback(8080))), -EPERM);
	assert_int_equal(vsock_table_find(&f->guest.vsock.hub.table, SVM, TSI_STREAM_PORT)->fd, -1);
}

static void listener_without_a_port_learns_it(void **state)
{
	struct fixture *f = *state;
	struct guest_packet packet;
	union net_address name;

	create(f, TSI_SOCKET_STREAM);
	packet = listen_at(f, loopback(0));
	assert_int_equal(result_of(packet), 0);
	memcpy(&name, packet.data + 8, sizeof(name.v4));
	assert_int_equal(name.v4.sin_port, host_address(f).v4.sin_port);
	assert_int_not_equal(name.v4.sin_port, 0);
}

static void listener_that_closes_turns_clients_away(void **state)
{
	struct fixture *f = *state;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	union net_address host;
	char byte;

	create(f, TSI_SOCKET_STREAM);
	assert_int_equal(result_of(listen_at(f, loopback(80))), 0);
	host = host_address(f);
	assert_int_equal(connect(fd, &host.any, sizeof(host.v4)), 0);
	take(f, VSOCK_OP_REQUEST);
	say(f, TSI_PROXY_RELEASE, &(struct tsi_proxy_release){ SVM, TSI_STREAM_PORT }, sizeof(struct tsi_proxy_release));
	take(f, VSOCK_OP_RST);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
	assert_int_equal(f->guest.vsock.hub.table.count, 0);
}

static void accept_waits_for_a_client(void **state)
{
	struct fixture *f = *state;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	union net_address host;
	uint32_t host_port;

	guest_start(&f->guest, BASE); /* libkrun's own kernel */
	create(f, TSI_SOCKET_STREAM);
	assert_int_equal(result_of(listen_at(f, loopback(80))), 0);
	say(f, TSI_ACCEPT, &(struct tsi_accept){ SVM, TSI_NONBLOCK }, sizeof(struct tsi_accept));
	assert_int_equal(result(f, TSI_ACCEPT), -EAGAIN);
	say(f, TSI_ACCEPT, &(struct tsi_accept){ SVM, 0 }, sizeof(struct tsi_accept));
	hear_nothing(f);
	host = host_address(f);
	assert_int_equal(connect(fd, &host.any, sizeof(host.v4)), 0);
	host_port = take(f, VSOCK_OP_REQUEST).header.src_port;
	hear_nothing(f);
	assert_true(guest_send(&f->guest, VSOCK_OP_RESPONSE, SVM, host_port));
	assert_int_equal(result(f, TSI_ACCEPT), 0);
	close(fd);
}

static void udp_server_answers_whom_it_heard(void **state)
{
	struct fixture *f = *state;
	struct { struct tsi_datagram to; char text[4]; } datagram = { .text = "pong" };
	union net_address any = { .v4 = { .sin_family = AF_INET, .sin_port = htons(53) } }, host, from;
	socklen_t size = sizeof(from);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), other;
	struct guest_packet packet;
	char buffer[8];

	f->config.policy.rule_count = 0; /* it may send to nobody of its own accord */
	create(f, TSI_SOCKET_DGRAM);
	say_address(f, TSI_BIND, any);
	assert_int_equal(result(f, TSI_BIND), 0);
	host = host_address(f);
	assert_int_equal(sendto(fd, "ping", 4, 0, &host.any, sizeof(host.v4)), 4);
	packet = take(f, VSOCK_OP_RW);
	assert_int_equal(packet.header.src_port, TSI_RECEIVED);
	assert_int_equal(packet.header.dst_port, SVM);
	assert_int_equal(packet.header.len, sizeof(struct tsi_datagram) + 4);
	assert_memory_equal(packet.data + sizeof(struct tsi_datagram), "ping", 4);
	assert_int_equal(getsockname(fd, &from.any, &size), 0);
	memcpy(&datagram.to, packet.data, sizeof(datagram.to));
	datagram.to.svm_port = SVM;
	datagram.to.want_reply = 1;
	say(f, TSI_SENDTO, &datagram, sizeof(datagram));
	assert_int_equal(result(f, TSI_SENDTO), 0);
	assert_int_equal(recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &size), 4);
	assert_int_equal(from.v4.sin_port, host.v4.sin_port); /* the one that was asked */

	other = server(SOCK_DGRAM, &from); /* was not heard from */
	memcpy(datagram.to.address, &from, sizeof(from.v4));
	say(f, TSI_SENDTO, &datagram, sizeof(datagram));
	assert_int_equal(result(f, TSI_SENDTO), -EACCES);
	assert_int_equal(recv(other, buffer, sizeof(buffer), 0), -1);
	close(fd);
	close(other);
}

static void udp_client_of_libkruns_kernel(void **state)
{
	struct fixture *f = *state;
	struct vsock_header header;
	union net_address address, from;
	socklen_t size = sizeof(from);
	int fd = server(SOCK_DGRAM, &address);
	struct guest_packet packet;
	char buffer[8];

	guest_start(&f->guest, BASE);
	create(f, TSI_SOCKET_DGRAM);
	say_address(f, TSI_SENDTO_ADDRESS, address);
	header = guest_header(&f->guest, VSOCK_OP_RW, SVM, TSI_SENDTO_DATA);
	header.type = VSOCK_TYPE_DGRAM;
	assert_true(guest_send_data(&f->guest, header, "ask", 3));
	assert_int_equal(recvfrom(fd, buffer, sizeof(buffer), 0, &from.any, &size), 3);
	assert_int_equal(sendto(fd, "answer", 6, 0, &from.any, size), 6);
	packet = take(f, VSOCK_OP_RW);
	assert_int_equal(packet.header.src_cid, VSOCK_CID_GUEST); /* as that kernel has it */
	assert_int_equal(packet.header.dst_port, SVM);
	assert_int_equal(packet.header.len, 6);
	say_address(f, TSI_CONNECT, address);
	assert_int_equal(result(f, TSI_CONNECT), 0);
	header.dst_port = SVM;
	assert_true(guest_send_data(&f->guest, header, "more", 4));
	assert_int_equal(recv(fd, buffer, sizeof(buffer), 0), 4);
	close(fd);
}

static void nonsense_is_survived(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[200];

	memset(bytes, 0xff, sizeof(bytes));
	create(f, TSI_SOCKET_STREAM);
	create(f, TSI_SOCKET_STREAM); /* again */
	for (uint32_t port = 1020; port < 1050; port++)
		for (uint32_t size = 0; size < sizeof(bytes); size += 13) {
			struct guest_packet packet;

			say(f, port, bytes, size);
			while (guest_take(&f->guest, &packet))
				;
		}
	say_address(f, TSI_CONNECT, (union net_address){ .v6 = { .sin6_family = AF_UNIX } });
	assert_int_equal(result(f, TSI_CONNECT), -EINVAL);
}

static void without_tsi_datagrams_are_nothing(void **state)
{
	struct fixture *f = *state;
	union net_address address;
	int listener = server(SOCK_STREAM, &address);

	guest_start(&f->guest, 0);
	create(f, TSI_SOCKET_STREAM);
	say_address(f, TSI_CONNECT, address);
	hear_nothing(f);
	close(listener);
}

static void rules_are_understood(void **state)
{
	static const struct { const char *text; const char *address; uint16_t port; bool allowed; } cases[] = {
		{ "all", "8.8.8.8", 53, true },
		{ "all:443", "8.8.8.8", 53, false },
		{ "all:443", "::1", 443, true },
		{ "10.0.0.0/8", "10.255.0.1", 1, true },
		{ "10.0.0.0/8", "11.0.0.1", 1, false },
		{ "10.0.0.0/9:80-90", "10.127.0.1", 90, true },
		{ "10.0.0.0/9:80-90", "10.128.0.1", 90, false },
		{ "10.0.0.0/9:80-90", "10.0.0.1", 91, false },
		{ "1.2.3.4", "::ffff:1.2.3.4", 1, true },
		{ "127.0.0.1", "0.0.0.0", 1, true },
		{ "10.0.0.0/8", "0.0.0.0", 1, false },
		{ "0.0.0.0/0", "::1", 1, false },
		{ "::1", "::", 1, true },
		{ "[fd00::/8]:80", "fdff::1", 80, true },
		{ "[fd00::/8]:80", "fe00::1", 80, false },
		{ "fd00::/8", "fd00::1", 9, true },
	};
	static const char *const bad[] = { "", ":80", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "all:", "all:80-", "all:90-80",
					   "all:65536", "[::1", "[::1]80", "host", "1.2.3.4:-1", "1.2.3.4:80x",
					   "1.2.3.4/+8", "::1:80:90::" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct net_rule rule;
		struct net_policy policy = { .rules = &rule, .rule_count = 1 };
		union net_address to = { .v4 = { .sin_family = AF_INET } };

		assert_int_equal(net_rule_parse(&rule, cases[i].text), 0);
		if (inet_pton(AF_INET, cases[i].address, &to.v4.sin_addr) != 1) {
			to.any.sa_family = AF_INET6;
			assert_int_equal(inet_pton(AF_INET6, cases[i].address, &to.v6.sin6_addr), 1);
		}
		to.v4.sin_port = htons(cases[i].port);
		if (net_policy_allows(&policy, &to) != cases[i].allowed)
			fail_msg("%s: %s %u", cases[i].text, cases[i].address, cases[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (net_rule_parse(&(struct net_rule){ 0 }, bad[i]) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void published_ports_are_understood(void **state)
{
	static const char *const bad[] = { "", "80", ":80", "80:", "1.2.3:80:80", "80:80/sctp", "80:80/", "::1:80:80",
					   "[::1:80:80", "80:65536", "80:-1", "a:80", "1.2.3.4:80" };
	struct net_publish p;

	assert_int_equal(net_publish_parse(&p, "8080:80"), 0);
	assert_int_equal(p.host_port * 100000 + p.guest_port, 808000080);
	assert_true(!p.udp && p.family == AF_UNSPEC);
	assert_int_equal(net_publish_parse(&p, "127.0.0.1:53:5353/udp"), 0);
	assert_true(p.udp && p.family == AF_INET && p.address[0] == 127);
	assert_int_equal(net_publish_parse(&p, "[::1]:1:2/tcp"), 0);
	assert_true(!p.udp && p.family == AF_INET6 && p.address[15] == 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (net_publish_parse(&p, bad[i]) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void api_of_the_network(void **state)
{
	static const char *const map[] = { "8080:80", "53:53", NULL };
	static const char *const twice[] = { "8080:80", "8081:80", NULL };
	static const char *const same[] = { "8080:80", "8080:81", NULL };
	static const char *const bad[] = { "127.0.0.1:80:80", NULL };
	uint32_t ctx = (uint32_t)krun_create_ctx();

	assert_int_equal(krun_walnut_allow_net(ctx, "all"), 0);
	assert_int_equal(krun_walnut_allow_net(ctx, "al"), -EINVAL);
	assert_int_equal(krun_walnut_allow_net(ctx, NULL), -EINVAL);
	assert_int_equal(krun_walnut_publish(ctx, "8080:80"), 0);
	assert_int_equal(krun_walnut_publish(ctx, "8081:80"), -EEXIST);
	assert_int_equal(krun_walnut_publish(ctx, "8081:80/udp"), 0);
	assert_int_equal(krun_set_port_map(ctx, map), 0);
	assert_int_equal(krun_set_port_map(ctx, NULL), 0);
	assert_int_equal(krun_set_port_map(ctx, twice), -EINVAL);
	assert_int_equal(krun_set_port_map(ctx, same), -EINVAL);
	assert_int_equal(krun_set_port_map(ctx, bad), -EINVAL);
	assert_int_equal(krun_disable_implicit_vsock(ctx), 0);
	assert_int_equal(krun_set_port_map(ctx, map), -ENODEV);
	assert_int_equal(krun_add_vsock(ctx, KRUN_TSI_HIJACK_UNIX), -ENOTSUP);
	assert_int_equal(krun_add_vsock(ctx, KRUN_TSI_HIJACK_INET), 0);
	assert_int_equal(krun_set_port_map(ctx, map), 0);
	assert_int_equal(krun_walnut_publish(ctx, "8081:80"), -EEXIST);
	assert_int_equal(krun_free_ctx(ctx), 0);
	assert_int_equal(krun_walnut_publish(ctx, "1:1"), -ENOENT);
	assert_int_equal(krun_walnut_allow_net(ctx, "all"), -ENOENT);
}

int main(void)
{
#define TSI_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TSI_TEST(guest_connects),
		TSI_TEST(refused_connection_says_why),
		TSI_TEST(what_is_not_allowed_is_not_reached),
		TSI_TEST(published_listener_gets_clients),
		TSI_TEST(unpublished_listener_is_nowhere),
		TSI_TEST(listener_without_a_port_learns_it),
		TSI_TEST(listener_that_closes_turns_clients_away),
		TSI_TEST(accept_waits_for_a_client),
		TSI_TEST(udp_server_answers_whom_it_heard),
		TSI_TEST(udp_client_of_libkruns_kernel),
		TSI_TEST(nonsense_is_survived),
		TSI_TEST(without_tsi_datagrams_are_nothing),
		cmocka_unit_test(rules_are_understood),
		cmocka_unit_test(published_ports_are_understood),
		cmocka_unit_test(api_of_the_network),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
