/* SPDX-License-Identifier: BSD-3-Clause */
/* The hibernation images that a VM was started with, in its record. */
#include "record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "record-fixture.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct record_image images[RECORD_IMAGES_MAX] = {
	{ 0, { 0, 4096, 1, false, 0 } },
	{ 15, { 0x123456789abcd000, 65536, UINT64_MAX, true, 0 } },
	{ 1, { 1048576, 16384, 0x8000000000000000, true, UINT32_MAX } },
	{ 2, { 512, 4096, 0, true, 0x107f79a0 } },
};

static void save_with_images(void)
{
	struct record record = record_example();

	memcpy(record.images, images, sizeof(images));
	record.image_count = RECORD_IMAGES_MAX;
	record.no_resume = true;
	/* Without an environment, which has tests of its own. */
	record.signature_count = 0;
	record_must_save(record_dir_fd, &record);
	record_free(&record);
}

static void is_damaged(void)
{
	record_refused(record_dir_fd, -EINVAL,
		       "is damaged: a value is missing or outside its range");
}

static void images_are_read_as_they_were_written(void **state)
{
	struct record loaded;

	save_with_images();
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.image_count, RECORD_IMAGES_MAX);
	assert_true(loaded.no_resume);
	for (size_t i = 0; i < RECORD_IMAGES_MAX; i++) {
		assert_int_equal(loaded.images[i].disk, images[i].disk);
		assert_int_equal(loaded.images[i].swap.offset, images[i].swap.offset);
		assert_int_equal(loaded.images[i].swap.page_size, images[i].swap.page_size);
		assert_int_equal(loaded.images[i].swap.id, images[i].swap.id);
		assert_int_equal(loaded.images[i].swap.wants_signature,
				 images[i].swap.wants_signature);
		assert_int_equal(loaded.images[i].swap.hardware_signature,
				 images[i].swap.hardware_signature);
	}
	record_free(&loaded);
}

static void a_record_without_images_has_none(void **state)
{
	struct record loaded;

	save_with_images();
	record_damage(record_dir_fd, "images", NULL);
	record_damage(record_dir_fd, "no-resume", NULL);
	loaded = record_must_load(record_dir_fd);
	assert_int_equal(loaded.image_count, 0);
	assert_false(loaded.no_resume);
	record_free(&loaded);
}

static void a_value_that_no_image_can_have_is_damage(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} cases[] = {
		{ "images", "{}" },
		{ "images", "1" },
		{ "images", "[1]" },
		{ "images", "[{}]" },
		{ "images", "[{}, {}, {}, {}, {}]" },
		{ "images.0.disk", NULL },
		{ "images.0.disk", "-1" },
		{ "images.0.disk", "16" },
		{ "images.0.disk", "\"0\"" },
		{ "images.0.offset", NULL },
		{ "images.0.offset", "0" },
		{ "images.0.offset", "\"\"" },
		{ "images.0.offset", "\"4096\"" },
		{ "images.0.offset", "\"0x01\"" },
		{ "images.0.offset", "\"-0x1\"" },
		{ "images.0.offset", "\"0x1ffffffffffffffff\"" },
		{ "images.0.page-size", NULL },
		{ "images.0.page-size", "-1" },
		{ "images.0.page-size", "4294967296" },
		{ "images.0.id", NULL },
		{ "images.0.id", "\"0x\"" },
		{ "images.0.wants", "\"0x100000000\"" },
		{ "images.0.wants", "\"none\"" },
		{ "images.0.wants", "1" },
		{ "no-resume", "1" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		save_with_images();
		record_damage(record_dir_fd, cases[i].path, cases[i].value);
		is_damaged();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(images_are_read_as_they_were_written),
		RECORD_TEST(a_record_without_images_has_none),
		RECORD_TEST(a_value_that_no_image_can_have_is_damage),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
