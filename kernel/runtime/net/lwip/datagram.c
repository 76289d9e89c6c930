/* UDP sockets; see lwip_socket.h. */
#include "net/lwip/lwip_socket.h"

#include "net/linux_errno.h"
#include "net/lwip/address.h"
#include "net/lwip/interface.h"

#define DATAGRAM_MAX 65507u /* IPv4's */

static void on_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *ip, u16_t port)
{
	static uint8_t whole[UINT16_MAX];
	struct lwip_socket *socket = argument;
	struct socket_address sender = address_from_lwip(ip, port, socket->base.family);

	if (data->next)
		pbuf_copy_partial(data, whole, data->tot_len, 0);
	socket_add_datagram(&socket->base, &sender, data->next ? whole : data->payload, data->tot_len);
	pbuf_free(data);
}

static int32_t ensure_pcb(struct lwip_socket *socket)
{
	if (socket->udp)
		return 0;
	socket->udp = udp_new_ip_type(socket->base.family == SOCKET_INET6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
	if (!socket->udp)
		return -LINUX_ENOBUFS;
	udp_recv(socket->udp, on_datagram, socket);
	return 0;
}

static int32_t datagram_bind(struct socket *base, const struct socket_address *address)
{
	struct lwip_socket *socket = lwip_socket(base);
	ip_addr_t ip = { 0 };
	u16_t port;
	err_t error;

	if (ensure_pcb(socket))
		return -LINUX_ENOBUFS;
	address_to_lwip(address, &ip, &port);
	error = udp_bind(socket->udp, &ip, port);
	if (error)
		return error_from_lwip(error);
	base->local = address_from_lwip(&ip, socket->udp->local_port, base->family);
	return 0;
}

static int32_t datagram_connect(struct socket *base, const struct socket_address *address)
{
	struct lwip_socket *socket = lwip_socket(base);
	ip_addr_t ip = { 0 };
	u16_t port;
	err_t error;

	if (ensure_pcb(socket))
		return -LINUX_ENOBUFS;
	address_to_lwip(address, &ip, &port);
	error = udp_connect(socket->udp, &ip, port);
	if (!error)
		base->remote = *address;
	return error_from_lwip(error);
}

static int32_t datagram_name(struct socket *base, bool peer, struct socket_address *name)
{
	const struct udp_pcb *pcb = lwip_socket(base)->udp;

	if (peer)
		*name = base->remote;
	else if (pcb)
		*name = address_from_lwip(&pcb->local_ip, pcb->local_port, base->family);
	else
		*name = socket_any_address(base->family);
	return 0;
}

static int32_t datagram_send(struct socket *base, const struct socket_address *to, const void *data, size_t size)
{
	struct lwip_socket *socket = lwip_socket(base);
	ip_addr_t ip = { 0 };
	struct pbuf *copy;
	u16_t port;
	err_t error;

	if (size > DATAGRAM_MAX)
		return -LINUX_EMSGSIZE;
	if (ensure_pcb(socket))
		return -LINUX_ENOBUFS;
	address_to_lwip(to ? to : &base->remote, &ip, &port);
	if (!ip_addr_isloopback(&ip))
		interface_await_address(base->family);
	copy = pbuf_alloc(PBUF_TRANSPORT, (u16_t)size, PBUF_RAM);
	if (!copy)
		return -LINUX_ENOBUFS;
	pbuf_take(copy, data, (u16_t)size);
	error = udp_sendto(socket->udp, copy, &ip, port);
	pbuf_free(copy);
	interface_flush();
	/* No room now: lost, as datagrams may be. */
	return error == ERR_MEM ? 0 : error_from_lwip(error);
}

static void datagram_close(struct socket *base)
{
	struct lwip_socket *socket = lwip_socket(base);

	if (socket->udp)
		udp_remove(socket->udp);
	lwip_socket_free(socket);
}

/* What streams alone have is not called. */
const struct socket_ops datagram_ops = {
	.close = datagram_close, .bind = datagram_bind, .connect = datagram_connect, .name = datagram_name,
	.send_datagram = datagram_send,
};
