/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM's configuration: its copies, and what a hibernated guest relies on. */
#include "config/config.h"

#include <psci/abi.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In place of the C library's, so that memory can run out: after so many calls. */
static int strdups_left = -1;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): its is reserved. */
char *strdup(const char *text)
{
	const size_t size = strlen(text) + 1;
	char *copy;

	if (strdups_left == 0)
		return NULL;
	if (strdups_left > 0)
		strdups_left--;
	copy = malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

static struct config example(void)
{
	return (struct config){
		.kernel = strdup("/boot/Image"),
		.machine_version = 1,
		.flat = strdup("/boot/flat"),
		.flat_address = 0x40100000,
		.firmware = strdup("/boot/firmware"),
		.initrd = strdup("/boot/initrd"),
		.append = strdup("console=ttyAMA0"),
		.console = strdup("/tmp/console"),
		.disks = { { strdup("/a"), false }, { strdup("/b"), true } },
		.disk_count = 2,
		.cpus = 3,
		.memory = 512ULL << 20,
		.psci = PSCI_SERVER_USERSPACE,
		.psci_version = PSCI_VERSION_1_3,
		.idle_states = true,
		.idle_clusters = true,
		.acpi = true,
		.generation_id = "0123456789abcde",
		.on_reset = RESET_POLICY_RESTART,
		.on_reset2 = RESET_POLICY_EXIT,
		.suspend = SUSPEND_POLICY_DENY,
	};
}

static void a_config_with_a_kernel_or_binary_or_firmware_describes_a_machine(void **state)
{
	char path[] = "/a";

	assert_true(config_describes_machine(&(const struct config){ .kernel = path }));
	assert_true(config_describes_machine(&(const struct config){ .flat = path }));
	assert_true(config_describes_machine(&(const struct config){ .firmware = path }));
	assert_false(config_describes_machine(
		&(const struct config){ .initrd = path, .append = path, .cpus = 1 }));
}

static void a_copied_config_is_complete_and_shares_nothing(void **state)
{
	struct config from = example();
	struct config to;

	assert_int_equal(config_copy(&to, &from), 0);
	assert_ptr_not_equal(to.kernel, from.kernel);
	/* Under ASan a string that both share would be read after it was freed. */
	config_free(&from);
	assert_int_equal(to.machine_version, 1);
	assert_string_equal(to.kernel, "/boot/Image");
	assert_string_equal(to.flat, "/boot/flat");
	assert_int_equal(to.flat_address, 0x40100000);
	assert_string_equal(to.firmware, "/boot/firmware");
	assert_string_equal(to.initrd, "/boot/initrd");
	assert_string_equal(to.append, "console=ttyAMA0");
	assert_string_equal(to.console, "/tmp/console");
	assert_int_equal(to.disk_count, 2);
	assert_string_equal(to.disks[0].path, "/a");
	assert_false(to.disks[0].read_only);
	assert_string_equal(to.disks[1].path, "/b");
	assert_true(to.disks[1].read_only);
	assert_int_equal(to.cpus, 3);
	assert_int_equal(to.memory, 512ULL << 20);
	assert_int_equal(to.psci, PSCI_SERVER_USERSPACE);
	assert_int_equal(to.psci_version, PSCI_VERSION_1_3);
	assert_true(to.idle_states);
	assert_true(to.idle_clusters);
	assert_true(to.acpi);
	assert_string_equal(to.generation_id, "0123456789abcde");
	assert_int_equal(to.on_reset, RESET_POLICY_RESTART);
	assert_int_equal(to.on_reset2, RESET_POLICY_EXIT);
	assert_int_equal(to.suspend, SUSPEND_POLICY_DENY);
	config_free(&to);
}

static void a_copied_config_lacks_what_the_original_lacks(void **state)
{
	const struct config from = { 0 };
	struct config to = example();

	config_free(&to);
	assert_int_equal(config_copy(&to, &from), 0);
	assert_memory_equal(&to, &from, sizeof(to));
}

static void a_config_that_cannot_be_copied_for_lack_of_memory_leaves_nothing(void **state)
{
	static const struct config zero;
	struct config from = example();

	for (int i = 0; i < 8; i++) {
		struct config to;
		int err;

		strdups_left = i;
		err = config_copy(&to, &from);
		strdups_left = -1;
		assert_int_equal(err, -ENOMEM);
		assert_memory_equal(&to, &zero, sizeof(to));
	}
	config_free(&from);
}

static void a_freed_config_is_all_zero(void **state)
{
	static const struct config zero;
	struct config config = example();

	config_free(&config);
	assert_memory_equal(&config, &zero, sizeof(config));
	config_free(&config);
}

/* Changes without effect for a guest that was saved: each function makes one. */
static void change_nothing(struct config *after)
{
}

static void change_text(char **text)
{
	free(*text);
	*text = strdup("/another");
}

static void change_files(struct config *after)
{
	change_text(&after->kernel);
	change_text(&after->initrd);
	change_text(&after->append);
	change_text(&after->console);
}

/* The data of a suspended guest, written to the wrong image, destroys it. */
static void swap_disks(struct config *after)
{
	const struct disk_config first = after->disks[0];

	after->disks[0] = after->disks[1];
	after->disks[1] = first;
}

static void change_read_only(struct config *after)
{
	after->disks[1].read_only = false;
}

static void leave_psci_open(struct config *after)
{
	after->psci = PSCI_SERVER_ANY;
	after->psci_version = 0;
}

static void change_cpus(struct config *after)
{
	after->cpus = 1;
}

static void change_memory(struct config *after)
{
	after->memory = 1024ULL << 20;
}

static void change_disk_count(struct config *after)
{
	free(after->disks[--after->disk_count].path);
}

static void change_server(struct config *after)
{
	after->psci = PSCI_SERVER_KERNEL;
}

static void change_version(struct config *after)
{
	after->psci_version = PSCI_VERSION_1_1;
}

static void change_machine_version(struct config *after)
{
	after->machine_version = 2;
}

static void leave_machine_version_open(struct config *after)
{
	after->machine_version = 0;
}

static void drop_idle_states(struct config *after)
{
	after->idle_states = false;
	after->idle_clusters = false;
}

static void drop_acpi(struct config *after)
{
	after->acpi = false;
}

static void drop_idle_clusters(struct config *after)
{
	after->idle_clusters = false;
}

static void a_change_that_a_hibernated_guest_would_notice_is_named(void **state)
{
	static const struct {
		void (*change)(struct config *after);
		const char *phrase; /* NULL: none. */
	} cases[] = {
		{ change_nothing, NULL },
		{ change_files, NULL },
		{ leave_psci_open, NULL },
		{ change_cpus, "3 CPUs, not 1" },
		{ change_memory, "512 MiB of memory, not 1024" },
		{ change_disk_count, "2 disks, not 1" },
		{ swap_disks, "disk /a as /dev/vda, not /b" },
		{ change_read_only, "disk /b being read-only" },
		{ change_server, "PSCI from userspace, not kernel" },
		{ change_version, "PSCI 1.3, not 1.1" },
		{ change_machine_version, "machine version 1, not 2" },
		{ leave_machine_version_open, NULL },
		{ drop_idle_states, "idle states" },
		{ drop_acpi, "ACPI" },
		{ drop_idle_clusters, "idle states of clusters" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config before = example();
		struct config after = example();
		struct error phrase = { "" };

		cases[i].change(&after);
		assert_int_equal(config_environment_changed(&before, &after, &phrase),
				 cases[i].phrase != NULL);
		assert_string_equal(phrase.text, cases[i].phrase ? cases[i].phrase : "");
		config_free(&before);
		config_free(&after);
	}
}

static void a_machine_that_gets_acpi_has_changed(void **state)
{
	struct config before = example();
	struct config after = example();
	struct error phrase = { "" };

	before.acpi = false;
	assert_true(config_environment_changed(&before, &after, &phrase));
	assert_string_equal(phrase.text, "no ACPI");
	config_free(&before);
	config_free(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_config_with_a_kernel_or_binary_or_firmware_describes_a_machine),
		cmocka_unit_test(a_copied_config_is_complete_and_shares_nothing),
		cmocka_unit_test(a_copied_config_lacks_what_the_original_lacks),
		cmocka_unit_test(a_config_that_cannot_be_copied_for_lack_of_memory_leaves_nothing),
		cmocka_unit_test(a_freed_config_is_all_zero),
		cmocka_unit_test(a_change_that_a_hibernated_guest_would_notice_is_named),
		cmocka_unit_test(a_machine_that_gets_acpi_has_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
