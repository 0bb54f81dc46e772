/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine keeps its version for as long as a guest may rely on it. */
#include "run/config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "save/file.h"
#include "support/scratch.h"
#include "vmm/record/record-fixture.h"

/* As written by a dormouse that knew no versions. */
#define RECORD_1 "tests/unit/vmm/boot/machine/record-1.json"

/* Read that record, of a guest that hibernated. */
static struct record load_record_1(void)
{
	char text[4096];
	const int fd = open(RECORD_1, O_RDONLY | O_CLOEXEC);
	const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct error error = { "" };
	struct record record;

	close(fd);
	assert_in_range(size, 500, sizeof(text) - 1);
	if (record_parse(text, (size_t)size, RECORD_VM, &record, &error) != 0)
		fail_msg("%s", error.text);

	return record;
}

/* A run's options. */
struct said {
	bool anew; /* It describes the machine, as it was. */
	uint32_t version; /* And this, if not 0. */
	bool force;
	struct save_file *from;
};

/* Returns the machine version, or -errno with the @error of what was found. */
static int64_t settle(const struct prior_run *found, struct said said, struct error *error)
{
	struct run_options options = { .name = RECORD_VM, .force = said.force, .from = said.from };
	struct record described = load_record_1();
	struct config config = { 0 };
	int64_t ret;

	if (said.anew) {
		options.config = described.config;
		options.config.machine_version = said.version;
		options.config.psci = PSCI_SERVER_ANY;
		options.config.psci_version = 0;
	}
	ret = run_config_resolve(&options, found, &config, error);
	if (ret == 0)
		ret = config.machine_version;
	config_free(&config);
	record_free(&described);

	return ret;
}

/* The machine of the kept record, in a state. */
static void make_found(struct prior_run *found, enum vm_state state, uint32_t version)
{
	*found = (struct prior_run){ .name = RECORD_VM, .recorded = true };
	found->last = load_record_1();
	assert_int_equal(found->last.config.machine_version, BOARD_VERSION_1);
	found->last.config.machine_version = version;
	found->last.state = state;
}

static void a_new_machine_has_the_newest_version_unless_told_otherwise(void **state)
{
	const struct prior_run found = { .name = RECORD_VM };
	struct error error = { "" };

	assert_int_equal(settle(&found, (struct said){ .anew = true }, &error),
			 BOARD_VERSION_NEWEST);
	assert_int_equal(settle(&found, (struct said){ .anew = true, .version = 1 }, &error), 1);
}

/* This holds in every state. */
static void a_machine_that_is_not_described_keeps_its_version(void **state)
{
	static const enum vm_state states[] = { VM_OFF, VM_CRASHED, VM_HIBERNATED };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		for (uint32_t version = 1; version <= BOARD_VERSION_NEWEST; version++) {
			struct prior_run found;
			struct error error = { "" };

			make_found(&found, states[i], version);
			assert_int_equal(settle(&found, (struct said){ 0 }, &error), version);
			assert_int_equal(settle(&found, (struct said){ .force = true }, &error),
					 version);
			record_free(&found.last);
		}
	}
}

static void a_machine_that_is_described_anew_has_the_newest(void **state)
{
	struct prior_run found;
	struct error error = { "" };

	make_found(&found, VM_OFF, 1);
	assert_int_equal(settle(&found, (struct said){ .anew = true }, &error),
			 BOARD_VERSION_NEWEST);
	assert_int_equal(settle(&found, (struct said){ .anew = true, .version = 1 }, &error), 1);
	record_free(&found.last);
}

/* As a user who starts it by this command each time does. */
static void a_hibernated_machine_keeps_its_version_however_it_is_started(void **state)
{
	struct prior_run found;
	struct error error = { "" };

	for (int died = 0; died < 2; died++) {
		make_found(&found, died ? VM_RUNNING : VM_HIBERNATED, 1);
		found.died = died;
		assert_int_equal(settle(&found, (struct said){ .anew = true }, &error), 1);
		assert_int_equal(
			settle(&found, (struct said){ .anew = true, .version = 1 }, &error), 1);
		/* What is asked for is compared once the machine exists. */
		assert_int_equal(
			settle(&found, (struct said){ .anew = true, .version = 2 }, &error), 2);
		assert_int_equal(settle(&found,
					(struct said){ .anew = true, .version = 2, .force = true },
					&error),
				 2);
		assert_int_equal(
			settle(&found, (struct said){ .anew = true, .force = true }, &error),
			BOARD_VERSION_NEWEST);
		record_free(&found.last);
	}
}

static void a_restored_machine_has_the_version_that_it_was_saved_with(void **state)
{
	for (uint32_t version = 1; version <= BOARD_VERSION_NEWEST; version++) {
		const struct prior_run found = { .name = RECORD_VM };
		struct save_file file = { .record = load_record_1() };
		struct error error = { "" };

		file.record.config.machine_version = version;
		assert_int_equal(settle(&found, (struct said){ .from = &file }, &error), version);
		record_free(&file.record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_machine_has_the_newest_version_unless_told_otherwise),
		cmocka_unit_test(a_machine_that_is_not_described_keeps_its_version),
		cmocka_unit_test(a_machine_that_is_described_anew_has_the_newest),
		cmocka_unit_test(a_hibernated_machine_keeps_its_version_however_it_is_started),
		cmocka_unit_test(a_restored_machine_has_the_version_that_it_was_saved_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
