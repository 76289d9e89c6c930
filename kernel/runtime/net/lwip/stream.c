/* TCP sockets; see lwip_socket.h. lwIP calls back while frames are taken in and timers run, that
 * is, when the program waits or asks. A control block that has gone by itself (reset, given up)
 * leaves its socket behind, closed, until the program closes it, too; one whose socket was closed
 * ends its connection alone. */
#include "net/lwip/lwip_socket.h"

#include "lwip/priv/tcp_priv.h"

#include "clock.h"
#include "net/linux_errno.h"
#include "net/lwip/address.h"
#include "net/lwip/interface.h"
#include "net/network.h"

#define PIECE_MAX UINT16_MAX
#define FINISH_NS (UINT64_C(10) * 1000000000)

static err_t on_receive(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error);
static void on_error(void *argument, err_t error);

static void attach(struct lwip_socket *socket, struct tcp_pcb *pcb)
{
	socket->tcp = pcb;
	tcp_arg(pcb, socket);
	tcp_recv(pcb, on_receive);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb); /* programs that care collect what they send */
}

static void detach(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	if (pcb->state == LISTEN) {
		tcp_accept(pcb, NULL);
		return;
	}
	tcp_recv(pcb, NULL);
	tcp_err(pcb, NULL);
}

/* The window opens by what the program, or nobody, will read. */
static void open_window(struct tcp_pcb *pcb, size_t size)
{
	while (size) {
		u16_t part = size < PIECE_MAX ? (u16_t)size : PIECE_MAX;

		tcp_recved(pcb, part);
		size -= part;
	}
}

static bool keep(struct queue *input, const struct pbuf *data)
{
	for (; data; data = data->next)
		if (!queue_put(input, NULL, 0, data->payload, data->len, false))
			return false;
	return true;
}

static err_t on_receive(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
	struct lwip_socket *socket = argument;

	if (!data) {
		socket->base.ended_there |= SOCKET_END_SEND;
		return ERR_OK;
	}
	if (socket->base.ended_here & SOCKET_END_RECEIVE) {
		open_window(pcb, data->tot_len);
	} else if (!keep(&socket->base.input, data)) {
		/* Out of memory, and a part may be in: only an end is right. */
		pbuf_free(data);
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	pbuf_free(data);
	return ERR_OK;
}

/* The control block is gone already. */
static void on_error(void *argument, err_t error)
{
	struct lwip_socket *socket = argument;
	bool connecting = socket->base.state == SOCKET_CONNECTING;

	socket->tcp = NULL;
	socket->base.error = error == ERR_CLSD ? 0 : error_from_lwip(error);
	if (connecting && error == ERR_RST)
		socket->base.error = -LINUX_ECONNREFUSED;
	/* As on Linux, connecting may be tried again. */
	socket->base.state = connecting ? SOCKET_NEW : SOCKET_CLOSED;
}

static err_t on_connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
	struct lwip_socket *socket = argument;

	socket->base.state = SOCKET_CONNECTED;
	return ERR_OK;
}

static err_t on_client(void *argument, struct tcp_pcb *pcb, err_t error)
{
	struct lwip_socket *listener = argument, *client;

	if (!pcb)
		return ERR_VAL;
	/* Otherwise lwIP resets it. */
	if (!listener || listener->base.client_count >= listener->base.backlog)
		return ERR_MEM;
	client = lwip_socket_make(&stream_ops, listener->base.family, SOCKET_STREAM);
	if (!client)
		return ERR_MEM;
	client->base.state = SOCKET_CONNECTED;
	attach(client, pcb);
	socket_add_client(&listener->base, &client->base);
	return ERR_OK;
}

/* A control block for what comes next, bound if the program wants that. */
static int32_t ensure_pcb(struct lwip_socket *socket)
{
	bool inet6 = socket->base.family == SOCKET_INET6;
	struct tcp_pcb *pcb;

	if (socket->tcp)
		return 0;
	pcb = tcp_new_ip_type(inet6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
	if (!pcb)
		return -LINUX_ENOBUFS;
	ip_set_option(pcb, SOF_REUSEADDR);
	attach(socket, pcb);
	return 0;
}

static int32_t stream_bind(struct socket *base, const struct socket_address *address)
{
	struct lwip_socket *socket = lwip_socket(base);
	ip_addr_t ip = { 0 };
	u16_t port;
	err_t error;

	if (ensure_pcb(socket))
		return -LINUX_ENOBUFS;
	address_to_lwip(address, &ip, &port);
	error = tcp_bind(socket->tcp, &ip, port);
	if (error)
		return error_from_lwip(error);
	base->local = address_from_lwip(&ip, socket->tcp->local_port, base->family);
	return 0;
}

static int32_t stream_listen(struct socket *base)
{
	struct lwip_socket *socket = lwip_socket(base);
	struct socket_address any = socket_any_address(base->family);
	int32_t error = base->local.size ? 0 : stream_bind(base, &any);
	struct tcp_pcb *listening;
	err_t refused = ERR_OK;

	if (error)
		return error;
	listening = socket->tcp ? tcp_listen_with_backlog_and_err(socket->tcp, UINT8_MAX, &refused) : NULL;
	if (!listening)
		return refused ? error_from_lwip(refused) : -LINUX_EINVAL;
	socket->tcp = listening;
	tcp_arg(listening, socket);
	tcp_accept(listening, on_client);
	base->state = SOCKET_LISTENING;
	return 0;
}

static int32_t stream_connect(struct socket *base, const struct socket_address *address)
{
	struct lwip_socket *socket = lwip_socket(base);
	ip_addr_t ip = { 0 };
	u16_t port;
	err_t error;

	if (ensure_pcb(socket))
		return -LINUX_ENOBUFS;
	address_to_lwip(address, &ip, &port);
	if (!ip_addr_isloopback(&ip))
		interface_await_address(base->family);
	base->state = SOCKET_CONNECTING;
	error = tcp_connect(socket->tcp, &ip, port, on_connected);
	interface_flush();
	if (error) {
		base->state = SOCKET_NEW;
		return error_from_lwip(error);
	}
	base->remote = *address;
	return -LINUX_EINPROGRESS;
}

static int32_t stream_shutdown(struct socket *base, uint8_t directions)
{
	struct lwip_socket *socket = lwip_socket(base);
	uint8_t fresh = directions & (uint8_t)~base->ended_here;
	err_t error = ERR_OK;

	if ((fresh & SOCKET_END_RECEIVE) && socket->tcp)
		open_window(socket->tcp, (size_t)TCP_WND_MAX(socket->tcp) - socket->tcp->rcv_wnd);
	if (fresh & SOCKET_END_SEND)
		error = socket->tcp ? tcp_shutdown(socket->tcp, 0, 1) : ERR_CONN;
	interface_flush();
	if (!error)
		base->ended_here |= directions;
	return error_from_lwip(error);
}

static int32_t stream_name(struct socket *base, bool peer, struct socket_address *name)
{
	struct tcp_pcb *pcb = lwip_socket(base)->tcp;

	if (base->state == SOCKET_CONNECTED && pcb)
		*name = peer ? address_from_lwip(&pcb->remote_ip, pcb->remote_port, base->family) :
			       address_from_lwip(&pcb->local_ip, pcb->local_port, base->family);
	else
		*name = base->local.size ? base->local : socket_any_address(base->family);
	return 0;
}

static void stream_accepted(struct socket *listener, struct socket *client)
{
}

static void stream_consumed(struct socket *base, size_t size)
{
	struct tcp_pcb *pcb = lwip_socket(base)->tcp;

	if (!pcb)
		return;
	open_window(pcb, size);
	interface_flush();
}

static size_t stream_send(struct socket *base, const void *data, size_t size)
{
	struct tcp_pcb *pcb = lwip_socket(base)->tcp;
	const uint8_t *from = data;
	size_t done = 0;

	while (pcb && done < size) {
		size_t part = size - done;

		if (part > pcb->snd_buf)
			part = pcb->snd_buf;
		if (part > PIECE_MAX)
			part = PIECE_MAX;
		if (!part || tcp_write(pcb, (const void *)((uintptr_t)from + done), (u16_t)part, TCP_WRITE_FLAG_COPY))
			break;
		done += part;
	}
	if (pcb) {
		tcp_output(pcb);
		interface_flush();
	}
	return done;
}

/* Half a buffer's worth, so that a program that polls sends in large pieces. */
static bool stream_can_send(const struct socket *base)
{
	const struct tcp_pcb *pcb = ((const struct lwip_socket *)base)->tcp;

	return !pcb || (pcb->snd_buf >= TCP_SND_BUF / 2 && tcp_sndqueuelen(pcb) < TCP_SND_QUEUELEN / 2);
}

/* What was not read is nobody's any more; that is no reason to reset the connection. */
static void close_pcb(struct tcp_pcb *pcb)
{
	detach(pcb);
	if (pcb->state != LISTEN)
		open_window(pcb, (size_t)TCP_WND_MAX(pcb) - pcb->rcv_wnd);
	if (tcp_close(pcb))
		tcp_abort(pcb);
}

static struct tcp_pcb *open_connection(void)
{
	struct tcp_pcb *pcb = tcp_active_pcbs;

	while (pcb && !pcb->callback_arg)
		pcb = pcb->next;
	return pcb;
}

static bool all_sent(void)
{
	for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		if (pcb->unsent || pcb->unacked)
			return false;
	return true;
}

void stream_finish_all(void)
{
	uint64_t end = clock_monotonic_ns() + FINISH_NS;

	for (struct tcp_pcb *pcb; (pcb = open_connection());)
		close_pcb(pcb);
	interface_flush();
	while (!all_sent() && clock_monotonic_ns() < end)
		if (!interface_poll())
			network_wait(clock_deadline(end));
}

static void close_clients(struct socket *listener)
{
	for (struct socket *client; (client = socket_accept(listener));)
		socket_close(client);
}

static void stream_close(struct socket *base)
{
	struct lwip_socket *socket = lwip_socket(base);
	struct tcp_pcb *pcb = socket->tcp;

	close_clients(base);
	if (pcb) {
		close_pcb(pcb);
		interface_flush();
	}
	lwip_socket_free(socket);
}

const struct socket_ops stream_ops = {
	.close = stream_close, .bind = stream_bind, .listen = stream_listen, .connect = stream_connect,
	.shutdown = stream_shutdown, .name = stream_name, .accepted = stream_accepted,
	.consumed = stream_consumed, .send = stream_send, .can_send = stream_can_send,
};
