/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * net-peer - be what is at the other end of a guest's network
 *
 *	net-peer [--echo | --flood | --sink | --source | --print] SOCKET
 *	net-peer --packets INTERFACE
 *
 * Listens at the Unix socket, and takes one connection after the other, in the protocol of
 * QEMU's -netdev stream. Answers ARP requests for any address, and pings. With --echo each
 * frame is sent back as it came, with --flood too, after many that are sent at once; with --sink none is answered, with --source each asks for frames, how many and of which size
 * (64 bits each, little-endian, behind addresses and type); with --print each is printed
 * instead: "frame SIZE BYTES", in hexadecimal. A line "send BYTES" on standard input sends a
 * frame, "close" closes the connection, "end" ends the program, as does its end; with
 * --sink, "count" prints how many frames and bytes have come.
 *
 * What happens is printed, a line each: "listening", "connected", "closed".
 *
 * With --packets it is on an interface of the host, and sends what it is asked for, as with
 * --source.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX (1U << 17)
#define MAC_SIZE 6
#define FLOOD_SIZE_MAX 4096
#define FLOOD_STEP 47
#define ETHERNET_SIZE 14
#define TYPE_IP 0x0800
#define TYPE_ARP 0x0806

enum mode { MODE_HOST, MODE_ECHO, MODE_FLOOD, MODE_SINK, MODE_SOURCE, MODE_PRINT };

struct peer {
	enum mode mode;
	int listener;
	int fd; /* Of the connection, or -1. */
	uint8_t record[4 + FRAME_MAX];
	size_t size; /* Of what has been received of the next record. */
	uint64_t frames, bytes;
	char line[2 * FRAME_MAX + 16];
	size_t line_size;
};

static const uint8_t own[MAC_SIZE] = { 0x02, 0xff, 0, 0, 0, 1 };

static void send_all(struct peer *peer, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0 && peer->fd >= 0) {
		const ssize_t count = send(peer->fd, at, size, MSG_NOSIGNAL);

		if (count < 0)
			return;
		at += count;
		size -= (size_t)count;
	}
}

static void send_frame(struct peer *peer, const uint8_t *frame, size_t size)
{
	const uint32_t length = htonl((uint32_t)size);

	send_all(peer, &length, sizeof(length));
	send_all(peer, frame, size);
}

static unsigned int word_at(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static void answer_to(uint8_t *frame)
{
	memcpy(frame, frame + MAC_SIZE, MAC_SIZE);
	memcpy(frame + MAC_SIZE, own, MAC_SIZE);
}

static void swap(uint8_t *one, uint8_t *other, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = one[i];

		one[i] = other[i];
		other[i] = byte;
	}
}

/* Whoever asks for an address, it is here. */
static bool answer_arp(uint8_t *frame, size_t size)
{
	uint8_t *arp = frame + ETHERNET_SIZE;

	if (size < ETHERNET_SIZE + 28 || word_at(arp + 6) != 1 ||
	    memcmp(arp + 14, arp + 24, 4) == 0)
		return false;
	answer_to(frame);
	arp[7] = 2;
	swap(arp + 8, arp + 18, MAC_SIZE + 4);
	memcpy(arp + 8, own, MAC_SIZE);

	return true;
}

/* An echo request becomes a reply: the checksum changes with the type, by 8 << 8. */
static bool answer_ping(uint8_t *frame, size_t size)
{
	uint8_t *ip = frame + ETHERNET_SIZE;
	uint8_t *icmp = ip + 20;
	unsigned int sum;

	if (size < ETHERNET_SIZE + 28 || ip[0] != 0x45 || ip[9] != 1 || icmp[0] != 8)
		return false;
	answer_to(frame);
	swap(ip + 12, ip + 16, 4);
	icmp[0] = 0;
	sum = word_at(icmp + 2) + 0x0800;
	sum = (sum & 0xffff) + (sum >> 16);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;

	return true;
}

static void print_frame(const uint8_t *frame, size_t size)
{
	printf("frame %zu ", size);
	for (size_t i = 0; i < size; i++)
		printf("%02x", frame[i]);
	putchar('\n');
}

/* How many frames are asked for, and of which size. */
static bool read_numbers(const uint8_t *frame, size_t size, uint64_t numbers[2])
{
	if (size < ETHERNET_SIZE + 2 * sizeof(numbers[0]))
		return false;
	memcpy(numbers, frame + ETHERNET_SIZE, 2 * sizeof(numbers[0]));

	return numbers[1] <= FRAME_MAX;
}

/* One call for each, as programs make that forward single frames. */
static void send_many(struct peer *peer, const uint8_t *frame, size_t size)
{
	static uint8_t record[4 + FRAME_MAX];
	uint64_t numbers[2];
	uint32_t length;

	if (!read_numbers(frame, size, numbers))
		return;
	length = htonl((uint32_t)numbers[1]);
	memcpy(record, &length, sizeof(length));
	for (uint64_t i = 0; i < numbers[0]; i++)
		send_all(peer, record, 4 + (size_t)numbers[1]);
}

static void take_frame(struct peer *peer, uint8_t *frame, size_t size)
{
	const unsigned int type = size >= ETHERNET_SIZE ? word_at(frame + 2 * MAC_SIZE) : 0;

	peer->frames++;
	peer->bytes += size;
	switch (peer->mode) {
	case MODE_HOST:
		if ((type == TYPE_ARP && answer_arp(frame, size)) ||
		    (type == TYPE_IP && answer_ping(frame, size)))
			send_frame(peer, frame, size);
		break;
	case MODE_ECHO:
	case MODE_FLOOD:
		send_frame(peer, frame, size);
		break;
	case MODE_SINK:
		break;
	case MODE_SOURCE:
		send_many(peer, frame, size);
		break;
	case MODE_PRINT:
		print_frame(frame, size);
		break;
	}
}

static void close_connection(struct peer *peer)
{
	if (peer->fd < 0)
		return;
	close(peer->fd);
	peer->fd = -1;
	puts("closed");
}

/* Broadcasts of many sizes; as many as the socket takes without being read. */
static void flood(struct peer *peer)
{
	static uint8_t frame[FLOOD_SIZE_MAX];

	memset(frame, 0xff, MAC_SIZE);
	for (size_t size = ETHERNET_SIZE; size <= FLOOD_SIZE_MAX; size += FLOOD_STEP)
		send_frame(peer, frame, size);
}

static void take_connection(struct peer *peer)
{
	peer->fd = accept(peer->listener, NULL, NULL);
	peer->size = 0;
	if (peer->fd < 0)
		return;
	puts("connected");
	if (peer->mode == MODE_FLOOD)
		flood(peer);
}

static void receive(struct peer *peer)
{
	const ssize_t count =
		recv(peer->fd, peer->record + peer->size, sizeof(peer->record) - peer->size, 0);

	if (count <= 0) {
		close_connection(peer);
		return;
	}
	peer->size += (size_t)count;
	while (peer->size >= 4) {
		uint32_t length;
		size_t whole;

		memcpy(&length, peer->record, sizeof(length));
		whole = 4 + (size_t)ntohl(length);
		if (whole > sizeof(peer->record)) {
			puts("too long");
			close_connection(peer);
			return;
		}
		if (peer->size < whole)
			return;
		take_frame(peer, peer->record + 4, whole - 4);
		memmove(peer->record, peer->record + whole, peer->size - whole);
		peer->size -= whole;
	}
}

/* --- commands --- */

/* The value of a digit in hexadecimal, or -1. */
static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void send_line(struct peer *peer, const char *digits)
{
	static uint8_t frame[FRAME_MAX];
	size_t size = 0;

	for (; size < sizeof(frame); size++) {
		const int high = digit(digits[2 * size]);
		const int low = high < 0 ? -1 : digit(digits[2 * size + 1]);

		if (low < 0)
			break;
		frame[size] = (uint8_t)(high << 4 | low);
	}
	send_frame(peer, frame, size);
}

/* Returns whether the program goes on. */
static bool take_line(struct peer *peer, const char *line)
{
	if (strncmp(line, "send ", 5) == 0)
		send_line(peer, line + 5);
	else if (strcmp(line, "close") == 0)
		close_connection(peer);
	else if (strcmp(line, "count") == 0)
		printf("count %llu %llu\n", (unsigned long long)peer->frames,
		       (unsigned long long)peer->bytes);
	else if (strcmp(line, "end") == 0)
		return false;

	return true;
}

static bool take_input(struct peer *peer)
{
	const ssize_t count = read(STDIN_FILENO, peer->line + peer->line_size,
				   sizeof(peer->line) - 1 - peer->line_size);
	char *end;

	if (count <= 0)
		return false;
	peer->line_size += (size_t)count;
	peer->line[peer->line_size] = '\0';
	while ((end = strchr(peer->line, '\n'))) {
		*end = '\0';
		if (!take_line(peer, peer->line))
			return false;
		peer->line_size -= (size_t)(end + 1 - peer->line);
		memmove(peer->line, end + 1, peer->line_size + 1);
	}

	return true;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (unlink(path) < 0 && errno != ENOENT)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -1;

	return fd;
}

/* Frames of the guest's come from the interface, and those to it go out there. */
static int serve_packets(const char *interface)
{
	static uint8_t frame[FRAME_MAX];
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	const int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("net-peer");
		return 2;
	}
	puts("listening");
	for (;;) {
		socklen_t length = sizeof(address);
		const ssize_t size =
			recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&address, &length);
		uint64_t numbers[2];

		if (size < 0 || address.sll_pkttype == PACKET_OUTGOING ||
		    !read_numbers(frame, (size_t)size, numbers))
			continue;
		memset(frame, 0, sizeof(frame));
		for (uint64_t i = 0; i < numbers[0]; i++)
			(void)send(fd, frame, (size_t)numbers[1], 0);
	}
}

static enum mode mode_of(const char *option)
{
	if (strcmp(option, "--echo") == 0)
		return MODE_ECHO;
	if (strcmp(option, "--flood") == 0)
		return MODE_FLOOD;
	if (strcmp(option, "--source") == 0)
		return MODE_SOURCE;

	return strcmp(option, "--sink") == 0 ? MODE_SINK : MODE_PRINT;
}

int main(int argc, char **argv)
{
	static struct peer peer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && strcmp(argv[1], "--packets") == 0)
		return serve_packets(argv[2]);
	peer.fd = -1;
	peer.mode = argc == 3 ? mode_of(argv[1]) : MODE_HOST;
	peer.listener = argc >= 2 ? listen_at(argv[argc - 1]) : -1;
	if (peer.listener < 0) {
		perror("net-peer");
		return 2;
	}
	puts("listening");
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = peer.fd < 0 ? peer.listener : -1, .events = POLLIN },
			{ .fd = peer.fd, .events = POLLIN },
		};

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[2].revents)
			receive(&peer);
		if (fds[1].revents)
			take_connection(&peer);
		if (fds[0].revents && !take_input(&peer))
			return 0;
	}
}
