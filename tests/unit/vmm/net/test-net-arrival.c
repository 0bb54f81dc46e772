/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames wake a sleeping guest, and how they are named. */
#include "net/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"

/* A guest that was seen to use 192.0.2.7, fe80::7 and 2001:db8::7. */
static struct net_seen seen_of_guest(void)
{
	const struct built sent[] = {
		build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"),
		build_neighbour(FRAME_SOLICITATION, mac_of_guest, "::", "fe80::7"),
		build_ip(mac_of_peer, mac_of_guest, "2001:db8::7", "2001:db8::1"),
	};
	struct net_seen seen = { 0 };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		net_seen_learn(&seen, sent[i].bytes, sent[i].size);

	return seen;
}

static enum arrival_kind kind_of(struct built built)
{
	const struct net_seen seen = seen_of_guest();
	struct arrival frame;

	arrival_classify(&frame, &seen, mac_of_guest, built.bytes, built.size);

	return frame.kind;
}

static bool wakes(enum wake_on_net policy, struct built built)
{
	const struct net_seen seen = seen_of_guest();
	struct arrival frame;

	return arrival_wakes(&frame, policy, &seen, mac_of_guest, built.bytes, built.size);
}

/* --- what a frame is --- */

static void frames_to_its_mac_are_for_the_guest(void **state)
{
	struct built opaque = build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");

	assert_int_equal(kind_of(opaque), ARRIVAL_UNICAST);
	assert_int_equal(kind_of(build_ip(mac_of_guest, mac_of_peer, "2001:db8::1", "2001:db8::7")),
			 ARRIVAL_UNICAST);
	/* Also to an address that was not seen, and of an unknown protocol. */
	assert_int_equal(kind_of(build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.99")),
			 ARRIVAL_UNICAST);
	opaque.bytes[12] = 0x88;
	opaque.bytes[13] = 0xb5;
	assert_int_equal(kind_of(opaque), ARRIVAL_UNICAST);
}

/* Of a guest that is a bridge, or has changed its address. */
static void frames_to_a_mac_that_it_uses_are_for_the_guest(void **state)
{
	const struct built sent = build_arp(1, mac_of_other, "192.0.2.8", "192.0.2.1");
	const struct built built = build_ip(mac_of_other, mac_of_peer, "192.0.2.1", "192.0.2.8");
	struct net_seen seen = { 0 };
	struct arrival frame;

	arrival_classify(&frame, &seen, mac_of_guest, built.bytes, built.size);
	assert_int_equal(frame.kind, ARRIVAL_NOISE);
	net_seen_learn(&seen, sent.bytes, sent.size);
	arrival_classify(&frame, &seen, mac_of_guest, built.bytes, built.size);
	assert_int_equal(frame.kind, ARRIVAL_UNICAST);
}

static void frames_to_other_hosts_are_noise(void **state)
{
	struct built built = build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7");

	assert_int_equal(kind_of(build_ip(mac_of_other, mac_of_peer, "192.0.2.1", "192.0.2.8")),
			 ARRIVAL_NOISE);
	memcpy(built.bytes, mac_of_other, MAC_SIZE);
	assert_int_equal(kind_of(built), ARRIVAL_NOISE);
}

static void arp_requests_count_if_they_ask_for_an_address_of_its_own(void **state)
{
	assert_int_equal(kind_of(build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7")), ARRIVAL_ARP);
	/* A probe: another host wants the address. */
	assert_int_equal(kind_of(build_arp(1, mac_of_peer, "0.0.0.0", "192.0.2.7")), ARRIVAL_ARP);
	assert_int_equal(kind_of(build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.8")),
			 ARRIVAL_NOISE);
	/* An announcement, and a reply that goes to all. */
	assert_int_equal(kind_of(build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.1")),
			 ARRIVAL_NOISE);
	assert_int_equal(kind_of(build_arp(2, mac_of_peer, "192.0.2.1", "192.0.2.7")),
			 ARRIVAL_NOISE);
}

static void solicitations_count_if_they_ask_for_an_address_of_its_own(void **state)
{
	assert_int_equal(
		kind_of(build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "fe80::7")),
		ARRIVAL_SOLICITATION);
	assert_int_equal(
		kind_of(build_neighbour(FRAME_SOLICITATION, mac_of_peer, "::", "2001:db8::7")),
		ARRIVAL_SOLICITATION);
	/* Of the same group, but for another address. */
	assert_int_equal(
		kind_of(build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "fd00::7")),
		ARRIVAL_NOISE);
	assert_int_equal(
		kind_of(build_neighbour(FRAME_ADVERTISEMENT, mac_of_peer, "fe80::1", "fe80::7")),
		ARRIVAL_NOISE);
}

static void broadcasts_and_multicasts_are_noise(void **state)
{
	static const uint8_t all_nodes[MAC_SIZE] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t mdns[MAC_SIZE] = { 0x01, 0x00, 0x5e, 0, 0, 0xfb };

	assert_int_equal(
		kind_of(build_ip(mac_broadcast, mac_of_peer, "192.0.2.1", "255.255.255.255")),
		ARRIVAL_NOISE);
	assert_int_equal(kind_of(build_ip(mac_broadcast, mac_of_peer, "192.0.2.1", "192.0.2.7")),
			 ARRIVAL_NOISE);
	assert_int_equal(kind_of(build_ip(mdns, mac_of_peer, "192.0.2.1", "224.0.0.251")),
			 ARRIVAL_NOISE);
	assert_int_equal(kind_of(build_ip(all_nodes, mac_of_peer, "fe80::1", "ff02::1")),
			 ARRIVAL_NOISE);
}

/* passt sends everything to the guest's MAC address. */
static void packets_for_groups_are_noise_also_if_their_frame_is_for_the_guest(void **state)
{
	struct built solicitation =
		build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "fe80::7");

	assert_int_equal(kind_of(build_ip(mac_of_guest, mac_of_peer, "fe80::1", "ff02::1")),
			 ARRIVAL_NOISE);
	assert_int_equal(
		kind_of(build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "255.255.255.255")),
		ARRIVAL_NOISE);
	/* This one is for a group as well, but asks for the guest. */
	memcpy(solicitation.bytes, mac_of_guest, MAC_SIZE);
	assert_int_equal(kind_of(solicitation), ARRIVAL_SOLICITATION);
}

static void magic_packets_are_found_anywhere_behind_the_header(void **state)
{
	struct built last = build_magic(mac_of_guest, 40);

	for (size_t before = 0; before < 60; before++)
		assert_int_equal(kind_of(build_magic(mac_of_guest, before)), ARRIVAL_MAGIC);
	/* More fill than needed. */
	last.bytes[FRAME_HEADER_SIZE + 39] = 0xff;
	assert_int_equal(kind_of(last), ARRIVAL_MAGIC);
	/* Another host's, one that is too short, and one with a fault. */
	assert_int_equal(kind_of(build_magic(mac_of_other, 0)), ARRIVAL_NOISE);
	last.size--;
	assert_int_equal(kind_of(last), ARRIVAL_NOISE);
	last = build_magic(mac_of_guest, 0);
	last.bytes[last.size - 1] ^= 1;
	assert_int_equal(kind_of(last), ARRIVAL_NOISE);
}

/* Of a guest that has changed its address: a reset by its driver restores the first one. */
static void magic_packets_for_a_mac_that_it_uses_are_for_the_guest(void **state)
{
	const struct built sent = build_arp(1, mac_of_other, "192.0.2.8", "192.0.2.1");
	const struct built built = build_magic(mac_of_other, 3);
	struct net_seen seen = { 0 };
	struct arrival frame;

	assert_false(arrival_wakes(&frame, WAKE_ON_NET_MAGIC, &seen, mac_of_guest, built.bytes,
				   built.size));
	net_seen_learn(&seen, sent.bytes, sent.size);
	assert_true(arrival_wakes(&frame, WAKE_ON_NET_MAGIC, &seen, mac_of_guest, built.bytes,
				  built.size));
	assert_int_equal(frame.kind, ARRIVAL_MAGIC);
	arrival_classify(&frame, &seen, mac_of_guest, built.bytes, built.size);
	assert_int_equal(frame.kind, ARRIVAL_MAGIC);
}

static void vlan_tags_make_no_difference(void **state)
{
	struct built arp = build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7");
	struct built other = build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.8");
	struct built packet = build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");

	put_tag(&arp, 0x8100, 5);
	put_tag(&other, 0x8100, 5);
	put_tag(&packet, 0x88a8, 5);
	assert_int_equal(kind_of(arp), ARRIVAL_ARP);
	assert_int_equal(kind_of(other), ARRIVAL_NOISE);
	assert_int_equal(kind_of(packet), ARRIVAL_UNICAST);
}

/* In memory of its own size, in which a sanitizer sees a read too far. */
static void a_frame_shorter_than_its_header_is_noise(void **state)
{
	const struct built built = build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");
	const struct net_seen seen = seen_of_guest();

	for (size_t size = 0; size <= FRAME_HEADER_SIZE; size++) {
		uint8_t *bytes = malloc(size ? size : 1);
		struct arrival frame;

		assert_non_null(bytes);
		memcpy(bytes, built.bytes, size);
		arrival_classify(&frame, &seen, mac_of_guest, bytes, size);
		assert_int_equal(frame.kind,
				 size < FRAME_HEADER_SIZE ? ARRIVAL_NOISE : ARRIVAL_UNICAST);
		free(bytes);
	}
}

/* --- policies --- */

static void each_policy_has_its_frames(void **state)
{
	const struct {
		struct built built;
		bool directed;
		bool magic;
	} cases[] = {
		{ build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7"), true, false },
		{ build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"), true, false },
		{ build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "fe80::7"), true,
		  false },
		{ build_magic(mac_of_guest, 7), true, true },
		{ build_magic(mac_of_other, 7), false, false },
		{ build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.8"), false, false },
		{ build_ip(mac_broadcast, mac_of_peer, "192.0.2.1", "255.255.255.255"), false,
		  false },
		{ { .size = 5 }, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(wakes(WAKE_ON_NET_NONE, cases[i].built), cases[i].directed);
		assert_int_equal(wakes(WAKE_ON_NET_DIRECTED, cases[i].built), cases[i].directed);
		assert_int_equal(wakes(WAKE_ON_NET_MAGIC, cases[i].built), cases[i].magic);
		assert_true(wakes(WAKE_ON_NET_ANY, cases[i].built));
		assert_false(wakes(WAKE_ON_NET_OFF, cases[i].built));
	}
}

static void a_magic_packet_to_the_guest_alone_is_one_too(void **state)
{
	struct built built = build_magic(mac_of_guest, 30);

	memcpy(built.bytes, mac_of_guest, MAC_SIZE);
	assert_int_equal(kind_of(built), ARRIVAL_UNICAST);
	assert_true(wakes(WAKE_ON_NET_MAGIC, built));
}

/* --- words --- */

static void is_named(enum wake_on_net policy, struct built built, const char *expected)
{
	const struct net_seen seen = seen_of_guest();
	struct arrival frame;
	char text[ARRIVAL_TEXT_SIZE];

	(void)arrival_wakes(&frame, policy, &seen, mac_of_guest, built.bytes, built.size);
	arrival_format(&frame, text);
	assert_string_equal(text, expected);
}

static void a_frame_is_named_by_its_kind_and_addresses(void **state)
{
	struct built opaque = build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");
	struct built magic = build_magic(mac_of_guest, 30);

	is_named(WAKE_ON_NET_DIRECTED, opaque, "a network frame from 192.0.2.1 for 192.0.2.7");
	is_named(WAKE_ON_NET_DIRECTED, build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"),
		 "an ARP request from 192.0.2.1 for 192.0.2.7");
	is_named(WAKE_ON_NET_DIRECTED,
		 build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "2001:db8::7"),
		 "a neighbour solicitation from fe80::1 for 2001:db8::7");
	opaque.bytes[12] = 0x88;
	is_named(WAKE_ON_NET_DIRECTED, opaque, "a network frame from 9a:55:9a:55:9a:55");
	is_named(WAKE_ON_NET_DIRECTED, magic, "a magic packet from 9a:55:9a:55:9a:55");
	memcpy(magic.bytes, mac_of_guest, MAC_SIZE);
	is_named(WAKE_ON_NET_MAGIC, magic, "a magic packet from 9a:55:9a:55:9a:55");
	is_named(WAKE_ON_NET_ANY,
		 build_ip(mac_broadcast, mac_of_peer, "192.0.2.1", "255.255.255.255"),
		 "a network frame from 192.0.2.1 for 255.255.255.255");
}

static void the_longest_name_has_room(void **state)
{
	static const char address[] = "2001:db8:1111:2222:3333:4444:5555:6666";
	static const char ours[] = "2001:db8:1111:2222:3333:4444:5555:7777";
	const struct built sent = build_neighbour(FRAME_ADVERTISEMENT, mac_of_guest, ours, ours);
	const struct built built = build_neighbour(FRAME_SOLICITATION, mac_of_peer, address, ours);
	struct net_seen seen = { 0 };
	struct arrival frame;
	char text[ARRIVAL_TEXT_SIZE];

	net_seen_learn(&seen, sent.bytes, sent.size);
	arrival_classify(&frame, &seen, mac_of_guest, built.bytes, built.size);
	arrival_format(&frame, text);
	assert_string_equal(text, "a neighbour solicitation from "
				  "2001:db8:1111:2222:3333:4444:5555:6666 for "
				  "2001:db8:1111:2222:3333:4444:5555:7777");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_to_its_mac_are_for_the_guest),
		cmocka_unit_test(frames_to_a_mac_that_it_uses_are_for_the_guest),
		cmocka_unit_test(frames_to_other_hosts_are_noise),
		cmocka_unit_test(arp_requests_count_if_they_ask_for_an_address_of_its_own),
		cmocka_unit_test(solicitations_count_if_they_ask_for_an_address_of_its_own),
		cmocka_unit_test(broadcasts_and_multicasts_are_noise),
		cmocka_unit_test(packets_for_groups_are_noise_also_if_their_frame_is_for_the_guest),
		cmocka_unit_test(magic_packets_are_found_anywhere_behind_the_header),
		cmocka_unit_test(magic_packets_for_a_mac_that_it_uses_are_for_the_guest),
		cmocka_unit_test(vlan_tags_make_no_difference),
		cmocka_unit_test(a_frame_shorter_than_its_header_is_noise),
		cmocka_unit_test(each_policy_has_its_frames),
		cmocka_unit_test(a_magic_packet_to_the_guest_alone_is_one_too),
		cmocka_unit_test(a_frame_is_named_by_its_kind_and_addresses),
		cmocka_unit_test(the_longest_name_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
