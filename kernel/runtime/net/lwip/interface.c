/* See interface.h. lwIP runs where the program waits or asks: nothing here interrupts anything.
 *
 * Frames are copied: what lwIP keeps of them outlives the device's buffers. A frame for which the
 * device has no room is refused, and lwIP sends it again: a TCP segment as soon as there is room,
 * everything else as after a loss. */
#include "net/lwip/interface.h"

#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "clock.h"
#include "exit.h"
#include "idle.h"
#include "lib/string.h"
#include "lib/text.h"
#include "net/lwip/checksum.h"
#include "net/lwip/random.h"
#include "net/socket.h"
#include "virtio/console.h"
#include "virtio/net.h"

#define MTU_DEFAULT 1500u
#define MTU_MAX (NET_FRAME_MAX - 14)
#define MTU_MIN 1280u /* IPv6's */
#define FRAMES_AT_ONCE 64
#define FRAME_MIN 60u
#define NS_PER_MS UINT64_C(1000000)
#define ADDRESS_WAIT_NS (UINT64_C(5000) * NS_PER_MS)
#define ADDRESS_WAIT_INET6_NS (UINT64_C(3000) * NS_PER_MS)
#define WORD_MAX 63

static struct netif interface;
static struct net_information device;
static bool refused; /* a frame, for lack of room */
static uint64_t started_ns;

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
	uint16_t start = 0, offset = 0;
	uint8_t *to = net_room();

	if (!to) {
		refused = true;
		return ERR_MEM;
	}
	if (frame->tot_len > NET_FRAME_MAX)
		return ERR_VAL;
	pbuf_copy_partial(frame, to, frame->tot_len, 0);
	if (device.completes_checksums)
		checksum_leave(to, frame->tot_len, &start, &offset);
	net_send(frame->tot_len, start, offset);
	return ERR_OK;
}

static err_t set_up(struct netif *netif)
{
	u16_t checks = NETIF_CHECKSUM_ENABLE_ALL;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = send_frame;
	netif->mtu = netif->mtu6 = (u16_t)(device.mtu < MTU_MIN ? MTU_DEFAULT : device.mtu > MTU_MAX ? MTU_MAX : device.mtu);
	netif->hwaddr_len = sizeof(device.mac);
	memcpy(netif->hwaddr, device.mac, sizeof(device.mac));
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	if (device.completes_checksums)
		checks &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
	NETIF_SET_CHECKSUM_CTRL(netif, checks);
	return ERR_OK;
}

static void receive_frame(const struct net_frame *frame)
{
	const u16_t transport = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;
	u16_t checks = interface.chksum_flags, at = 0;
	/* lwIP counts on a wire's minimum, and looks at headers without asking. */
	u16_t size = (u16_t)(frame->size < FRAME_MIN ? FRAME_MIN : frame->size);
	struct pbuf *copy = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);

	if (!copy)
		return;
	if (size > frame->size)
		memset((uint8_t *)copy->payload + frame->size, 0, size - frame->size);
	for (uint32_t i = 0; i < frame->part_count; i++) {
		pbuf_take_at(copy, frame->parts[i].data, (u16_t)frame->parts[i].size, at);
		at = (u16_t)(at + frame->parts[i].size);
	}
	if (frame->checked)
		NETIF_SET_CHECKSUM_CTRL(&interface, checks & (u16_t)~transport);
	if (interface.input(copy, &interface) != ERR_OK)
		pbuf_free(copy);
	NETIF_SET_CHECKSUM_CTRL(&interface, checks);
}

/* What was sent to our own addresses. */
static bool loop_back(void)
{
	struct netif *netif;
	bool any = false;

	NETIF_FOREACH(netif) {
		any |= netif->loop_first != NULL;
		netif_poll(netif);
	}
	return any;
}

void interface_flush(void)
{
	net_publish();
}

bool interface_poll(void)
{
	struct net_frame frame;
	bool any = false;

	for (unsigned i = 0; i < FRAMES_AT_ONCE && net_receive(&frame); i++) {
		receive_frame(&frame);
		net_release(&frame);
		any = true;
	}
	if (sys_timeouts_sleeptime() == 0) {
		sys_check_timeouts();
		any = true;
	}
	any |= loop_back();
	if (refused && net_room()) {
		refused = false;
		tcp_txnow();
		any = true;
	}
	net_publish();
	return any;
}

static uint64_t next_deadline(void)
{
	u32_t ms = sys_timeouts_sleeptime();

	return ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE ? IDLE_FOREVER :
						       clock_deadline(clock_monotonic_ns() + ms * NS_PER_MS);
}

_Noreturn static void fail(const char *option, struct cmdline_word word, const char *why)
{
	char buffer[160];
	struct text text = TEXT_IN(buffer);

	text_string(&text, option);
	text_printable(&text, word.text, word.size);
	text_string(&text, why);
	runtime_fail(buffer, text.used);
}

static ip4_addr_t parse_address(const char *option, struct cmdline_word word)
{
	char text[WORD_MAX + 1];
	ip4_addr_t address;

	if (word.size <= WORD_MAX) {
		memcpy(text, word.text, word.size);
		text[word.size] = '\0';
		if (ip4addr_aton(text, &address))
			return address;
	}
	fail(option, word, ": not an IPv4 address");
}

/* ADDRESS/PREFIX; without a prefix the network is the address alone. */
static void set_address(struct cmdline_word ip, struct cmdline_word gateway)
{
	struct cmdline_word address = { ip.text, 0 }, prefix;
	ip4_addr_t own, mask, router = { 0 };
	uint64_t bits = 32;

	while (address.size < ip.size && ip.text[address.size] != '/')
		address.size++;
	if (address.size < ip.size) {
		prefix = (struct cmdline_word){ ip.text + address.size + 1, ip.size - address.size - 1 };
		if (!cmdline_number(prefix, false, &bits) || bits > 32)
			fail("ip=", ip, ": not ADDRESS/PREFIX");
	}
	own = parse_address("ip=", address);
	mask.addr = bits ? lwip_htonl(UINT32_MAX << (32 - bits)) : 0;
	if (gateway.size)
		router = parse_address("gateway=", gateway);
	netif_set_addr(&interface, &own, &mask, &router);
}

static uint16_t parse_mtu(struct cmdline_word word)
{
	uint64_t mtu;

	if (!cmdline_number(word, false, &mtu) || mtu < MTU_MIN || mtu > UINT16_MAX)
		fail("mtu=", word, ": not a number of bytes from 1280 to 65535");
	return (uint16_t)mtu;
}

static bool is_dhcp(struct cmdline_word ip)
{
	return !ip.size || (ip.size == 4 && !memcmp(ip.text, "dhcp", 4));
}

static bool has_address(uint16_t family)
{
	if (family == SOCKET_INET)
		return !ip4_addr_isany_val(*netif_ip4_addr(&interface));
	for (s8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; i++) /* 0 is the link's own */
		if (ip6_addr_isvalid(netif_ip6_addr_state(&interface, i)))
			return true;
	return false;
}

void interface_await_address(uint16_t family)
{
	uint64_t end = started_ns + (family == SOCKET_INET ? ADDRESS_WAIT_NS : ADDRESS_WAIT_INET6_NS);

	while (!has_address(family) && clock_monotonic_ns() < end) {
		if (!interface_poll())
			console_wait(0, clock_deadline(end));
	}
}

bool interface_start(const struct network_words *words)
{
	static struct wait_source source = { interface_poll, net_listen, next_deadline };

	if (!net_start(&device))
		return false;
	if (!device.has_mac) {
		lwip_random_bytes(device.mac, sizeof(device.mac));
		device.mac[0] = (uint8_t)((device.mac[0] & ~1u) | 2); /* one station, locally made up */
	}
	if (words->mtu.size)
		device.mtu = parse_mtu(words->mtu);
	lwip_init();
	if (!netif_add_noaddr(&interface, NULL, set_up, ethernet_input))
		return false;
	netif_set_default(&interface);
	netif_create_ip6_linklocal_address(&interface, 1);
	netif_set_ip6_autoconfig_enabled(&interface, 1);
	netif_set_up(&interface);
	started_ns = clock_monotonic_ns();
	if (is_dhcp(words->ip))
		dhcp_start(&interface);
	else
		set_address(words->ip, words->gateway);
	if (words->dns.size) {
		ip_addr_t server = IPADDR4_INIT(parse_address("dns=", words->dns).addr);

		dns_setserver(0, &server);
	}
	console_wait_also(&source);
	net_publish();
	/* Who listens shall be reachable once it says so. */
	interface_await_address(SOCKET_INET);
	return true;
}
