/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32C: its known values, and that it is the same in pieces and by either way. */
#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void known_checksums_are_computed(void **state)
{
	uint8_t bytes[32];

	/* RFC 3720, B.4. */
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void the_checksum_of_pieces_is_that_of_the_whole(void **state)
{
	uint8_t bytes[300];
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(random >> 24);
	}
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		const uint32_t whole = crc32c(0, bytes, size);

		assert_int_equal(crc32c_by_table(0, bytes, size), whole);
		assert_int_equal(
			crc32c(crc32c(0, bytes, size / 3), bytes + size / 3, size - size / 3),
			whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_checksums_are_computed),
		cmocka_unit_test(the_checksum_of_pieces_is_that_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
