/* SPDX-License-Identifier: BSD-3-Clause */
/* Which firmware the descriptors of a distribution name. */
#include "boot/firmware-descriptor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/scratch.h"

static char first[128];
static char second[128];
static const char *const folders[] = { first, second, NULL };

static int setup(void **state)
{
	static unsigned int number;

	snprintf(first, sizeof(first), "%s/%u-usr", scratch_folder(), number);
	snprintf(second, sizeof(second), "%s/%u-etc", scratch_folder(), number++);

	return mkdir(first, 0700) | mkdir(second, 0700);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What a test changes of a descriptor that is wanted. */
struct descriptor {
	const char *code;
	const char *interface;
	const char *architecture;
	const char *machine;
	const char *feature;
	const char *device;
	const char *format;
	const char *more; /* In the mapping. */
};

static const struct descriptor good = {
	.code = "/usr/share/AAVMF/CODE.fd",
	.interface = "uefi",
	.architecture = "aarch64",
	.machine = "virt-*",
	.feature = "verbose-static",
	.device = "flash",
	.format = "raw",
	.more = "",
};

static void describe(const char *folder, const char *name, const struct descriptor *d)
{
	char text[1024];

	snprintf(
		text, sizeof(text),
		"{\"description\": \"x\", \"interface-types\": [\"%s\"],"
		" \"mapping\": {\"device\": \"%s\", %s"
		"  \"executable\": {\"filename\": \"%s\", \"format\": \"%s\"},"
		"  \"nvram-template\": {\"filename\": \"/usr/share/VARS.fd\", \"format\": \"raw\"}},"
		" \"targets\": [{\"architecture\": \"%s\", \"machines\": [\"x\", \"%s\"]}],"
		" \"features\": [\"%s\"], \"tags\": []}",
		d->interface, d->device, d->more, d->code, d->format, d->architecture, d->machine,
		d->feature);
	write_text(folder, name, text);
}

static void expect(const char *code)
{
	struct firmware_files files;
	struct error error = { "" };

	if (firmware_find_uefi(folders, &files, &error) != 0)
		fail_msg("%s", error.text);
	assert_string_equal(files.code, code);
	assert_string_equal(files.vars_template, "/usr/share/VARS.fd");
	free(files.code);
	free(files.vars_template);
}

static void expect_none(void)
{
	struct firmware_files files;
	struct error error = { "" };

	assert_int_equal(firmware_find_uefi(folders, &files, &error), -ENOENT);
	scratch_says(&error, "qemu-efi-aarch64", first);
}

static void a_firmware_for_the_board_is_found(void **state)
{
	describe(first, "60-edk2.json", &good);
	expect(good.code);
}

static void the_first_name_of_both_folders_wins(void **state)
{
	struct descriptor other = good;

	describe(first, "60-edk2.json", &good);
	other.code = "/opt/CODE.fd";
	describe(second, "50-own.json", &other);
	expect("/opt/CODE.fd");
}

static void the_administrator_s_folder_replaces_and_hides(void **state)
{
	struct descriptor other = good;
	char path[256];

	describe(first, "60-edk2.json", &good);
	other.code = "/opt/CODE.fd";
	describe(second, "60-edk2.json", &other);
	expect("/opt/CODE.fd");
	write_text(second, "60-edk2.json", "");
	expect_none();
	snprintf(path, sizeof(path), "%s/60-edk2.json", second);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	expect_none();
}

static void descriptors_of_other_firmware_are_passed_over(void **state)
{
	struct descriptor other = good;

	other.interface = "bios";
	describe(first, "10.json", &other);
	other = good;
	other.architecture = "arm";
	describe(first, "11.json", &other);
	other = good;
	other.machine = "sbsa-ref";
	describe(first, "12.json", &other);
	other = good;
	other.feature = "secure-boot";
	describe(first, "13.json", &other);
	other = good;
	other.feature = "enrolled-keys";
	describe(first, "14.json", &other);
	other = good;
	other.device = "memory";
	describe(first, "15.json", &other);
	other = good;
	other.format = "qcow2";
	describe(first, "16.json", &other);
	other = good;
	other.more = "\"mode\": \"combined\",";
	describe(first, "17.json", &other);
	other = good;
	other.code = "CODE.fd";
	describe(first, "18.json", &other);
	expect_none();
	other = good;
	other.more = "\"mode\": \"split\",";
	describe(first, "19.json", &other);
	expect(good.code);
}

static void files_without_a_descriptor_are_passed_over(void **state)
{
	char path[256];

	write_text(first, "10.json", "{");
	write_text(first, "11.json", "[]");
	write_text(first, "12.json", "{\"mapping\": 1, \"targets\": {}, \"features\": 7}");
	write_text(first, "13.json", "{\"interface-types\": [1, \"uefi\"], \"targets\": [1]}");
	snprintf(path, sizeof(path), "%s/14.json", first);
	assert_int_equal(mkdir(path, 0700), 0);
	describe(first, "15.json~", &good);
	describe(first, ".json", &good);
	expect_none();
	describe(first, "99.json", &good);
	expect(good.code);
}

static void folders_that_are_missing_have_no_descriptors(void **state)
{
	assert_int_equal(rmdir(second), 0);
	describe(first, "60-edk2.json", &good);
	expect(good.code);
	snprintf(first, sizeof(first), "%s/nowhere", scratch_folder());
	expect_none();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_firmware_for_the_board_is_found, setup),
		cmocka_unit_test_setup(the_first_name_of_both_folders_wins, setup),
		cmocka_unit_test_setup(the_administrator_s_folder_replaces_and_hides, setup),
		cmocka_unit_test_setup(descriptors_of_other_firmware_are_passed_over, setup),
		cmocka_unit_test_setup(files_without_a_descriptor_are_passed_over, setup),
		cmocka_unit_test_setup(folders_that_are_missing_have_no_descriptors, setup),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
