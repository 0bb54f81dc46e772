/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of --net, and MACs. */
#include "config/net.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void the_other_end_and_a_mac_are_parsed(void **state)
{
	static const struct {
		const char *text;
		enum net_kind kind;
		const char *target;
		const char *mac;
	} cases[] = {
		{ "tap:tap0", NET_KIND_TAP, "tap0", "00:00:00:00:00:00" },
		{ "unix:a socket", NET_KIND_UNIX, "a socket", "00:00:00:00:00:00" },
		{ "unix:/run/x:y", NET_KIND_UNIX, "/run/x:y", "00:00:00:00:00:00" },
		{ "tap:tap0,mac=52:54:00:AB:cd:0f", NET_KIND_TAP, "tap0", "52:54:00:ab:cd:0f" },
		/* A comma is part of a path. */
		{ "unix:/a,b,mac=02:00:00:00:00:01", NET_KIND_UNIX, "/a,b", "02:00:00:00:00:01" },
		{ "unix:/a,mac", NET_KIND_UNIX, "/a,mac", "00:00:00:00:00:00" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct net_config net;
		struct error error;
		char mac[CONFIG_MAC_TEXT_SIZE];

		if (config_parse_net(cases[i].text, &net, &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(net.kind, cases[i].kind);
		assert_string_equal(net.target, cases[i].target);
		config_format_mac(net.mac, mac);
		assert_string_equal(mac, cases[i].mac);
		assert_int_equal(config_has_mac(&net), strcmp(mac, "00:00:00:00:00:00") != 0);
		free(net.target);
	}
}

static void words_that_are_no_network_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"tap",
		"tap:",
		"tap0",
		":tap0",
		"Tap:tap0",
		"bridge:br0",
		"unix:",
		"unix:,mac=02:00:00:00:00:01",
		"tap:tap0,mac=",
		"tap:tap0,mac=02:00:00:00:00",
		"tap:tap0,mac=02:00:00:00:00:0",
		"tap:tap0,mac=02:00:00:00:00:001",
		"tap:tap0,mac=02-00-00-00-00-01",
		"tap:tap0,mac=02:00:00:00:00:0g",
		"tap:tap0,mac= 2:00:00:00:00:01",
		"tap:tap0,mac=00:00:00:00:00:00",
		/* Of a group, and of all. */
		"tap:tap0,mac=03:00:00:00:00:01",
		"tap:tap0,mac=ff:ff:ff:ff:ff:ff",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct net_config net;
		struct error error;

		if (config_parse_net(bad[i], &net, &error) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_null(net.target);
	}
}

static void a_mac_that_is_made_is_of_one_station_and_administered_locally(void **state)
{
	uint8_t former[MAC_SIZE] = { 0 };

	for (int i = 0; i < 1000; i++) {
		uint8_t mac[MAC_SIZE];
		char text[CONFIG_MAC_TEXT_SIZE];
		uint8_t again[MAC_SIZE];

		assert_int_equal(config_make_mac(mac), 0);
		assert_int_equal(mac[0] & 3, 2);
		assert_memory_not_equal(mac, former, sizeof(mac));
		config_format_mac(mac, text);
		assert_int_equal(config_parse_mac(text, again), 0);
		assert_memory_equal(mac, again, sizeof(mac));
		memcpy(former, mac, sizeof(mac));
	}
}

/* A stream of frames has nothing that could make checksums or segments. */
static void only_a_tap_has_offloads(void **state)
{
	const uint64_t offloads = 1ULL << VIRTIO_NET_F_CSUM | 1ULL << VIRTIO_NET_F_GUEST_CSUM |
				  1ULL << VIRTIO_NET_F_HOST_TSO4 | 1ULL << VIRTIO_NET_F_GUEST_TSO4 |
				  1ULL << VIRTIO_NET_F_HOST_TSO6 | 1ULL << VIRTIO_NET_F_GUEST_TSO6;

	assert_int_equal(config_net_features(NET_KIND_TAP) & offloads, offloads);
	for (enum net_kind kind = NET_KIND_TAP + 1; kind < NET_KINDS; kind++)
		assert_int_equal(config_net_features(kind) & offloads, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_end_and_a_mac_are_parsed),
		cmocka_unit_test(words_that_are_no_network_are_refused),
		cmocka_unit_test(a_mac_that_is_made_is_of_one_station_and_administered_locally),
		cmocka_unit_test(only_a_tap_has_offloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
