/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of any content, which a guest sends and its network has for it. What
 * is asserted is that nothing beyond a frame is read, that the table of the
 * guest's addresses stays one that can be saved and loaded, and that the
 * policies agree with one another.
 *
 * The input is a list of frames, each with two bytes of its size and a byte of
 * flags in front: bit 0, the guest sends it; bit 1, its addresses are set to usual
 * ones; bit 2, it is ARP; bit 3, IPv6.
 */
#include "input.h"
#include "net/arrival.h"
#include "net/seen.h"
#include "operations.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define FRAME_ROOM 512

static const uint8_t mac[MAC_SIZE] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* In memory of its own, so that a read too far is seen. The caller frees it. */
static uint8_t *take_frame(struct input *in, uint8_t flags, size_t size)
{
	static const uint8_t types[4][2] = { { 8, 0 }, { 8, 6 }, { 0x86, 0xdd }, { 0x81, 0 } };
	uint8_t *bytes = malloc(size ? size : 1);

	REQUIRE(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = take_byte(in);
	if (flags & 2 && size >= FRAME_HEADER_SIZE) {
		memcpy(bytes, mac, MAC_SIZE);
		memcpy(bytes + 12, types[flags >> 2 & 3], 2);
	}

	return bytes;
}

static void check_received(const struct net_seen *seen, const uint8_t *bytes, size_t size)
{
	struct arrival frame;
	struct arrival again;
	char text[ARRIVAL_TEXT_SIZE];
	const bool directed = arrival_wakes(&frame, WAKE_ON_NET_DIRECTED, seen, mac, bytes, size);

	arrival_format(&frame, text);
	REQUIRE(strlen(text) < ARRIVAL_TEXT_SIZE - 1);
	arrival_classify(&again, seen, mac, bytes, size);
	REQUIRE(memcmp(&frame, &again, sizeof(frame)) == 0);
	REQUIRE(directed == (frame.kind != ARRIVAL_NOISE));
	/* A magic packet is directed. */
	if (arrival_wakes(&frame, WAKE_ON_NET_MAGIC, seen, mac, bytes, size))
		REQUIRE(directed && frame.kind == ARRIVAL_MAGIC);
	REQUIRE(arrival_wakes(&frame, WAKE_ON_NET_ANY, seen, mac, bytes, size));
	REQUIRE(!arrival_wakes(&frame, WAKE_ON_NET_OFF, seen, mac, bytes, size));
}

static void move(struct net_seen *seen, struct stream *stream)
{
	net_seen_serialize(seen, stream);
	REQUIRE(stream_end(stream) == 0);
	stream_close(stream);
}

/* The same, to a file and back. */
static void check_saved(struct net_seen *seen)
{
	const int fd = memfd_create("seen", MFD_CLOEXEC);
	struct net_seen loaded = { 0 };
	struct stream *stream;

	REQUIRE(fd >= 0 && stream_write_to(&stream, fd) == 0);
	move(seen, stream);
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0 && stream_read_from(&stream, fd) == 0);
	move(&loaded, stream);
	close(fd);
	REQUIRE(loaded.address_count == seen->address_count && loaded.mac_count == seen->mac_count);
	for (uint32_t i = 0; i < seen->address_count; i++)
		REQUIRE(ip_address_equals(&loaded.addresses[i].ip, &seen->addresses[i].ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct net_seen seen = { 0 };
	uint8_t flags = 0;

	while (in.left > 0) {
		const size_t length = take_word(&in, 2) % FRAME_ROOM;
		uint8_t *bytes;

		count_operation();
		flags = take_byte(&in);
		bytes = take_frame(&in, flags, length);
		if (flags & 1)
			net_seen_learn(&seen, bytes, length);
		else
			check_received(&seen, bytes, length);
		free(bytes);
		REQUIRE(seen.mac_count <= NET_SEEN_MACS_MAX &&
			seen.address_count <= NET_SEEN_ADDRESSES_MAX);
	}
	/* It takes as long as a hundred frames. */
	if (flags & 0x80)
		check_saved(&seen);

	return 0;
}
