/* SPDX-License-Identifier: BSD-3-Clause */
/* The hibernation images on a VM's disks: remembered or discarded, and what became of them. */
#include "run/images.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/image-fate.h"
#include "support/board.h"
#include "support/scratch.h"

#define SIZE (1U << 20)

/* The first page of a disk of swap space, with an image, whose signature is @wants unless 0. */
static char *make_disk(const char *name, const char *signature, uint32_t wants)
{
	static uint8_t bytes[SIZE];
	uint8_t *end = bytes + 4096;

	memset(bytes, 0, sizeof(bytes));
	memcpy(end - 20, "SWAPSPACE2", 10);
	memcpy(end - 10, signature, strnlen(signature, 10));
	end[-24] = wants ? 8 : 0;
	for (unsigned int i = 0; i < 4; i++)
		end[-40 + (int)i] = (uint8_t)(wants >> (8 * i));

	return scratch_write(name, bytes, sizeof(bytes));
}

static void write_at(const char *path, size_t offset, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), (off_t)offset), strlen(text));
	close(fd);
}

static void signature_is(const char *path, const char *signature)
{
	char found[11] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, found, 10, 4096 - 10), 10);
	assert_string_equal(found, signature);
	close(fd);
}

static char kernel[] = "Image";

static int discard(struct board *board, struct error *error)
{
	return run_discard_images("web", &board->config, &board->devices, false, error);
}

/* --- remembering --- */

static void each_image_is_remembered_and_nothing_else(void **state)
{
	struct config config = { .cpus = 1, .disk_count = 4, .kernel = kernel };
	struct record record = { .image_count = 4 };
	struct error error = { "" };
	struct board board;

	config.disks[0].path = make_disk("a", "SWAPSPACE2", 0);
	config.disks[1].path = make_disk("b", "S1SUSPEND", 0x1234);
	config.disks[1].read_only = true;
	config.disks[2].path = make_disk("c", "S1SUSPEND", 0);
	/* One of a sector. */
	config.disks[3].path = NULL;
	board_create(&board, &config);
	record.config = board.config;
	assert_int_equal(run_remember_images(&board.devices, &record, &error), 0);
	assert_int_equal(record.image_count, 2);
	assert_int_equal(record.images[0].disk, 1);
	assert_true(record.images[0].swap.wants_signature);
	assert_int_equal(record.images[0].swap.hardware_signature, 0x1234);
	assert_int_equal(record.images[1].disk, 2);
	assert_false(record.images[1].swap.wants_signature);
	board_destroy(&board);
}

static void a_command_line_counts_only_if_dormouse_loads_the_kernel(void **state)
{
	static char append[] = "resume_offset=8";
	struct config config = { .cpus = 1, .disk_count = 1, .kernel = kernel, .append = append };
	struct error error = { "" };
	struct run_places places;
	struct board board;
	char *path = make_disk("file", "no", 0);

	config.disks[0].path = path;
	write_at(path, 9 * 4096 - 10, "S1SUSPEND");
	board_create(&board, &config);
	assert_int_equal(run_find_images(&board.config, &board.devices, &places, &error), 0);
	assert_int_equal(places.count, 1);
	assert_true(places.list[0].place.in_file);
	free(places.list);
	board.config.kernel = NULL;
	assert_int_equal(run_find_images(&board.config, &board.devices, &places, &error), 0);
	assert_int_equal(places.count, 0);
	free(places.list);
	board_destroy(&board);
}

/* Expect it of a machine with these disks. */
static void want_signature(const char *a, const char *b, bool want)
{
	struct config config = { .cpus = 1, .disk_count = b ? 2 : 1 };
	struct board board;

	config.disks[0].path = strdup(a);
	config.disks[1].path = b ? strdup(b) : NULL;
	board_create(&board, &config);
	assert_int_equal(run_images_want_signature(&config, &board.devices), want);
	board_destroy(&board);
	free(config.disks[0].path);
	free(config.disks[1].path);
}

/* Only what is there, and all of it, says that a firmware has handed on the FACS. */
static void images_that_all_want_a_signature_say_that_their_guests_had_one(void **state)
{
	const char *wants = make_disk("wants", "S1SUSPEND", 0x1234);
	const char *other = make_disk("other", "S1SUSPEND", 0x5678);
	const char *none = make_disk("none", "S1SUSPEND", 0);
	const char *swap = make_disk("swap", "SWAPSPACE2", 0);
	const char *luks = scratch_sparse("luks", SIZE);

	write_at(luks, 0, "LUKS\xba\xbe");
	want_signature(wants, NULL, true);
	want_signature(wants, other, true);
	want_signature(wants, swap, true);
	want_signature(wants, none, false);
	want_signature(none, NULL, false);
	want_signature(swap, NULL, false);
	want_signature(wants, luks, false);
}

static void each_place_is_an_object_of_json(void **state)
{
	static const char *const texts[] = {
		"{\"disk\": \"vda\", \"partition\": null, \"kind\": \"image\", \"swap-file\": false, "
		"\"offset\": 0, \"page-size\": 4096, \"wants\": \"0x107f79a0\"}",
		"{\"disk\": \"vdp\", \"partition\": 7, \"kind\": \"swap\", \"swap-file\": true, "
		"\"offset\": 1048576, \"page-size\": 65536}",
		"{\"disk\": \"vdb\", \"partition\": 1, \"kind\": \"encrypted\", \"swap-file\": false, "
		"\"offset\": 512}",
		"{\"disk\": \"vdb\", \"partition\": 2, \"kind\": \"lvm\", \"swap-file\": false, "
		"\"offset\": 1024}",
		"{\"disk\": \"vdb\", \"partition\": 3, \"kind\": \"raid\", \"swap-file\": false, "
		"\"offset\": 1536}",
		"{\"disk\": \"vdb\", \"partition\": 4, \"kind\": \"unreadable\", \"swap-file\": false, "
		"\"offset\": 2048}",
	};
	struct run_place list[] = {
		{ 0,
		  { .kind = SWAP_IMAGE,
		    .header = { .page_size = 4096,
				.has_image = true,
				.wants_signature = true,
				.hardware_signature = 0x107f79a0 } } },
		{ 15,
		  { .kind = SWAP_SPACE,
		    .partition = 7,
		    .in_file = true,
		    .offset = SIZE,
		    .header = { .page_size = 65536 } } },
		{ 1, { .kind = SWAP_ENCRYPTED, .partition = 1, .offset = 512 } },
		{ 1, { .kind = SWAP_LVM, .partition = 2, .offset = 1024 } },
		{ 1, { .kind = SWAP_RAID, .partition = 3, .offset = 1536 } },
		{ 1, { .kind = SWAP_UNREADABLE, .partition = 4, .offset = 2048, .err = -EIO } },
	};
	const struct run_places places = { list, sizeof(list) / sizeof(list[0]) };
	json_t *json = run_places_to_json(&places);

	assert_int_equal(json_array_size(json), places.count);
	for (size_t i = 0; i < places.count; i++) {
		char *text = json_dumps(json_array_get(json, i), 0);

		assert_string_equal(text, texts[i]);
		free(text);
	}
	json_decref(json);
}

/* --- discarding --- */

static void all_images_are_discarded(void **state)
{
	struct config config = { .cpus = 1, .disk_count = 3 };
	struct error error = { "" };
	struct board board;
	char *paths[3];

	config.disks[0].path = paths[0] = make_disk("a", "S1SUSPEND", 1);
	config.disks[1].path = paths[1] = make_disk("b", "SWAPSPACE2", 0);
	config.disks[2].path = paths[2] = make_disk("c", "S1SUSPEND", 0);
	board_create(&board, &config);
	assert_int_equal(discard(&board, &error), 0);
	for (size_t i = 0; i < 3; i++)
		signature_is(paths[i], "SWAPSPACE2");
	/* Again, when the first time was interrupted afterwards. */
	assert_int_equal(discard(&board, &error), 0);
	board_destroy(&board);
}

static void an_image_that_may_be_where_dormouse_cannot_look_is_said_so(void **state)
{
	struct config config = { .cpus = 1, .disk_count = 2 };
	struct error error = { "" };
	struct board board;
	char *paths[2];

	config.disks[0].path = paths[0] = make_disk("a", "no", 0);
	config.disks[1].path = paths[1] = make_disk("b", "no", 0);
	board_create(&board, &config);
	assert_int_equal(discard(&board, &error), -EOPNOTSUPP);
	scratch_says(&error, "cannot discard the image of web: none was found", "add noresume");
	write_at(paths[1], 0, "LUKS\xba\xbe");
	assert_int_equal(discard(&board, &error), -EOPNOTSUPP);
	scratch_says(&error, paths[1], "the whole disk: unreadable: encrypted");
	/* It does not matter if the kernel is told, */
	assert_int_equal(run_discard_images("web", &board.config, &board.devices, true, &error), 0);
	/* and matters beside swap space without an image. */
	write_at(paths[0], 4096 - 10, "SWAPSPACE2");
	assert_int_equal(discard(&board, &error), -EOPNOTSUPP);
	board_destroy(&board);
}

static void without_disks_there_is_nothing_to_discard(void **state)
{
	struct config config = { .cpus = 1 };
	struct error error = { "" };
	struct board board;

	board_create(&board, &config);
	assert_int_equal(discard(&board, &error), 0);
	board_destroy(&board);
}

static void an_image_on_a_read_only_disk_cannot_be_discarded(void **state)
{
	struct config config = { .cpus = 1, .disk_count = 1 };
	struct error error = { "" };
	struct board board;
	char *path = make_disk("a", "S1SUSPEND", 1);

	config.disks[0].path = path;
	config.disks[0].read_only = true;
	board_create(&board, &config);
	assert_int_equal(discard(&board, &error), -EROFS);
	scratch_says(&error, path, "read-only");
	signature_is(path, "S1SUSPEND");
	board_destroy(&board);
}

/* --- after a start --- */

static void the_fate_of_each_image_is_read_from_its_disk(void **state)
{
	struct config config = { .cpus = 1, .disk_count = 1, .acpi = true, .kernel = kernel };
	static char append[] = "quiet";
	struct record record = { .state = VM_RUNNING };
	struct error error = { "" };
	struct board board;
	char *path = make_disk("a", "S1SUSPEND", 0x1234);

	config.disks[0].path = path;
	config.append = append;
	board_create(&board, &config);
	record.config = board.config;
	assert_int_equal(run_remember_images(&board.devices, &record, &error), 0);
	record.signatures[0] = 0x5678;
	record.signature_count = 1;
	assert_int_equal(run_image_count(&record), 1);
	assert_string_equal(run_image_fate(&record, 0, &error), "kept");
	write_at(path, 4096 - 10, "SWAPSPACE2");
	assert_string_equal(run_image_fate(&record, 0, &error), "taken-or-discarded");
	scratch_says(&error, "wants the hardware signature 0x00001234",
		     "its machine has 0x00005678");
	record.no_resume = true;
	(void)run_image_fate(&record, 0, &error);
	scratch_says(&error, "discarded its image", "noresume");
	record.no_resume = false;
	/* Its ACPI is not what it was given. */
	record.config.acpi = false;
	(void)run_image_fate(&record, 0, &error);
	scratch_says(&error, "wants the hardware signature 0x00001234", "its machine has none");
	assert_int_equal(unlink(path), 0);
	assert_string_equal(run_image_fate(&record, 0, &error), "unreadable");
	record.images[0].disk = 1;
	assert_string_equal(run_image_fate(&record, 0, &error), "unreadable");
	record.state = VM_HIBERNATED;
	assert_int_equal(run_image_count(&record), 0);
	board_destroy(&board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_image_is_remembered_and_nothing_else),
		cmocka_unit_test(a_command_line_counts_only_if_dormouse_loads_the_kernel),
		cmocka_unit_test(images_that_all_want_a_signature_say_that_their_guests_had_one),
		cmocka_unit_test(each_place_is_an_object_of_json),
		cmocka_unit_test(all_images_are_discarded),
		cmocka_unit_test(an_image_that_may_be_where_dormouse_cannot_look_is_said_so),
		cmocka_unit_test(without_disks_there_is_nothing_to_discard),
		cmocka_unit_test(an_image_on_a_read_only_disk_cannot_be_discarded),
		cmocka_unit_test(the_fate_of_each_image_is_read_from_its_disk),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
