/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of --forward. */
#include "config/forward.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void ports_and_an_address_are_parsed_and_formatted(void **state)
{
	static const struct {
		const char *text;
		struct config_forward forward;
		const char *again; /* NULL: as it was given. */
	} cases[] = {
		{ "8080:80", { false, "", 8080, 80 }, NULL },
		{ "1:65535", { false, "", 1, 65535 }, NULL },
		{ "tcp:8080:80", { false, "", 8080, 80 }, "8080:80" },
		{ "udp:5353:53", { true, "", 5353, 53 }, NULL },
		{ "127.0.0.1:8080:80", { false, "127.0.0.1", 8080, 80 }, NULL },
		{ "[::1]:8080:80", { false, "::1", 8080, 80 }, NULL },
		{ "udp:[2001:DB8::0:1]:8080:80",
		  { true, "2001:db8::1", 8080, 80 },
		  "udp:[2001:db8::1]:8080:80" },
		{ "0080:080", { false, "", 80, 80 }, "80:80" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config_forward forward;
		struct error error;
		char text[CONFIG_FORWARD_TEXT_SIZE];

		if (config_parse_forward(cases[i].text, &forward, &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(forward.udp, cases[i].forward.udp);
		assert_string_equal(forward.address, cases[i].forward.address);
		assert_int_equal(forward.host, cases[i].forward.host);
		assert_int_equal(forward.guest, cases[i].forward.guest);
		config_format_forward(&forward, text);
		assert_string_equal(text, cases[i].again ? cases[i].again : cases[i].text);
	}
}

static void words_that_are_no_forward_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"80",
		"80:",
		":80",
		"0:80",
		"80:0",
		"65536:80",
		"80:65536",
		"80:00080:1",
		"-1:80",
		"+1:80",
		" 80:80",
		"80:80 ",
		"80-90:80",
		"80:80,81:81",
		"sctp:80:80",
		"udp:",
		"::80:80",
		"::1:80:80",
		"[127.0.0.1]:80:80",
		"[::1:80:80",
		"[]:80:80",
		"localhost:80:80",
		"192.0.2:80:80",
		"[fe80::1%eth0]:80:80",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80:80",
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct config_forward forward = { .host = 7 };
		struct error error;

		if (config_parse_forward(bad[i], &forward, &error) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(forward.host, 7);
	}
}

static bool collide(const char *a, const char *b)
{
	struct config_forward first;
	struct config_forward second;
	struct error error;

	assert_int_equal(config_parse_forward(a, &first, &error), 0);
	assert_int_equal(config_parse_forward(b, &second, &error), 0);
	assert_int_equal(config_forwards_collide(&second, &first),
			 config_forwards_collide(&first, &second));

	return config_forwards_collide(&first, &second);
}

static void a_port_of_the_host_is_forwarded_once(void **state)
{
	assert_true(collide("80:80", "80:81"));
	assert_true(collide("80:80", "127.0.0.1:80:80"));
	assert_true(collide("[::1]:80:80", "[0::1]:80:80"));
	assert_false(collide("80:80", "81:80"));
	assert_false(collide("80:80", "udp:80:80"));
	assert_false(collide("127.0.0.1:80:80", "127.0.0.2:80:80"));
}

/* passt has one for each port of the host, whatever the address. */
static void a_port_of_the_host_is_forwarded_to_one_of_the_guest(void **state)
{
	assert_true(collide("127.0.0.1:80:80", "127.0.0.2:80:81"));
	assert_true(collide("127.0.0.1:80:80", "[::1]:80:81"));
	assert_false(collide("127.0.0.1:80:80", "[::1]:80:80"));
	assert_false(collide("127.0.0.1:80:80", "udp:127.0.0.2:80:81"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_and_an_address_are_parsed_and_formatted),
		cmocka_unit_test(words_that_are_no_forward_are_refused),
		cmocka_unit_test(a_port_of_the_host_is_forwarded_once),
		cmocka_unit_test(a_port_of_the_host_is_forwarded_to_one_of_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
