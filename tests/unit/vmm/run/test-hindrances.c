/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known to prevent a hibernation: of the machine, and of what its disks hold. */
#include "run/hindrances.h"

#include <psci/abi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "support/scratch.h"

#define PAGE 4096
#define MIB (1ULL << 20)

static struct config machine(void)
{
	return (struct config){
		.machine_version = BOARD_VERSION_4,
		.acpi = true,
		.memory = 512 * MIB,
		.psci_version = PSCI_VERSION_1_3,
		.disk_count = 1,
	};
}

static struct run_place swap_space(uint64_t size)
{
	return (struct run_place){
		.place = { .kind = SWAP_SPACE,
			   .header = { .page_size = PAGE, .pages = (uint32_t)(size / PAGE) } },
	};
}

/* Of a machine, and up to two places: expects none if @reason is NULL. */
static void expect(const struct config *config, struct run_place *list, size_t count, bool prevents,
		   const char *reason)
{
	const struct run_places places = { list, count };
	struct run_hindrances found;

	run_find_hindrances(config, config->psci_version, &places, &found);
	assert_int_equal(found.count, reason ? 1 : 0);
	assert_int_equal(run_is_prevented(&found), prevents);
	if (reason)
		assert_string_equal(found.list[0].reason, reason);
}

static void a_machine_with_buttons_and_enough_swap_has_none(void **state)
{
	const struct config config = machine();
	struct run_place place = swap_space(512 * MIB);
	struct run_place halves[] = { swap_space(256 * MIB), swap_space(256 * MIB) };

	expect(&config, &place, 1, false, NULL);
	expect(&config, halves, 2, false, NULL);
	/* It was resumed from there. */
	place.place.kind = SWAP_IMAGE;
	expect(&config, &place, 1, false, NULL);
}

static void a_psci_without_system_off2_prevents_it(void **state)
{
	struct config config = machine();
	struct run_place place = swap_space(512 * MIB);

	config.psci_version = PSCI_VERSION_1_2;
	expect(&config, &place, 1, true,
	       "it cannot report that it hibernated: its PSCI is 1.2, and SYSTEM_OFF2 came with 1.3");
}

static void a_machine_without_buttons_needs_an_agent(void **state)
{
	static const char reason[] =
		"it can be asked to only by an agent: its machine has no buttons, which come with "
		"--acpi or a firmware (machine version 4)";
	struct config config = machine();
	struct run_place place = swap_space(512 * MIB);

	config.acpi = false;
	expect(&config, &place, 1, false, reason);
	config.acpi = true;
	config.machine_version = BOARD_VERSION_3;
	expect(&config, &place, 1, false, reason);
}

static void a_machine_without_a_disk_cannot(void **state)
{
	struct config config = machine();

	config.disk_count = 0;
	expect(&config, NULL, 0, true, "it has no disk, on which its memory would be kept");
}

static void swap_space_that_is_not_seen_makes_it_doubtful(void **state)
{
	const struct config config = machine();
	struct run_place place = { .place.kind = SWAP_LVM };

	expect(&config, NULL, 0, false,
	       "none of its disks has swap space, unless in a file, which is looked for only by "
	       "resume_offset=");
	/* There may be some in it. */
	expect(&config, &place, 1, false, NULL);
}

static void swap_space_that_is_smaller_than_the_memory_makes_it_doubtful(void **state)
{
	const struct config config = machine();
	struct run_place places[] = { swap_space(511 * MIB), { .place.kind = SWAP_ENCRYPTED } };

	expect(&config, places, 1, false,
	       "its swap space, 511 MiB, is smaller than its memory, 512 MiB: it can keep a part of "
	       "that only");
	expect(&config, places, 2, false, NULL);
	/* Its size is not known. */
	places[0].place.header.pages = 0;
	expect(&config, places, 1, false, NULL);
}

/* The disk is read as it is, whatever uses it. */
static void a_vm_that_runs_is_judged_by_its_record(void **state)
{
	struct record record = { .config = machine() };
	static uint8_t page[MIB];
	struct run_hindrances found;
	struct error error;

	page[1024] = 1;
	page[1028] = 0xff; /* 256 pages. */
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	record.config.disks[0].path = scratch_write("disk", page, sizeof(page));
	assert_int_equal(run_find_hindrances_of(&record, &found, &error), 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(
		found.list[0].reason,
		"its swap space, 1 MiB, is smaller than its memory, 512 MiB: it can keep "
		"a part of that only");
	record.config.disks[0].path = scratch_path("absent");
	assert_int_equal(run_find_hindrances_of(&record, &found, &error), 0);
	assert_false(run_is_prevented(&found));
}

static void an_agent_is_a_way_to_ask_and_knows_what_prevents_it(void **state)
{
	struct run_hindrances hindrances = {
		.list = { { .prevents = false, .unless_agent = true, .reason = "no way to ask" },
			  { .prevents = false, .reason = "little swap space" } },
		.count = 2,
	};

	run_hear_agent(&hindrances, NULL);
	assert_int_equal(hindrances.count, 1);
	assert_string_equal(hindrances.list[0].reason, "little swap space");
	assert_false(run_is_prevented(&hindrances));
	run_hear_agent(&hindrances, "its guest has no swap space in use");
	assert_int_equal(hindrances.count, 2);
	assert_string_equal(hindrances.list[1].reason, "its guest has no swap space in use");
	assert_true(run_is_prevented(&hindrances));
}

static void a_linux_that_does_not_report_it_makes_it_doubtful(void **state)
{
	static const struct image_release older = { 6, 12 }, oldest = { 5, 19 };
	static const struct image_release newer = { 6, 13 }, newest = { 7, 0 };
	struct run_hindrances hindrances = { 0 };

	run_hear_kernel(&hindrances, &oldest);
	run_hear_kernel(&hindrances, &older);
	assert_int_equal(hindrances.count, 1);
	assert_string_equal(hindrances.list[0].reason,
			    "its kernel is Linux 6.12, which does not report that it hibernated: "
			    "6.13 and newer do, and others from 5.19 on with the module "
			    "psci_hibernate");
	assert_false(run_is_prevented(&hindrances));
	run_hear_kernel(&hindrances, &newer);
	assert_int_equal(hindrances.count, 0);
	run_hear_kernel(&hindrances, &newest);
	assert_int_equal(hindrances.count, 0);
}

static void the_kernel_of_a_vm_that_runs_is_looked_at(void **state)
{
	static const char kernel[64] = "MZ Linux version 6.1.0-44-cloud-arm64 (debian)";
	struct record record = { .config = machine() };
	struct run_hindrances found;
	struct error error;

	record.config.disks[0].path = scratch_path("absent");
	record.config.kernel = scratch_write("kernel", kernel, sizeof(kernel));
	assert_int_equal(run_find_hindrances_of(&record, &found, &error), 0);
	assert_int_equal(found.count, 2);
	assert_non_null(strstr(found.list[1].reason, "Linux 6.1,"));
	record.config.kernel = scratch_path("absent");
	assert_int_equal(run_find_hindrances_of(&record, &found, &error), 0);
	assert_int_equal(found.count, 1);
}

static void hindrances_are_listed_as_json(void **state)
{
	struct config config = machine();
	const struct run_places places = { NULL, 0 };
	struct run_hindrances found;
	json_t *json;

	config.psci_version = PSCI_VERSION_1_1;
	config.acpi = false;
	config.disk_count = 0;
	run_find_hindrances(&config, config.psci_version, &places, &found);
	run_hear_agent(&found, "its agent has guest-suspend-disk disabled");
	assert_int_equal(found.count, 3);
	run_find_hindrances(&config, config.psci_version, &places, &found);
	assert_int_equal(found.count, 3);
	json = run_hindrances_to_json(&found);
	assert_int_equal(json_array_size(json), 3);
	assert_true(json_is_true(json_object_get(json_array_get(json, 0), "prevents")));
	assert_true(json_is_false(json_object_get(json_array_get(json, 1), "prevents")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(json, 2), "reason")),
			    "it has no disk, on which its memory would be kept");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_with_buttons_and_enough_swap_has_none),
		cmocka_unit_test(a_psci_without_system_off2_prevents_it),
		cmocka_unit_test(a_machine_without_buttons_needs_an_agent),
		cmocka_unit_test(a_machine_without_a_disk_cannot),
		cmocka_unit_test(swap_space_that_is_not_seen_makes_it_doubtful),
		cmocka_unit_test(swap_space_that_is_smaller_than_the_memory_makes_it_doubtful),
		cmocka_unit_test(a_vm_that_runs_is_judged_by_its_record),
		cmocka_unit_test(a_linux_that_does_not_report_it_makes_it_doubtful),
		cmocka_unit_test(the_kernel_of_a_vm_that_runs_is_looked_at),
		cmocka_unit_test(an_agent_is_a_way_to_ask_and_knows_what_prevents_it),
		cmocka_unit_test(hindrances_are_listed_as_json),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
