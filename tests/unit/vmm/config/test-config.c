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
		.vars = strdup("/srv/vars"),
		.vars_file = strdup("/srv/vars too"),
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
		.on_panic = PANIC_POLICY_EXIT,
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
	assert_string_equal(to.vars, "/srv/vars");
	assert_string_equal(to.vars_file, "/srv/vars too");
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
	assert_string_equal((const char *)to.generation_id, "0123456789abcde");
	assert_int_equal(to.on_reset, RESET_POLICY_RESTART);
	assert_int_equal(to.on_reset2, RESET_POLICY_EXIT);
	assert_int_equal(to.on_panic, PANIC_POLICY_EXIT);
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

	for (int i = 0; i < 10; i++) {
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_config_with_a_kernel_or_binary_or_firmware_describes_a_machine),
		cmocka_unit_test(a_copied_config_is_complete_and_shares_nothing),
		cmocka_unit_test(a_copied_config_lacks_what_the_original_lacks),
		cmocka_unit_test(a_config_that_cannot_be_copied_for_lack_of_memory_leaves_nothing),
		cmocka_unit_test(a_freed_config_is_all_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
