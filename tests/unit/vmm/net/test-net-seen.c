/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses that a guest was seen to use. */
#include "net/seen.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"

static void learn(struct net_seen *seen, struct built built)
{
	net_seen_learn(seen, built.bytes, built.size);
}

static bool has(const struct net_seen *seen, const char *text)
{
	const struct ip_address ip = ip_of(text);

	return net_seen_has_address(seen, &ip);
}

static void addresses_come_from_all_that_a_guest_sends(void **state)
{
	struct net_seen seen = { 0 };

	learn(&seen, build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"));
	learn(&seen, build_arp(2, mac_of_guest, "192.0.2.8", "192.0.2.1"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "192.0.2.9", "198.51.100.1"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "2001:db8::9", "2001:db8::1"));
	learn(&seen, build_neighbour(FRAME_SOLICITATION, mac_of_guest, "fe80::7", "fe80::1"));
	learn(&seen, build_neighbour(FRAME_ADVERTISEMENT, mac_of_guest, "fe80::7", "fd00::7"));
	assert_int_equal(seen.address_count, 6);
	assert_true(has(&seen, "192.0.2.7"));
	assert_true(has(&seen, "192.0.2.8"));
	assert_true(has(&seen, "192.0.2.9"));
	assert_true(has(&seen, "2001:db8::9"));
	assert_true(has(&seen, "fe80::7"));
	assert_true(has(&seen, "fd00::7"));
	assert_true(net_seen_has_mac(&seen, mac_of_guest));
	assert_int_equal(seen.mac_count, 1);
}

/* Linux sends nothing else before it uses the address. */
static void a_probe_for_duplicates_announces_its_target(void **state)
{
	struct net_seen seen = { 0 };

	learn(&seen, build_neighbour(FRAME_SOLICITATION, mac_of_guest, "::", "fe80::7"));
	assert_true(has(&seen, "fe80::7"));
	assert_true(seen.addresses[0].announced);
	assert_int_equal(seen.address_count, 1);
}

/* DHCP's and probes' senders, and targets, which are others'. */
static void addresses_that_no_interface_has_are_not_learned(void **state)
{
	struct net_seen seen = { 0 };

	learn(&seen, build_arp(1, mac_of_guest, "0.0.0.0", "192.0.2.7"));
	learn(&seen, build_ip(mac_broadcast, mac_of_guest, "0.0.0.0", "255.255.255.255"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "127.0.0.1", "192.0.2.1"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "224.0.0.1", "192.0.2.1"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "::", "ff02::16"));
	learn(&seen, build_ip(mac_of_peer, mac_of_guest, "ff02::1", "fe80::1"));
	assert_int_equal(seen.address_count, 0);
}

static void addresses_behind_a_vlan_tag_are_learned(void **state)
{
	struct net_seen seen = { 0 };
	struct built tagged = build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1");

	put_tag(&tagged, 0x8100, 5);
	learn(&seen, tagged);
	assert_true(has(&seen, "192.0.2.7"));
}

static void groups_and_short_frames_teach_nothing(void **state)
{
	struct net_seen seen = { 0 };
	const struct built of_group = build_arp(1, mac_broadcast, "0.0.0.0", "192.0.2.1");

	learn(&seen, of_group);
	net_seen_learn(&seen, of_group.bytes, FRAME_HEADER_SIZE - 1);
	net_seen_learn(&seen, of_group.bytes, 0);
	assert_int_equal(seen.mac_count, 0);
	assert_int_equal(seen.address_count, 0);
}

static struct built from_number(unsigned int number, bool announced)
{
	char text[IP_ADDRESS_TEXT_SIZE];

	snprintf(text, sizeof(text), "10.%u.%u.1", number >> 8, number & 0xff);

	return announced ? build_arp(1, mac_of_guest, text, "192.0.2.1")
			 : build_ip(mac_of_peer, mac_of_guest, text, "192.0.2.1");
}

static void a_full_table_forgets_what_was_not_used_for_longest(void **state)
{
	struct net_seen seen = { 0 };

	for (unsigned int i = 0; i < NET_SEEN_ADDRESSES_MAX; i++)
		learn(&seen, from_number(i, false));
	learn(&seen, from_number(0, false));
	learn(&seen, from_number(NET_SEEN_ADDRESSES_MAX, false));
	assert_int_equal(seen.address_count, NET_SEEN_ADDRESSES_MAX);
	assert_true(has(&seen, "10.0.0.1"));
	assert_false(has(&seen, "10.0.1.1"));
	assert_true(has(&seen, "10.0.2.1"));
	assert_true(has(&seen, "10.0.64.1"));
}

/* As of a guest that is a router. */
static void sources_without_end_do_not_replace_announced_addresses(void **state)
{
	struct net_seen seen = { 0 };

	learn(&seen, build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"));
	learn(&seen, build_neighbour(FRAME_SOLICITATION, mac_of_guest, "fe80::7", "fe80::1"));
	for (unsigned int i = 0; i < 1000; i++)
		learn(&seen, from_number(i, false));
	assert_true(has(&seen, "192.0.2.7"));
	assert_true(has(&seen, "fe80::7"));
	assert_true(has(&seen, "10.3.231.1"));
	assert_int_equal(seen.address_count, NET_SEEN_ADDRESSES_MAX);
}

static void a_table_of_announced_addresses_takes_only_such(void **state)
{
	struct net_seen seen = { 0 };

	for (unsigned int i = 0; i < NET_SEEN_ADDRESSES_MAX; i++)
		learn(&seen, from_number(i, true));
	learn(&seen, from_number(1000, false));
	assert_false(has(&seen, "10.3.232.1"));
	learn(&seen, from_number(1001, true));
	assert_true(has(&seen, "10.3.233.1"));
	assert_false(has(&seen, "10.0.0.1"));
}

static void an_address_stays_announced_when_it_is_only_a_source(void **state)
{
	struct net_seen seen = { 0 };

	learn(&seen, from_number(7, false));
	assert_false(seen.addresses[0].announced);
	learn(&seen, from_number(7, true));
	assert_true(seen.addresses[0].announced);
	learn(&seen, from_number(8, false));
	learn(&seen, from_number(7, false));
	assert_true(seen.addresses[0].announced);
	assert_int_equal(seen.address_count, 2);
}

/* As of a guest that is a bridge of others. */
static void the_macs_that_were_used_last_are_kept(void **state)
{
	struct net_seen seen = { 0 };
	uint8_t mac[MAC_SIZE] = { 0x02 };

	for (uint8_t i = 0; i < 2 * NET_SEEN_MACS_MAX; i++) {
		mac[5] = i;
		learn(&seen, build_arp(1, mac, "192.0.2.7", "192.0.2.1"));
		learn(&seen, build_arp(1, mac_of_guest, "192.0.2.8", "192.0.2.1"));
	}
	assert_int_equal(seen.mac_count, NET_SEEN_MACS_MAX);
	assert_true(net_seen_has_mac(&seen, mac_of_guest));
	assert_true(net_seen_has_mac(&seen, mac));
	mac[5] = 0;
	assert_false(net_seen_has_mac(&seen, mac));
}

/* --- saved and loaded --- */

static int save(struct net_seen *seen)
{
	const int fd = memfd_create("seen", MFD_CLOEXEC);
	struct stream *stream;

	assert_true(fd >= 0);
	assert_int_equal(stream_write_to(&stream, fd), 0);
	net_seen_serialize(seen, stream);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);

	return fd;
}

/* Closes @fd. */
static int load(int fd, struct net_seen *seen)
{
	struct stream *stream;
	int err;

	assert_int_equal(stream_read_from(&stream, fd), 0);
	net_seen_serialize(seen, stream);
	err = stream_end(stream);
	stream_close(stream);
	close(fd);

	return err;
}

static void a_table_survives_a_save(void **state)
{
	struct net_seen seen = { 0 };
	struct net_seen loaded = { .mac_count = 3, .address_count = 5 };

	assert_int_equal(load(save(&seen), &loaded), 0);
	assert_int_equal(loaded.mac_count + loaded.address_count, 0);
	learn(&seen, build_neighbour(FRAME_SOLICITATION, mac_of_guest, "fe80::7", "fe80::1"));
	for (unsigned int i = 0; i < 100; i++)
		learn(&seen, from_number(i, i % 3 == 0));
	assert_int_equal(load(save(&seen), &loaded), 0);
	assert_int_equal(loaded.address_count, seen.address_count);
	assert_int_equal(loaded.mac_count, 1);
	assert_memory_equal(loaded.macs[0], mac_of_guest, MAC_SIZE);
	for (uint32_t i = 0; i < seen.address_count; i++) {
		assert_true(ip_address_equals(&loaded.addresses[i].ip, &seen.addresses[i].ip));
		assert_int_equal(loaded.addresses[i].announced, seen.addresses[i].announced);
	}
}

static void must_refuse(struct net_seen forged)
{
	struct net_seen loaded = { 0 };

	assert_int_equal(load(save(&forged), &loaded), -EBADMSG);
	assert_int_equal(loaded.mac_count + loaded.address_count, 0);
}

static void a_forged_table_is_refused(void **state)
{
	struct net_seen good = { 0 };
	struct net_seen forged;

	learn(&good, build_arp(1, mac_of_guest, "192.0.2.7", "192.0.2.1"));
	learn(&good, build_arp(1, mac_of_other, "192.0.2.8", "192.0.2.1"));
	forged = good;
	forged.macs[0][0] |= 1;
	must_refuse(forged);
	forged = good;
	memcpy(forged.macs[1], forged.macs[0], MAC_SIZE);
	must_refuse(forged);
	forged = good;
	forged.addresses[0] = forged.addresses[1];
	must_refuse(forged);
	forged = good;
	forged.addresses[0].ip.bytes[0] = 224;
	must_refuse(forged);
	forged = good;
	forged.addresses[0].ip.version = 5;
	must_refuse(forged);
}

/* As a writer would not, whose loops end with its tables. */
static void counts_that_are_too_large_are_refused(void **state)
{
	const uint32_t counts[][2] = { { NET_SEEN_MACS_MAX + 1, 0 },
				       { 0, NET_SEEN_ADDRESSES_MAX + 1 },
				       { UINT32_MAX, UINT32_MAX } };

	for (size_t i = 0; i < 3; i++) {
		const int fd = memfd_create("seen", MFD_CLOEXEC);
		struct net_seen loaded = { 0 };
		struct stream *stream;
		uint32_t macs = counts[i][0];
		uint32_t addresses = counts[i][1];

		assert_int_equal(stream_write_to(&stream, fd), 0);
		stream_serialize_u32(stream, &macs);
		stream_serialize_u32(stream, &addresses);
		assert_int_equal(stream_end(stream), 0);
		stream_close(stream);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(load(fd, &loaded), -EBADMSG);
		assert_int_equal(loaded.mac_count + loaded.address_count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_from_all_that_a_guest_sends),
		cmocka_unit_test(a_probe_for_duplicates_announces_its_target),
		cmocka_unit_test(addresses_that_no_interface_has_are_not_learned),
		cmocka_unit_test(addresses_behind_a_vlan_tag_are_learned),
		cmocka_unit_test(groups_and_short_frames_teach_nothing),
		cmocka_unit_test(a_full_table_forgets_what_was_not_used_for_longest),
		cmocka_unit_test(sources_without_end_do_not_replace_announced_addresses),
		cmocka_unit_test(a_table_of_announced_addresses_takes_only_such),
		cmocka_unit_test(an_address_stays_announced_when_it_is_only_a_source),
		cmocka_unit_test(the_macs_that_were_used_last_are_kept),
		cmocka_unit_test(a_table_survives_a_save),
		cmocka_unit_test(a_forged_table_is_refused),
		cmocka_unit_test(counts_that_are_too_large_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
