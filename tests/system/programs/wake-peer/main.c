/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wake-peer - the network of a guest: what is at the other end of --net unix:PATH
 *
 *	wake-peer PATH
 *
 * Listens at PATH, one connection at a time, in the protocol of QEMU's -netdev stream. It
 * is the host 192.0.2.1, fe80::1, and answers ARP requests, neighbour solicitations and pings
 * for these. Each line of standard input sends a frame:
 *
 *	test MAC N	one of the type 0x88b5, with the number N, to MAC
 *	arp IP		an ARP request for IP, to all
 *	solicit IP	a neighbour solicitation for IP, to its group
 *	ping MAC IP	an echo request of ICMP to IP, to MAC
 *	connect MAC IP PORT
 *			the first segment of a connection by TCP, which is not sent again
 *	magic MAC	a magic packet for MAC, to all
 *	noise		an ARP request for an address that no host has, to all
 *	cycle MAC N	N test frames, each as soon as the last one was answered, and a little later
 *			each time
 *
 * What comes is a line of standard output:
 *
 *	connected, gone, test N, arp IP MAC (a reply), advert IP, pong IP, announced IP MAC (a
 *	request), accepted IP PORT (a connection, which is ended then), cycled N
 */
#include "frames.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65568
#define OWN_PORT 40000
#define FIRST_NUMBER 0x12345678U

static int connection = -1;

/* Of "cycle". */
static uint8_t cycle_mac[MAC_SIZE];
static unsigned long cycles, cycles_done;
static bool cycle_due;

/* --- to send --- */

static bool write_all(const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t written = send(connection, bytes, size, MSG_NOSIGNAL);

		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}

	return true;
}

void transmit(const struct frame *frame)
{
	const uint32_t length = htonl((uint32_t)frame->size);

	if (connection < 0 || !write_all((const uint8_t *)&length, sizeof(length)) ||
	    !write_all(frame->bytes, frame->size))
		puts("not sent");
}

static void cycle(void)
{
	cycle_due = false;
	if (cycles_done < cycles)
		send_test(cycle_mac, ++cycles_done);
	else
		printf("cycled %lu\n", cycles);
}

/* --- what comes --- */

static void say_mac(const uint8_t *of)
{
	printf(" %02x:%02x:%02x:%02x:%02x:%02x\n", of[0], of[1], of[2], of[3], of[4], of[5]);
}

static void on_arp(const uint8_t *arp)
{
	char sender[INET_ADDRSTRLEN];
	char target[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, arp + 14, sender, sizeof(sender));
	inet_ntop(AF_INET, arp + 24, target, sizeof(target));
	printf("%s %s", arp[7] == 2 ? "arp" : "announced", sender);
	say_mac(arp + 8);
	if (arp[7] == 1 && strcmp(target, own_ipv4) == 0)
		send_arp(arp + 8, 2, arp + 8, arp + 14);
}

static void on_ipv6(const uint8_t *from, const uint8_t *ip)
{
	const uint8_t *message = ip + 40;
	char target[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, message + 8, target, sizeof(target));
	if (ip[6] != ICMPV6)
		return;
	if (message[0] == ADVERTISEMENT)
		printf("advert %s\n", target);
	if (message[0] == SOLICITATION && strcmp(target, own_ipv6) == 0)
		send_neighbour(from, ADVERTISEMENT, ip + 8, message + 8);
}

static void connect_to(const uint8_t *to, const uint8_t *target, unsigned int port)
{
	const struct segment segment = { .port = (uint16_t)port,
					 .own_port = OWN_PORT,
					 .number = FIRST_NUMBER,
					 .flags = TCP_SYN };

	send_segment(to, target, &segment);
}

static unsigned int u16_at(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* The answer to connect_to(). */
static void on_tcp(const uint8_t *from, const uint8_t *ip, const char *sender)
{
	const uint8_t *tcp = ip + 20;
	const unsigned int port = u16_at(tcp);
	const struct segment end = { .port = (uint16_t)port,
				     .own_port = OWN_PORT,
				     .number = FIRST_NUMBER + 1,
				     .flags = TCP_RST };

	if (u16_at(tcp + 2) != OWN_PORT || tcp[13] != (TCP_SYN | TCP_ACK) ||
	    (u16_at(tcp + 8) << 16 | u16_at(tcp + 10)) != FIRST_NUMBER + 1)
		return;
	printf("accepted %s %u\n", sender, port);
	send_segment(from, ip + 12, &end);
}

static void on_ipv4(const uint8_t *bytes, size_t size)
{
	const uint8_t *ip = bytes + HEADER_SIZE;
	char sender[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, ip + 12, sender, sizeof(sender));
	if (ip[0] == 0x45 && ip[9] == TCP && size >= HEADER_SIZE + 40)
		on_tcp(bytes + MAC_SIZE, ip, sender);
	if (ip[0] != 0x45 || ip[9] != 1)
		return;
	if (ip[20] == 0)
		printf("pong %s\n", sender);
	if (ip[20] == 8)
		send_pong(bytes, size);
}

static void on_test(const uint8_t *bytes)
{
	const unsigned long number = (unsigned long)bytes[0] << 24 | (unsigned long)bytes[1] << 16 |
				     (unsigned long)bytes[2] << 8 | bytes[3];

	if (cycles == 0)
		printf("test %lu\n", number);
	else if (number == cycles_done)
		cycle_due = true;
	else
		printf("test %lu instead of %lu\n", number, cycles_done);
}

static void on_frame(const uint8_t *bytes, size_t size)
{
	const uint8_t *payload = bytes + HEADER_SIZE;

	switch (size < 18 ? 0 : bytes[12] << 8 | bytes[13]) {
	case TYPE_TEST:
		on_test(payload);
		break;
	case TYPE_ARP:
		if (size >= HEADER_SIZE + 28)
			on_arp(payload);
		break;
	case TYPE_IPV4:
		if (size >= HEADER_SIZE + 28)
			on_ipv4(bytes, size);
		break;
	case TYPE_IPV6:
		if (size >= HEADER_SIZE + 64)
			on_ipv6(bytes + MAC_SIZE, payload);
		break;
	default:
		break;
	}
}

/* Returns false at the end of the connection. */
static bool receive(void)
{
	static uint8_t bytes[4 + FRAME_MAX];
	static size_t size;
	const ssize_t got = recv(connection, bytes + size, sizeof(bytes) - size, 0);
	size_t at = 0;

	if (got <= 0) {
		size = 0;
		return false;
	}
	size += (size_t)got;
	while (size - at >= 4) {
		uint32_t length;

		memcpy(&length, bytes + at, 4);
		length = ntohl(length);
		if (length > FRAME_MAX) {
			printf("a frame of %u bytes\n", length);
			return false;
		}
		if (size - at - 4 < length)
			break;
		on_frame(bytes + at + 4, length);
		at += 4 + length;
	}
	memmove(bytes, bytes + at, size - at);
	size -= at;

	return true;
}

/* --- commands --- */

static bool parse_mac(const char *text, uint8_t to[MAC_SIZE])
{
	if (!text)
		return false;
	for (int i = 0; i < MAC_SIZE; i++) {
		char *end;

		to[i] = (uint8_t)strtoul(text, &end, 16);
		if (end != text + 2 || *end != (i < MAC_SIZE - 1 ? ':' : '\0'))
			return false;
		text = end + 1;
	}

	return true;
}

/* A command with an address of IP. Returns whether it is one. */
static bool on_ip_command(const char *word, const char *text)
{
	static const uint8_t unused[4] = { 192, 0, 2, 99 };
	static const uint8_t unknown[MAC_SIZE];
	uint8_t ip[16];

	if (strcmp(word, "noise") == 0)
		send_arp(all, 1, unknown, unused);
	else if (strcmp(word, "arp") == 0 && text && inet_pton(AF_INET, text, ip) == 1)
		send_arp(all, 1, unknown, ip);
	else if (strcmp(word, "solicit") == 0 && text && inet_pton(AF_INET6, text, ip) == 1)
		send_solicitation(ip);
	else
		return false;

	return true;
}

/* One with a MAC, and a number, or an address and perhaps a port. Likewise. */
static bool on_mac_command(const char *word, const char *text, const char *rest, const char *port)
{
	uint8_t to[MAC_SIZE];
	uint8_t ip[4];

	if (!parse_mac(text, to))
		return false;
	if (strcmp(word, "magic") == 0) {
		send_magic(to);
	} else if (strcmp(word, "ping") == 0 && rest && inet_pton(AF_INET, rest, ip) == 1) {
		send_ping(to, ip);
	} else if (strcmp(word, "connect") == 0 && port && inet_pton(AF_INET, rest, ip) == 1) {
		connect_to(to, ip, (unsigned int)strtoul(port, NULL, 10));
	} else if (strcmp(word, "test") == 0 && rest) {
		send_test(to, strtoul(rest, NULL, 10));
	} else if (strcmp(word, "cycle") == 0 && rest) {
		memcpy(cycle_mac, to, MAC_SIZE);
		cycles = strtoul(rest, NULL, 10);
		cycles_done = 0;
		cycle();
	} else {
		return false;
	}

	return true;
}

static void on_command(char *line)
{
	char *save;
	const char *word = strtok_r(line, " \n", &save);
	const char *first = strtok_r(NULL, " \n", &save);
	const char *second = strtok_r(NULL, " \n", &save);
	const char *third = strtok_r(NULL, " \n", &save);

	if (word && !on_ip_command(word, first) && !on_mac_command(word, first, second, third))
		printf("what is %s?\n", word);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0)
		return -1;

	return fd;
}

static void close_connection(void)
{
	close(connection);
	connection = -1;
	puts("gone");
}

int main(int argc, char **argv)
{
	const int listener = argc == 2 ? listen_at(argv[1]) : -1;
	char line[256];

	if (listener < 0) {
		perror("wake-peer");
		return 2;
	}
	/* poll() does not see what a stream holds. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = connection < 0 ? listener : connection, .events = POLLIN },
		};
		/* The guest is another way further each time: 0 to 6 ms. */
		const int wait = cycle_due ? (int)(cycles_done % 7) : -1;
		const int ready = poll(fds, 2, wait);

		if (ready == 0)
			cycle();
		if (ready <= 0)
			continue;
		if (fds[1].revents && connection < 0) {
			connection = accept(listener, NULL, NULL);
			puts("connected");
		} else if (fds[1].revents && !receive()) {
			close_connection();
		}
		if (!fds[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		on_command(line);
	}
}
