/* SPDX-License-Identifier: BSD-3-Clause */
/* The address that a guest requests by DHCP. */
#include "net/dhcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"
#include "net/seen.h"

#define UDP (FRAME_HEADER_SIZE + 20)
#define MESSAGE (UDP + 8)
#define OPTIONS (MESSAGE + 240)

/* A client's message with these options, behind a pad. */
static struct built build_dhcp(const uint8_t *options, size_t size)
{
	static const uint8_t ports[] = { 0, 68, 0, 67 };
	static const uint8_t magic[] = { 0x63, 0x82, 0x53, 0x63, 0 };
	struct built frame = build_ip(mac_broadcast, mac_of_guest, "0.0.0.0", "255.255.255.255");

	memset(frame.bytes + UDP, 0, FRAME_ROOM - UDP);
	memcpy(frame.bytes + UDP, ports, sizeof(ports));
	frame.bytes[MESSAGE] = 1;
	memcpy(frame.bytes + MESSAGE + 236, magic, sizeof(magic));
	memcpy(frame.bytes + OPTIONS + 1, options, size);
	frame.size = OPTIONS + 1 + size;

	return frame;
}

/* What it requests, as text; "" if nothing. */
static const char *requested(struct built built)
{
	static char text[IP_ADDRESS_TEXT_SIZE];
	struct ip_address address = { 0 };
	struct frame frame;
	/* In memory of its own size, in which a sanitizer sees a read too far. */
	uint8_t *bytes = malloc(built.size ? built.size : 1);

	assert_non_null(bytes);
	memcpy(bytes, built.bytes, built.size);
	text[0] = '\0';
	if (frame_parse(&frame, bytes, built.size) && dhcp_requests(&frame, &address))
		ip_address_format(&address, text);
	free(bytes);

	return text;
}

static const uint8_t accepts[] = { 53, 1, 3, 12, 2, 'v', 'm', 50, 4, 192, 0, 2, 7, 255 };

static void a_request_names_its_address(void **state)
{
	struct built built = build_dhcp(accepts, sizeof(accepts));

	assert_string_equal(requested(built), "192.0.2.7");
	put_tag(&built, 0x8100, 5);
	assert_string_equal(requested(built), "192.0.2.7");
}

static void other_messages_name_none(void **state)
{
	static const uint8_t discover[] = { 53, 1, 1, 50, 4, 192, 0, 2, 7, 255 };
	static const uint8_t without[] = { 53, 1, 3, 255 };
	static const uint8_t untyped[] = { 50, 4, 192, 0, 2, 7, 255 };
	static const uint8_t behind_end[] = { 53, 1, 3, 255, 50, 4, 192, 0, 2, 7 };
	static const uint8_t short_one[] = { 53, 1, 3, 50, 3, 192, 0, 2, 255 };

	assert_string_equal(requested(build_dhcp(discover, sizeof(discover))), "");
	assert_string_equal(requested(build_dhcp(without, sizeof(without))), "");
	assert_string_equal(requested(build_dhcp(untyped, sizeof(untyped))), "");
	assert_string_equal(requested(build_dhcp(behind_end, sizeof(behind_end))), "");
	assert_string_equal(requested(build_dhcp(short_one, sizeof(short_one))), "");
}

/* A byte that makes it something else: a fragment, TCP, a server's, another magic. */
static void messages_that_differ_in_a_byte_name_none(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} cases[] = {
		{ FRAME_HEADER_SIZE, 0x44 },
		{ FRAME_HEADER_SIZE + 6, 0x20 },
		{ FRAME_HEADER_SIZE + 7, 1 },
		{ FRAME_HEADER_SIZE + 9, 6 },
		{ UDP + 1, 67 },
		{ UDP + 3, 68 },
		{ MESSAGE, 2 },
		{ MESSAGE + 236, 0 },
		{ FRAME_HEADER_SIZE - 2, 0x86 },
		{ FRAME_HEADER_SIZE, 0x4f },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct built built = build_dhcp(accepts, sizeof(accepts));

		built.bytes[cases[i].offset] = cases[i].value;
		assert_string_equal(requested(built), "");
	}
}

static void a_request_may_end_anywhere(void **state)
{
	struct built built = build_dhcp(accepts, sizeof(accepts));

	/* The last byte ends the options, which need no end. */
	built.size--;
	assert_string_equal(requested(built), "192.0.2.7");
	while (built.size-- > 0)
		assert_string_equal(requested(built), "");
}

static void the_requested_address_is_one_that_the_guest_uses(void **state)
{
	const struct built built = build_dhcp(accepts, sizeof(accepts));
	const struct ip_address ip = ip_of("192.0.2.7");
	struct net_seen seen = { 0 };

	net_seen_learn(&seen, built.bytes, built.size);
	assert_true(net_seen_has_address(&seen, &ip));
	assert_int_equal(seen.address_count, 1);
	assert_true(seen.addresses[0].announced);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_names_its_address),
		cmocka_unit_test(other_messages_name_none),
		cmocka_unit_test(messages_that_differ_in_a_byte_name_none),
		cmocka_unit_test(a_request_may_end_anywhere),
		cmocka_unit_test(the_requested_address_is_one_that_the_guest_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
