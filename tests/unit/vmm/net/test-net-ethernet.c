/* SPDX-License-Identifier: BSD-3-Clause */
/* What is read of a frame: whatever its bytes are, and wherever it ends. */
#include "net/ethernet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"

/* An address that may be an interface's. */
static bool is_unicast(const char *text)
{
	const struct ip_address ip = ip_of(text);

	assert_int_not_equal(ip.version, 0);

	return ip_address_is_unicast(&ip);
}

static void addresses_of_interfaces_differ_from_groups_and_special_ones(void **state)
{
	static const char *const interfaces[] = {
		"192.0.2.7", "10.0.0.1", "169.254.1.1", "1.0.0.0", "223.255.255.255",  "250.1.2.3",
		"fe80::1",   "fd00::1",	 "2001:db8::",	"::2",	   "::ffff:192.0.2.7",
	};
	static const char *const others[] = {
		"0.0.0.0",	   "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.255.255.255",
		"255.255.255.255", "::",      "::1",	   "ff02::1",	"ff02::1:ff00:7",
	};
	const struct ip_address none = { 0 };

	for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++)
		if (!is_unicast(interfaces[i]))
			fail_msg("%s", interfaces[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (is_unicast(others[i]))
			fail_msg("%s", others[i]);
	assert_false(ip_address_is_unicast(&none));
}

static void addresses_are_formatted_as_people_write_them(void **state)
{
	static const char *const texts[] = { "192.0.2.7", "255.255.255.255", "fe80::1",
					     "::", "2001:db8:1:2:3:4:5:6" };
	const struct ip_address none = { 0 };
	char text[IP_ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct ip_address ip = ip_of(texts[i]);

		ip_address_format(&ip, text);
		assert_string_equal(text, texts[i]);
	}
	ip_address_format(&none, text);
	assert_string_equal(text, "");
}

static void arp_packets_have_sender_and_target(void **state)
{
	const struct built built =
		build_arp(FRAME_ARP_REQUEST, mac_of_peer, "192.0.2.1", "192.0.2.7");
	const struct ip_address sender = ip_of("192.0.2.1");
	const struct ip_address target = ip_of("192.0.2.7");
	struct frame frame;
	struct frame_arp arp;

	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_memory_equal(frame.to, mac_broadcast, MAC_SIZE);
	assert_memory_equal(frame.from, mac_of_peer, MAC_SIZE);
	assert_true(frame_parse_arp(&frame, &arp));
	assert_int_equal(arp.operation, FRAME_ARP_REQUEST);
	assert_true(ip_address_equals(&arp.sender, &sender));
	assert_true(ip_address_equals(&arp.target, &target));
}

/* Of other links and protocols, which have other addresses. */
static void arp_packets_that_are_not_of_ipv4_on_ethernet_are_no_arp_packets(void **state)
{
	for (size_t i = 0; i < 6; i++) {
		struct built built = build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7");
		struct frame frame;
		struct frame_arp arp;

		built.bytes[FRAME_HEADER_SIZE + i] ^= 0x10;
		assert_true(frame_parse(&frame, built.bytes, built.size));
		assert_false(frame_parse_arp(&frame, &arp));
	}
}

static void packets_have_source_and_destination(void **state)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.1", "192.0.2.7" },
		{ "2001:db8::1", "2001:db8::7" },
	};

	for (size_t i = 0; i < 2; i++) {
		const struct built built =
			build_ip(mac_of_guest, mac_of_peer, pairs[i][0], pairs[i][1]);
		const struct ip_address from = ip_of(pairs[i][0]);
		const struct ip_address to = ip_of(pairs[i][1]);
		struct frame frame;
		struct frame_ip ip;

		assert_true(frame_parse(&frame, built.bytes, built.size));
		assert_true(frame_parse_ip(&frame, &ip));
		assert_true(ip_address_equals(&ip.from, &from));
		assert_true(ip_address_equals(&ip.to, &to));
		assert_int_equal(ip.neighbour, 0);
	}
}

/* A packet's version is in its first byte, too. */
static void packets_of_another_version_than_their_frame_says_are_none(void **state)
{
	struct built built = build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7");
	struct frame frame;
	struct frame_ip ip;

	built.bytes[FRAME_HEADER_SIZE] = 0x65;
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_false(frame_parse_ip(&frame, &ip));
	built = build_ip(mac_of_guest, mac_of_peer, "fe80::1", "fe80::7");
	built.bytes[FRAME_HEADER_SIZE] = 0x40;
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_false(frame_parse_ip(&frame, &ip));
}

/* Whether the frame, changed at a byte, is still neighbour discovery. */
static bool is_neighbour_with(size_t offset, uint8_t value)
{
	struct built built =
		build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "2001:db8::7");
	struct frame frame;
	struct frame_ip ip;

	built.bytes[FRAME_HEADER_SIZE + offset] = value;
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_true(frame_parse_ip(&frame, &ip));

	return ip.neighbour != 0;
}

static void solicitations_have_a_target_and_must_be_valid(void **state)
{
	const struct built built =
		build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "2001:db8::7");
	const struct ip_address target = ip_of("2001:db8::7");
	struct frame frame;
	struct frame_ip ip;

	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_true(frame_parse_ip(&frame, &ip));
	assert_int_equal(ip.neighbour, FRAME_SOLICITATION);
	assert_true(ip_address_equals(&ip.target, &target));
	assert_true(is_neighbour_with(7, 255));
	assert_true(is_neighbour_with(40, FRAME_ADVERTISEMENT));
	/* From behind a router, another protocol, type, code; a group as target. */
	assert_false(is_neighbour_with(7, 254));
	assert_false(is_neighbour_with(6, 17));
	assert_false(is_neighbour_with(40, 134));
	assert_false(is_neighbour_with(41, 1));
	assert_false(is_neighbour_with(48, 0xff));
}

static void vlan_tags_are_skipped_up_to_two(void **state)
{
	struct built built = build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7");
	struct frame frame;
	struct frame_arp arp;

	put_tag(&built, 0x8100, 5);
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_true(frame_parse_arp(&frame, &arp));
	put_tag(&built, 0x88a8, 6);
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_true(frame_parse_arp(&frame, &arp));
	put_tag(&built, 0x88a8, 7);
	assert_true(frame_parse(&frame, built.bytes, built.size));
	assert_false(frame_parse_arp(&frame, &arp));
}

/* Each in memory of its own size, in which a sanitizer sees a read too far. */
static void frames_may_end_anywhere(void **state)
{
	struct built all[] = {
		build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"),
		build_ip(mac_of_guest, mac_of_peer, "192.0.2.1", "192.0.2.7"),
		build_neighbour(FRAME_SOLICITATION, mac_of_peer, "fe80::1", "fe80::7"),
		build_arp(1, mac_of_peer, "192.0.2.1", "192.0.2.7"),
	};
	struct frame frame;
	struct frame_arp arp;
	struct frame_ip ip;

	put_tag(&all[3], 0x8100, 5);
	put_tag(&all[3], 0x8100, 5);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (size_t size = 0; size < all[i].size; size++) {
			uint8_t *bytes = malloc(size ? size : 1);

			assert_non_null(bytes);
			memcpy(bytes, all[i].bytes, size);
			if (frame_parse(&frame, bytes, size)) {
				assert_false(frame_parse_arp(&frame, &arp));
				if (frame_parse_ip(&frame, &ip))
					assert_int_equal(ip.neighbour, 0);
			} else {
				assert_true(size < FRAME_HEADER_SIZE);
			}
			free(bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_interfaces_differ_from_groups_and_special_ones),
		cmocka_unit_test(addresses_are_formatted_as_people_write_them),
		cmocka_unit_test(arp_packets_have_sender_and_target),
		cmocka_unit_test(arp_packets_that_are_not_of_ipv4_on_ethernet_are_no_arp_packets),
		cmocka_unit_test(packets_have_source_and_destination),
		cmocka_unit_test(packets_of_another_version_than_their_frame_says_are_none),
		cmocka_unit_test(solicitations_have_a_target_and_must_be_valid),
		cmocka_unit_test(vlan_tags_are_skipped_up_to_two),
		cmocka_unit_test(frames_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
