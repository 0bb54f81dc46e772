/* SPDX-License-Identifier: BSD-3-Clause */
/* What a firmware finds in fw_cfg: read as it reads it. */
#include "machine/firmware-files.h"

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "acpi/loader.h"
#include "board/board.h"
#include "support/scratch.h"
#include "vmm/acpi/acpi-rig.h"
#include "vmm/acpi/loader-rig.h"

#define SELECTOR 8
#define DIRECTORY 0x19
#define NAMES 16

static struct acpi_rig rig;
static struct image image;
static struct config config;
static uint8_t generation_id[CONFIG_GENERATION_ID_SIZE] = "0123456789abcde";

/* The files of a machine; with the contents of a kernel and an initrd, or without. */
static struct fw_cfg *make_with(const char *kernel, const char *initrd)
{
	static char append[] = "console=ttyAMA0";
	struct error error = { "" };
	struct fw_cfg *fw_cfg;

	config = (struct config){
		.machine_version = BOARD_VERSION_3,
		.firmware = scratch_write("firmware", "\1\2\3\4", 4),
		.cpus = 3,
		.memory = 512ULL << 20,
		.disk_count = 1,
		.kernel = kernel ? scratch_write("Image", kernel, strlen(kernel)) : NULL,
		.initrd = initrd ? scratch_write("initrd", initrd, strlen(initrd)) : NULL,
		.append = append,
	};
	memcpy(config.generation_id, generation_id, sizeof(generation_id));
	acpi_rig_make_of(&rig, &config);
	fw_cfg = devices_fw_cfg(&rig.board.devices);
	assert_non_null(fw_cfg);
	if (image_open(&image, &config, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(firmware_files_make(&image, &rig.machine, false, fw_cfg, &error), 0);

	return fw_cfg;
}

static struct fw_cfg *make(void)
{
	return make_with(NULL, NULL);
}

static void destroy(void)
{
	image_close(&image);
	acpi_rig_free(&rig);
}

static void choose(struct fw_cfg *fw_cfg, uint16_t key)
{
	fw_cfg_write(fw_cfg, SELECTOR, htobe16(key), 2);
}

static void read_bytes(struct fw_cfg *fw_cfg, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)fw_cfg_read(fw_cfg, 0, 1);
}

/* Select the file of a name. Returns its size, or fails. */
static size_t open_file(struct fw_cfg *fw_cfg, const char *name)
{
	uint8_t entry[64];
	uint8_t count[4];

	choose(fw_cfg, DIRECTORY);
	read_bytes(fw_cfg, count, sizeof(count));
	assert_in_range(count[3], 1, NAMES);
	for (uint8_t i = 0; i < count[3]; i++) {
		read_bytes(fw_cfg, entry, sizeof(entry));
		if (strcmp((const char *)entry + 8, name) != 0)
			continue;
		choose(fw_cfg, (uint16_t)(entry[4] << 8 | entry[5]));

		return (size_t)entry[0] << 24 | (size_t)entry[1] << 16 | (size_t)entry[2] << 8 |
		       entry[3];
	}
	fail_msg("there is no file %s", name);

	return 0;
}

/* Expect a file to have these contents. */
static void file_is(struct fw_cfg *fw_cfg, const char *name, const void *bytes, size_t size)
{
	static uint8_t found[ACPI_TABLES_SIZE];

	assert_int_equal(open_file(fw_cfg, name), size);
	read_bytes(fw_cfg, found, size);
	assert_memory_equal(found, bytes, size);
}

static void the_acpi_tables_and_the_commands_to_load_them_are_files(void **state)
{
	static struct loader_rig wanted;
	struct fw_cfg *fw_cfg = make();

	loader_rig_make(&wanted, &rig.machine, 0, 0, 0);
	file_is(fw_cfg, "etc/table-loader", wanted.files.loader, wanted.files.loader_size);
	file_is(fw_cfg, "etc/acpi/rsdp", wanted.files.root, wanted.files.root_size);
	file_is(fw_cfg, "etc/acpi/tables", wanted.files.tables, wanted.files.tables_size);
	destroy();
}

static void the_smbios_tables_are_files(void **state)
{
	struct fw_cfg *fw_cfg = make();
	uint8_t anchor[24];

	assert_int_equal(open_file(fw_cfg, "etc/smbios/smbios-anchor"), sizeof(anchor));
	read_bytes(fw_cfg, anchor, sizeof(anchor));
	assert_memory_equal(anchor, "_SM3_", 5);
	assert_int_equal(open_file(fw_cfg, "etc/smbios/smbios-tables"),
			 acpi_rig_value(anchor + 12, 4));
	destroy();
}

/* Nothing behind a pointer to so few bytes can be taken for an ACPI table. */
static void the_generation_id_is_a_file_too_short_for_a_table(void **state)
{
	struct fw_cfg *fw_cfg = make();

	file_is(fw_cfg, "etc/vmgenid_guid", generation_id, 16);
	file_is(fw_cfg, "etc/vmgenid_addr", "\0\0\0\0\0\0\0", 8);
	destroy();
}

static void the_values_of_the_machine_have_qemu_s_keys(void **state)
{
	struct fw_cfg *fw_cfg = make();

	choose(fw_cfg, 0x03);
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 8), 512ULL << 20);
	choose(fw_cfg, 0x05);
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 2), 3);
	choose(fw_cfg, 0x0f);
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 2), 3);
	destroy();
}

/* Expect a key to have these bytes, and its size's key to say how many. */
static void item_is(struct fw_cfg *fw_cfg, uint16_t size_key, uint16_t key, const char *bytes,
		    size_t size)
{
	uint8_t found[64];

	choose(fw_cfg, size_key);
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 4), size);
	choose(fw_cfg, key);
	read_bytes(fw_cfg, found, size);
	assert_memory_equal(found, bytes, size);
	/* Nothing follows. */
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 4), 0);
}

static void a_kernel_its_initrd_and_command_line_are_handed_on_as_they_are(void **state)
{
	struct fw_cfg *fw_cfg = make_with("MZkernel", "an initrd");

	item_is(fw_cfg, 0x08, 0x11, "MZkernel", 8);
	item_is(fw_cfg, 0x0b, 0x12, "an initrd", 9);
	item_is(fw_cfg, 0x14, 0x15, "console=ttyAMA0", 16);
	destroy();
}

static void a_kernel_that_takes_no_image_has_noresume_in_front(void **state)
{
	struct fw_cfg *fw_cfg = make_with("MZ a kernel", NULL);
	struct error error;

	assert_int_equal(firmware_files_make(&image, &rig.machine, true, fw_cfg, &error), 0);
	item_is(fw_cfg, 0x14, 0x15, "noresume console=ttyAMA0", 25);
	destroy();
}

static void without_a_kernel_there_is_none_of_the_three(void **state)
{
	struct fw_cfg *fw_cfg = make();

	item_is(fw_cfg, 0x08, 0x11, "", 0);
	item_is(fw_cfg, 0x0b, 0x12, "", 0);
	item_is(fw_cfg, 0x14, 0x15, "", 0);
	destroy();
}

static void a_machine_without_fw_cfg_has_no_kernel_for_its_firmware(void **state)
{
	struct error error = { "" };

	config = (struct config){
		.machine_version = 2,
		.firmware = scratch_write("firmware", "\1\2\3\4", 4),
		.kernel = scratch_write("Image", "a kernel", 8),
	};
	assert_int_equal(image_open(&image, &config, &error), -EINVAL);
	scratch_says(&error, "a machine of version 2 has no fw_cfg", "");
}

/* UEFI would refuse it without a word of ours. */
static void a_kernel_that_is_no_efi_program_is_refused(void **state)
{
	struct error error = { "" };

	config = (struct config){
		.machine_version = BOARD_VERSION_3,
		.firmware = scratch_write("firmware", "\1\2\3\4", 4),
		.kernel = scratch_write("Image.gz", "\37\213\10\0", 4),
	};
	assert_int_equal(image_open(&image, &config, &error), -ENOEXEC);
	scratch_says(&error, "is no EFI program", "unpack it");
}

/* As at a reset, with another signature. */
static void files_are_replaced_when_they_are_made_again(void **state)
{
	static struct loader_rig wanted;
	struct fw_cfg *fw_cfg = make();
	struct error error = { "" };

	rig.machine.hardware_signature = 0x600dcafe;
	rig.machine.cpu_count = 2;
	config.cpus = 2;
	assert_int_equal(firmware_files_make(&image, &rig.machine, false, fw_cfg, &error), 0);
	loader_rig_make(&wanted, &rig.machine, 0, 0, 0);
	file_is(fw_cfg, "etc/acpi/tables", wanted.files.tables, wanted.files.tables_size);
	choose(fw_cfg, 0x05);
	assert_int_equal(fw_cfg_read(fw_cfg, 0, 2), 2);
	destroy();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_acpi_tables_and_the_commands_to_load_them_are_files),
		cmocka_unit_test(the_smbios_tables_are_files),
		cmocka_unit_test(the_generation_id_is_a_file_too_short_for_a_table),
		cmocka_unit_test(the_values_of_the_machine_have_qemu_s_keys),
		cmocka_unit_test(a_kernel_its_initrd_and_command_line_are_handed_on_as_they_are),
		cmocka_unit_test(a_kernel_that_takes_no_image_has_noresume_in_front),
		cmocka_unit_test(without_a_kernel_there_is_none_of_the_three),
		cmocka_unit_test(a_machine_without_fw_cfg_has_no_kernel_for_its_firmware),
		cmocka_unit_test(a_kernel_that_is_no_efi_program_is_refused),
		cmocka_unit_test(files_are_replaced_when_they_are_made_again),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
