/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file a VM may be restored from, and when one guards it against a start. */
#include "run/config.h"

#include <psci/abi.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "board/board.h"
#include "board/cpu-features.h"
#include "save/file.h"
#include "support/scratch.h"

#define ID "0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210"

static char kernel[] = "/boot/Image";
static char append[] = "";

/* A VM found in @state, whose record names @file. */
/* NOLINTNEXTLINE(readability-non-const-parameter): a record owns its strings. */
static struct prior_run found_in(enum vm_state state, bool died, char *file)
{
	struct prior_run found = {
		.name = "web",
		.recorded = true,
		.died = died,
		.last = { .state = state, .saved_file = file },
	};

	found.last.config.kernel = kernel;
	found.last.config.append = append;
	found.last.config.cpus = 1;
	if (file)
		memcpy(found.last.saved_id, ID, sizeof(ID));

	return found;
}

static int start(const struct prior_run *found, bool force, struct error *error)
{
	const struct run_options options = { .name = "web", .force = force };
	struct config config = { 0 };
	const int err = run_config_resolve(&options, found, &config, error);

	config_free(&config);

	return err;
}

static int restore(const struct prior_run *found, const char *id, struct error *error)
{
	struct save_file from = { .path = "/srv/web.saved", .record = found->last };
	const struct run_options options = { .name = "web", .from = &from };
	struct config config = { 0 };
	int err;

	memcpy(from.record.saved_id, id, sizeof(from.record.saved_id));
	err = run_config_resolve(&options, found, &config, error);
	config_free(&config);

	return err;
}

static void a_saved_vm_can_be_restored_but_not_started(void **state)
{
	char file[] = "/srv/web.saved";
	const struct prior_run found = found_in(VM_SAVED, false, file);
	struct error error;

	assert_int_equal(start(&found, false, &error), -EPERM);
	assert_non_null(strstr(error.text, "web is saved in /srv/web.saved: resume it with "
					   "\"dormouse restore /srv/web.saved\""));
	assert_int_equal(start(&found, true, &error), 0);
	assert_int_equal(restore(&found, ID, &error), 0);
	assert_int_equal(restore(&found, OTHER_ID, &error), -EPERM);
	assert_non_null(strstr(error.text, "web is saved in /srv/web.saved, which is newer"));
}

/* M9: its dormouse died between the file's name and the record that says "saved". */
static void a_vm_whose_dormouse_died_after_writing_the_file_is_restored(void **state)
{
	char *file = scratch_path("saved");
	const struct prior_run found = found_in(VM_SUSPENDED, true, file);
	struct error error;

	assert_int_equal(restore(&found, ID, &error), 0);
	assert_int_equal(restore(&found, OTHER_ID, &error), -EPERM);
	/* Before that there is no file, and nothing to lose. */
	assert_int_equal(start(&found, false, &error), 0);
	scratch_write("saved", "x", 1);
	assert_int_equal(start(&found, false, &error), -EPERM);
	scratch_says(&error, "the dormouse that ran web died after saving it in ",
		     "resume it with \"dormouse restore ");
	assert_int_equal(start(&found, true, &error), 0);
	assert_int_equal(unlink(file), 0);
}

/* Its record may say so no more: that the file had lost its name, does. */
static void a_file_whose_parked_guest_was_woken_is_not_restored(void **state)
{
	char *const files[] = { scratch_path("parked"), scratch_path("saved") };

	for (int to_a_user_s = 0; to_a_user_s < 2; to_a_user_s++) {
		struct prior_run found = found_in(VM_SUSPENDED, true, files[to_a_user_s]);
		struct error error;

		/* A file in the VM's directory is only there to be parked in. */
		found.last.parked = to_a_user_s;
		assert_int_equal(restore(&found, ID, &error), -EPERM);
		assert_non_null(strstr(error.text, "web has run since it was saved in"));
		scratch_write(to_a_user_s ? "saved" : "parked", "x", 1);
		assert_int_equal(restore(&found, ID, &error), 0);
		assert_int_equal(unlink(files[to_a_user_s]), 0);
		/* It was being saved: either will do. */
		found.last.parked_in = scratch_write("parked-in", "x", 1);
		assert_int_equal(restore(&found, ID, &error), 0);
		assert_int_equal(unlink(found.last.parked_in), 0);
		assert_int_equal(restore(&found, ID, &error), -EPERM);
	}
}

static void a_vm_that_has_run_since_is_not_restored(void **state)
{
	char file[] = "/srv/web.saved";
	static const struct {
		enum vm_state state;
		bool died;
		bool has_file;
	} cases[] = {
		{ VM_OFF, false, false },      { VM_OFF, false, true },
		{ VM_CRASHED, false, true },   { VM_HIBERNATED, false, true },
		{ VM_RUNNING, true, true },    { VM_RUNNING, true, false },
		{ VM_SUSPENDED, true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct prior_run found =
			found_in(cases[i].state, cases[i].died, cases[i].has_file ? file : NULL);
		struct error error;

		assert_int_equal(restore(&found, ID, &error), -EPERM);
		assert_non_null(strstr(error.text, "web has run since it was saved"));
		assert_int_equal(start(&found, false, &error), 0);
	}
}

static void a_saved_vm_without_a_record_on_this_host_is_restored(void **state)
{
	struct prior_run found = found_in(VM_OFF, false, NULL);
	struct error error;

	found.recorded = false;
	assert_int_equal(restore(&found, ID, &error), 0);
}

static struct config describe(const struct prior_run *found, bool acpi)
{
	const struct run_options options = {
		.name = "web",
		.config = { .kernel = kernel, .append = append, .cpus = 1, .acpi = acpi },
	};
	struct config config = { 0 };
	struct error error;

	assert_int_equal(run_config_resolve(&options, found, &config, &error), 0);

	return config;
}

static void a_vm_with_acpi_keeps_its_generation_id_when_it_is_described_anew(void **state)
{
	static const uint8_t none[CONFIG_GENERATION_ID_SIZE];
	struct prior_run found = found_in(VM_OFF, false, NULL);
	struct config first = describe(&found, true);
	struct config second;
	struct config other;

	assert_memory_not_equal(first.generation_id, none, sizeof(none));
	found.last.config.acpi = true;
	memcpy(found.last.config.generation_id, first.generation_id, sizeof(none));
	second = describe(&found, true);
	assert_memory_equal(second.generation_id, first.generation_id, sizeof(none));
	found.recorded = false;
	other = describe(&found, true);
	assert_memory_not_equal(other.generation_id, first.generation_id, sizeof(none));
	config_free(&first);
	config_free(&second);
	config_free(&other);
}

/* What is described anew for a hibernated VM, whose guest has PSCI 1.1 from KVM. */
static struct config describe_hibernated(uint32_t machine_version, enum psci_server psci,
					 uint32_t psci_version, bool force)
{
	struct prior_run found = found_in(VM_HIBERNATED, false, NULL);
	const struct run_options options = {
		.name = "web",
		.force = force,
		.config = { .kernel = kernel,
			    .append = append,
			    .cpus = 1,
			    .machine_version = machine_version,
			    .psci = psci,
			    .psci_version = psci_version },
	};
	struct config config = { 0 };
	struct error error;

	found.last.config.machine_version = BOARD_VERSION_1;
	found.last.config.psci = PSCI_SERVER_KERNEL;
	found.last.config.psci_version = PSCI_VERSION_1_1;
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), 0);

	return config;
}

static void a_hibernated_vm_finds_what_its_options_leave_open_as_it_was(void **state)
{
	struct config open = describe_hibernated(0, PSCI_SERVER_ANY, 0, false);
	struct config server = describe_hibernated(0, PSCI_SERVER_USERSPACE, 0, false);
	struct config all = describe_hibernated(2, PSCI_SERVER_KERNEL, PSCI_VERSION_1_0, false);
	struct config forced = describe_hibernated(0, PSCI_SERVER_ANY, 0, true);

	assert_int_equal(open.machine_version, BOARD_VERSION_1);
	assert_int_equal(open.psci, PSCI_SERVER_KERNEL);
	assert_int_equal(open.psci_version, PSCI_VERSION_1_1);
	/* The version is another server's: this one has its newest. */
	assert_int_equal(server.psci, PSCI_SERVER_USERSPACE);
	assert_int_equal(server.psci_version, 0);
	/* The environment is compared later, and then it may be refused. */
	assert_int_equal(all.machine_version, 2);
	assert_int_equal(all.psci_version, PSCI_VERSION_1_0);
	assert_int_equal(forced.machine_version, BOARD_VERSION_NEWEST);
	assert_int_equal(forced.psci, PSCI_SERVER_ANY);
	assert_int_equal(forced.psci_version, 0);
	config_free(&open);
	config_free(&server);
	config_free(&all);
	config_free(&forced);
}

/* A machine that is not described anew is the recorded one. */
static void a_recorded_vm_runs_again_with_its_acpi_and_its_generation_id(void **state)
{
	struct prior_run found = found_in(VM_OFF, false, NULL);
	const struct run_options options = { .name = "web" };
	struct config config = { 0 };
	struct error error;

	found.last.config.acpi = true;
	memset(found.last.config.generation_id, 0x5a, CONFIG_GENERATION_ID_SIZE);
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), 0);
	assert_true(config.acpi);
	assert_memory_equal(config.generation_id, found.last.config.generation_id,
			    CONFIG_GENERATION_ID_SIZE);
	config_free(&config);
}

/* What a restore of a VM with ACPI has for an ID; that of the file is all 0x5a. */
static struct config restore_with_acpi(struct prior_run *found, const char *id, bool force)
{
	struct save_file from = { .path = "/srv/web.saved", .record = found->last };
	const struct run_options options = { .name = "web", .from = &from, .force = force };
	struct config config = { 0 };
	struct error error;

	from.record.config.acpi = true;
	memset(from.record.config.generation_id, 0x5a, CONFIG_GENERATION_ID_SIZE);
	memcpy(from.record.saved_id, id, sizeof(from.record.saved_id));
	assert_int_equal(run_config_resolve(&options, found, &config, &error), 0);

	return config;
}

static bool has_generation_id_of_file(const struct config *config)
{
	uint8_t id[CONFIG_GENERATION_ID_SIZE];

	memset(id, 0x5a, sizeof(id));

	return memcmp(config->generation_id, id, sizeof(id)) == 0;
}

static void a_vm_that_is_restored_first_keeps_its_generation_id(void **state)
{
	char file[] = "/srv/web.saved";
	struct prior_run found = found_in(VM_SAVED, false, file);
	struct config config = restore_with_acpi(&found, ID, false);

	assert_true(has_generation_id_of_file(&config));
	config_free(&config);
	/* What it is forced to do changes nothing. */
	config = restore_with_acpi(&found, ID, true);
	assert_true(has_generation_id_of_file(&config));
	config_free(&config);
	/* Nor does another host. */
	found.recorded = false;
	config = restore_with_acpi(&found, ID, false);
	assert_true(has_generation_id_of_file(&config));
	config_free(&config);
}

static void a_vm_that_is_rolled_back_gets_another_generation_id(void **state)
{
	char file[] = "/srv/web.saved";
	struct prior_run newer = found_in(VM_SAVED, false, file);
	struct prior_run run = found_in(VM_OFF, false, file);
	struct config config = restore_with_acpi(&newer, OTHER_ID, true);

	assert_false(has_generation_id_of_file(&config));
	config_free(&config);
	config = restore_with_acpi(&run, ID, true);
	assert_false(has_generation_id_of_file(&config));
	config_free(&config);
}

/* A version that an option names, and one that a machine has kept. */
static void cpu_features_are_refused_for_a_machine_that_has_none(void **state)
{
	struct prior_run found = found_in(VM_OFF, false, NULL);
	const struct run_options options = {
		.name = "web",
		.config = { .kernel = kernel,
			    .append = append,
			    .cpus = 1,
			    .machine_version = 2,
			    .cpu_features_off = CPU_FEATURE_BIT(CPU_FEATURE_PMU) },
	};
	struct run_options open = options;
	struct config config = { 0 };
	struct error error;

	assert_int_equal(run_config_resolve(&options, &found, &config, &error), -EINVAL);
	assert_string_equal(error.text,
			    "--cpu-features for web, which has machine version 2: its CPUs have "
			    "none of these features, which came with version 3");
	config_free(&config);
	found.last.state = VM_HIBERNATED;
	found.last.config.machine_version = 1;
	open.config.machine_version = 0;
	assert_int_equal(run_config_resolve(&open, &found, &config, &error), -EINVAL);
	assert_non_null(strstr(error.text, "which has machine version 1: "));
	config_free(&config);
}

/* An option of each run, which a machine that exists keeps. */
static void the_console_is_another_device_in_machines_that_have_it(void **state)
{
	struct prior_run found = found_in(VM_OFF, false, NULL);
	struct run_options options = {
		.name = "web",
		.config = { .console_device = CONSOLE_DEVICE_VIRTIO },
	};
	struct config config = { 0 };
	struct error error;

	found.last.config.machine_version = BOARD_VERSION_3;
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), -EINVAL);
	assert_string_equal(error.text,
			    "--console-device for web, which has machine version 3: its only "
			    "console is the UART; virtio-console came with version 4");
	config_free(&config);
	found.last.config.machine_version = BOARD_VERSION_4;
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), 0);
	assert_int_equal(config.console_device, CONSOLE_DEVICE_VIRTIO);
	config_free(&config);
	found.last.config.console_device = CONSOLE_DEVICE_VIRTIO;
	options.config.console_device = CONSOLE_DEVICE_NONE;
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), 0);
	assert_int_equal(config.console_device, CONSOLE_DEVICE_VIRTIO);
	config_free(&config);
	/* Also one that is described anew. */
	options.config = (struct config){ .kernel = kernel,
					  .append = append,
					  .cpus = 1,
					  .machine_version = BOARD_VERSION_3,
					  .console_device = CONSOLE_DEVICE_UART };
	assert_int_equal(run_config_resolve(&options, &found, &config, &error), -EINVAL);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hibernated_vm_finds_what_its_options_leave_open_as_it_was),
		cmocka_unit_test(a_recorded_vm_runs_again_with_its_acpi_and_its_generation_id),
		cmocka_unit_test(a_vm_with_acpi_keeps_its_generation_id_when_it_is_described_anew),
		cmocka_unit_test(a_saved_vm_can_be_restored_but_not_started),
		cmocka_unit_test(a_vm_whose_dormouse_died_after_writing_the_file_is_restored),
		cmocka_unit_test(a_file_whose_parked_guest_was_woken_is_not_restored),
		cmocka_unit_test(a_vm_that_has_run_since_is_not_restored),
		cmocka_unit_test(a_saved_vm_without_a_record_on_this_host_is_restored),
		cmocka_unit_test(a_vm_that_is_restored_first_keeps_its_generation_id),
		cmocka_unit_test(a_vm_that_is_rolled_back_gets_another_generation_id),
		cmocka_unit_test(cpu_features_are_refused_for_a_machine_that_has_none),
		cmocka_unit_test(the_console_is_another_device_in_machines_that_have_it),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
