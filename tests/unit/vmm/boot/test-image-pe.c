/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a PE file says that it is, as far as it says so. */
#include "boot/image-pe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 0x210
#define PE 0x40
#define OPTIONAL 0xa0
#define SECTIONS (PE + 24 + OPTIONAL)

/* As Linux lays out an Image's: two sections, one behind the other. */
static void make(uint8_t *bytes)
{
	static const uint8_t sections[2][8] = {
		{ 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00 }, /* 0x20000 at 0x10000 */
		{ 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00 }, /* 0x1000 at 0x30000 */
	};

	memset(bytes, 0, SIZE);
	bytes[0x3c] = PE;
	memcpy(bytes + PE, "PE\0\0", 4);
	bytes[PE + 6] = 2;
	bytes[PE + 20] = OPTIONAL;
	memcpy(bytes + SECTIONS + 16, sections[0], 8);
	memcpy(bytes + SECTIONS + 40 + 16, sections[1], 8);
}

static void the_end_of_a_pe_file_is_the_end_of_its_last_section(void **state)
{
	uint8_t bytes[SIZE];

	make(bytes);
	assert_int_equal(image_pe_end(bytes, SIZE), 0x31000);
	bytes[PE + 6] = 1;
	assert_int_equal(image_pe_end(bytes, SIZE), 0x30000);
}

static void a_file_that_is_no_pe_file_has_no_pe_end(void **state)
{
	uint8_t bytes[SIZE];

	make(bytes);
	bytes[PE] = 'N';
	assert_int_equal(image_pe_end(bytes, SIZE), 0);
	make(bytes);
	bytes[0x3f] = 0x80;
	assert_int_equal(image_pe_end(bytes, SIZE), 0);
	make(bytes);
	bytes[PE + 6] = 0;
	assert_int_equal(image_pe_end(bytes, SIZE), 0);
}

/* On the heap, so that a read behind the end is detected. */
static void reading_a_pe_header_stays_within_the_file(void **state)
{
	uint8_t whole[SIZE];

	make(whole);
	whole[PE + 6] = 0xff;
	whole[PE + 7] = 0xff;
	for (size_t size = 0; size < SIZE; size++) {
		uint8_t *bytes = malloc(size + 1);
		uint64_t end;

		assert_non_null(bytes);
		memcpy(bytes + 1, whole, size);
		end = image_pe_end(bytes + 1, size);
		free(bytes);
		if (size < SECTIONS + 40)
			assert_int_equal(end, 0);
		else
			assert_int_equal(end, size < SECTIONS + 80 ? 0x30000 : 0x31000);
	}
	whole[PE + 20] = 0xff;
	whole[PE + 21] = 0xff;
	assert_int_equal(image_pe_end(whole, SIZE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_pe_file_is_the_end_of_its_last_section),
		cmocka_unit_test(a_file_that_is_no_pe_file_has_no_pe_end),
		cmocka_unit_test(reading_a_pe_header_stays_within_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
