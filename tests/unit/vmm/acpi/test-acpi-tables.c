/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACPI tables, against the layouts of ACPI 6.3 and the addresses of QEMU's `virt` machine. */
#include "acpi/tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acpi-rig.h"
#include "board/board.h"
#include "support/scratch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const signatures[] = { "XSDT", "FACP", "DSDT", "APIC",
					  "GTDT", "SPCR", "DBG2", "PPTT" };
static struct acpi_rig rig;

static uint8_t sum(const uint8_t *bytes, size_t size)
{
	uint8_t total = 0;

	while (size-- > 0)
		total = (uint8_t)(total + bytes[size]);

	return total;
}

static void every_table_has_a_correct_checksum_and_a_revision(void **state)
{
	static const uint8_t revisions[] = { 1, 6, 2, 5, 2, 2, 0, 2 };

	acpi_rig_make(&rig, 4, 2);
	assert_memory_equal(rig.bytes, "RSD PTR ", 8);
	assert_int_equal(rig.bytes[15], 2);
	assert_int_equal(acpi_rig_value(rig.bytes + 20, 4), 36);
	assert_int_equal(sum(rig.bytes, 20), 0);
	assert_int_equal(sum(rig.bytes, 36), 0);
	for (size_t i = 0; i < COUNT(signatures); i++) {
		size_t length;
		const uint8_t *table = acpi_rig_table(&rig, signatures[i], &length);

		assert_int_equal(sum(table, length), 0);
		assert_int_equal(table[8], revisions[i]);
		assert_memory_equal(table + 10, "DORMSE", 6);
	}
	acpi_rig_free(&rig);
}

static void the_facs_is_aligned_and_has_the_given_hardware_signature(void **state)
{
	size_t length;
	const uint8_t *facs;

	acpi_rig_make(&rig, 1, 0);
	facs = acpi_rig_table(&rig, "FACS", &length);
	assert_int_equal((RIG_ADDRESS + (uint64_t)(facs - rig.bytes)) % 64, 0);
	assert_int_equal(length, 64);
	assert_int_equal(acpi_rig_value(facs + 8, 4), RIG_SIGNATURE);
	for (size_t i = 12; i < 32; i++)
		assert_int_equal(facs[i], 0);
	assert_int_equal(facs[32], 2);
	acpi_rig_free(&rig);
}

static void another_hardware_signature_changes_nothing_but_the_facs(void **state)
{
	static uint8_t before[ACPI_TABLES_SIZE];
	struct error error;
	size_t length;
	uint8_t *signature;

	acpi_rig_make(&rig, 2, 1);
	memcpy(before, rig.bytes, sizeof(before));
	rig.machine.hardware_signature = 0x600dcafe;
	assert_int_equal(acpi_tables_write(&rig.machine, &rig.place, &error), 0);
	signature = rig.bytes + (acpi_rig_table(&rig, "FACS", &length) - rig.bytes) + 8;
	assert_int_equal(acpi_rig_value(signature, 4), 0x600dcafe);
	memcpy(signature, &(const uint32_t){ RIG_SIGNATURE }, 4);
	assert_memory_equal(rig.bytes, before, sizeof(before));
	acpi_rig_free(&rig);
}

static void the_fadt_describes_reduced_hardware_with_psci_over_hvc(void **state)
{
	size_t length;
	const uint8_t *fadt;

	acpi_rig_make(&rig, 1, 0);
	fadt = acpi_rig_table(&rig, "FACP", &length);
	assert_int_equal(length, 276);
	assert_int_equal(acpi_rig_value(fadt + 36, 4), 0); /* FIRMWARE_CTRL */
	assert_int_equal(acpi_rig_value(fadt + 40, 4), 0); /* DSDT */
	assert_true(acpi_rig_value(fadt + 112, 4) & 1U << 20); /* HW_REDUCED_ACPI */
	assert_int_equal(acpi_rig_value(fadt + 129, 2), 3); /* PSCI_COMPLIANT, PSCI_USE_HVC */
	assert_int_equal(fadt[131], 3); /* 6.3 */
	assert_memory_equal(fadt + 268, "DORMOUSE", 8);
	acpi_rig_free(&rig);
}

/* Expect the MADT of a machine with these CPUs. */
static void madt_has(unsigned int cpu_count)
{
	size_t length;
	const uint8_t *madt;
	const uint8_t *at;

	acpi_rig_make(&rig, cpu_count, 0);
	madt = acpi_rig_table(&rig, "APIC", &length);
	assert_int_equal(length, 44 + 24 + 80 * cpu_count + 16);
	at = madt + 44;
	assert_int_equal(at[0], 0xc);
	assert_int_equal(at[1], 24);
	assert_int_equal(acpi_rig_value(at + 8, 8), 0x08000000);
	assert_int_equal(at[20], 3);
	at += 24;
	for (unsigned int i = 0; i < cpu_count; i++, at += 80) {
		assert_int_equal(at[0], 0xb);
		assert_int_equal(at[1], 80);
		assert_int_equal(acpi_rig_value(at + 8, 4), i);
		assert_int_equal(acpi_rig_value(at + 12, 4), 1);
		assert_int_equal(acpi_rig_value(at + 68, 8), rig.mpidrs[i]);
	}
	assert_int_equal(at[0], 0xe);
	assert_int_equal(at[1], 16);
	assert_int_equal(acpi_rig_value(at + 4, 8), 0x080a0000);
	assert_int_equal(acpi_rig_value(at + 12, 4), 0x20000 * cpu_count);
	acpi_rig_free(&rig);
}

static void the_madt_has_the_gic_and_the_mpidr_of_each_cpu(void **state)
{
	madt_has(1);
	madt_has(4);
	madt_has(16);
	madt_has(CONFIG_CPUS_MAX);
}

static void the_gtdt_has_the_interrupts_of_the_timer_and_is_always_on(void **state)
{
	static const uint32_t interrupts[] = { 29, 30, 27, 26 };
	size_t length;
	const uint8_t *gtdt;

	acpi_rig_make(&rig, 1, 0);
	gtdt = acpi_rig_table(&rig, "GTDT", &length);
	assert_int_equal(length, 96);
	for (size_t i = 0; i < COUNT(interrupts); i++) {
		assert_int_equal(acpi_rig_value(gtdt + 48 + 8 * i, 4), interrupts[i]);
		assert_int_equal(acpi_rig_value(gtdt + 52 + 8 * i, 4), 4);
	}
	acpi_rig_free(&rig);
}

static void the_spcr_and_the_dbg2_name_the_uart(void **state)
{
	size_t length;
	const uint8_t *table;

	acpi_rig_make(&rig, 1, 0);
	table = acpi_rig_table(&rig, "SPCR", &length);
	assert_int_equal(length, 80);
	assert_int_equal(table[36], 3);
	assert_int_equal(acpi_rig_value(table + 44, 8), 0x09000000);
	assert_int_equal(table[52], 8);
	assert_int_equal(acpi_rig_value(table + 54, 4), 33);
	table = acpi_rig_table(&rig, "DBG2", &length);
	assert_int_equal(acpi_rig_value(table + 36, 4), 44);
	assert_int_equal(acpi_rig_value(table + 40, 4), 1);
	table += 44;
	assert_int_equal(acpi_rig_value(table + 1, 2), length - 44);
	assert_int_equal(acpi_rig_value(table + 12, 2), 0x8000);
	assert_int_equal(acpi_rig_value(table + 14, 2), 3);
	assert_int_equal(acpi_rig_value(table + acpi_rig_value(table + 18, 2) + 4, 8), 0x09000000);
	assert_int_equal(acpi_rig_value(table + acpi_rig_value(table + 20, 2), 4), 0x1000);
	assert_string_equal((const char *)table + acpi_rig_value(table + 6, 2), "\\_SB.COM0");
	acpi_rig_free(&rig);
}

static void tables_without_room_are_refused_and_nothing_else_is_touched(void **state)
{
	static uint8_t whole[ACPI_TABLES_SIZE];
	struct error error = { "" };
	size_t needed = 0;

	acpi_rig_make(&rig, 3, 2);
	memcpy(whole, rig.bytes, sizeof(whole));
	for (size_t size = 64; size < 8192 && !needed; size++) {
		memset(rig.bytes, 0x5a, sizeof(rig.bytes));
		rig.place.size = size;
		if (acpi_tables_write(&rig.machine, &rig.place, &error) == 0)
			needed = size;
		else
			assert_non_null(strstr(error.text, "the ACPI tables need "));
		for (size_t i = size; i < size + 256; i++)
			assert_int_equal(rig.bytes[i], 0x5a);
	}
	assert_in_range(needed, 1024, 8191);
	/* Both ended in the same table. */
	assert_memory_equal(rig.bytes, whole, 20);
	acpi_rig_free(&rig);
}

/* --- iasl as a second reader --- */

/* Run a command in the folder; its output has to lack @bad. */
static void run(const char *command, const char *bad)
{
	char line[512];
	char output[256];
	FILE *pipe;
	bool found = false;

	snprintf(line, sizeof(line), "cd %s && %s 2>&1 </dev/null", scratch_folder(), command);
	/* NOLINTNEXTLINE(cert-env33-c): the command is a constant of this file. */
	pipe = popen(line, "re");
	assert_non_null(pipe);
	while (fgets(output, sizeof(output), pipe)) {
		if (!strstr(output, bad))
			continue;
		print_error("%s: %s", command, output);
		found = true;
	}
	assert_int_equal(pclose(pipe), 0);
	assert_false(found);
}

/*
 * iasl of 2025 disassembles revision 2 of an SPCR and compiles none but revision
 * 4, which has more fields.
 */
#define COMPILE_SPCR                                                    \
	"{ iasl -we -p again SPCR.dsl >said 2>&1 || "                   \
	"grep -q 'Field name \"Precise Baud rate\" needed' said; } && " \
	"cat said"

static void recompile(const struct config *config)
{
	acpi_rig_make_of(&rig, config);
	for (size_t i = 0; i <= COUNT(signatures); i++) {
		const char *signature = i < COUNT(signatures) ? signatures[i] : "FACS";
		char command[128];
		char name[16];
		size_t length;
		const uint8_t *table = acpi_rig_table(&rig, signature, &length);

		snprintf(name, sizeof(name), "%s.dat", signature);
		scratch_write(name, table, length);
		snprintf(command, sizeof(command), "iasl -d -p %s %s", signature, name);
		run(command, "Could not");
		snprintf(command, sizeof(command), "iasl -we -p again %s.dsl", signature);
		run(strcmp(signature, "SPCR") ? command : COMPILE_SPCR, "Warning  ");
	}
	acpi_rig_free(&rig);
}

static void iasl_disassembles_and_recompiles_every_table_without_warnings(void **state)
{
	recompile(&(const struct config){ .cpus = 1 });
	recompile(&(const struct config){ .cpus = 4, .disk_count = 3 });
	recompile(&(const struct config){ .cpus = 16, .disk_count = CONFIG_DISKS_MAX });
	recompile(&(const struct config){ .machine_version = BOARD_VERSION_NEWEST,
					  .firmware = scratch_write("firmware", "\1\2\3\4", 4),
					  .cpus = CONFIG_CPUS_MAX,
					  .disk_count = CONFIG_DISKS_MAX });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_has_a_correct_checksum_and_a_revision),
		cmocka_unit_test(the_facs_is_aligned_and_has_the_given_hardware_signature),
		cmocka_unit_test(another_hardware_signature_changes_nothing_but_the_facs),
		cmocka_unit_test(the_fadt_describes_reduced_hardware_with_psci_over_hvc),
		cmocka_unit_test(the_madt_has_the_gic_and_the_mpidr_of_each_cpu),
		cmocka_unit_test(the_gtdt_has_the_interrupts_of_the_timer_and_is_always_on),
		cmocka_unit_test(the_spcr_and_the_dbg2_name_the_uart),
		cmocka_unit_test(tables_without_room_are_refused_and_nothing_else_is_touched),
		cmocka_unit_test(iasl_disassembles_and_recompiles_every_table_without_warnings),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
