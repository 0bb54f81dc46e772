/* SPDX-License-Identifier: BSD-3-Clause */
/* A record says that what its VM's disks have is the image of another VM's guest. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

static void a_record_says_that_an_image_is_to_be_discarded(void **state)
{
	struct record record = record_example();
	struct record loaded;

	record.discard_image = true;
	record_must_save(record_dir_fd, &record);
	loaded = record_must_load(record_dir_fd);
	assert_true(loaded.discard_image);
	record_assert_equal(&loaded, &record);
	record_free(&loaded);
	record_damage(record_dir_fd, "discard-image", "1");
	record_refused(record_dir_fd, -EINVAL, "a value is missing or outside its range");
	record_free(&record);
}

/* An earlier release would start it with the image. */
static void a_record_with_an_image_to_be_discarded_has_a_format_of_its_own(void **state)
{
	struct record record = record_example();

	for (int discard = 0; discard <= 1; discard++) {
		json_t *json;

		record.discard_image = discard;
		json = record_to_json(&record, RECORD_VM);
		assert_int_equal(json_integer_value(json_object_get(json, "format")),
				 discard ? 4 : 2);
		assert_int_equal(json_is_true(json_object_get(json, "discard-image")), discard);
		json_decref(json);
	}
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(a_record_says_that_an_image_is_to_be_discarded),
		RECORD_TEST(a_record_with_an_image_to_be_discarded_has_a_format_of_its_own),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
