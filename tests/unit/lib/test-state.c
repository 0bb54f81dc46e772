/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine's state saved and restored: the bytes, and the state afterwards. */
#include "psci-record.h"

#include <stdlib.h>
#include <string.h>

/* --- the format --- */

/* Written down byte by byte: a machine of one vCPU that never ran. */
static void record_has_the_bytes_of_its_format(void **state)
{
	static const uint8_t expected[] = {
		'P',  'S',  'C',  'I',	2,    0,    0,	  0,	142, 0, 0, 0, /* envelope */
		3,    0,    1,	  0, /* version 1.3 */
		0x5f, 0x07, 0x24, 0x00, /* offered */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* no ids of 0.1 */
		0,    0,    0,	  0,	0,    0,    0,	  0, /* flags, trusted OS, event */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0, /* type, cookie */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* caller, trusted OS */
		1,    0,    0,	  0,	0,    0,    0,	  0,	1,   0, 0, 0, /* counts */
		0,    0,    0,	  0,	1,    0,    0,	  0,	0, /* standby */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* no domain, requests */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0, /* not counted */
		0x89, 0x67, 0x45, 0x00, 0x23, 0,    0,	  0, /* MPIDR */
		0,    0,    0,	  0,	0,    0,    0,	  0,	0,   0, 0, 0,
		0,    0,    0,	  0, /* entry */
		0,    0,    1,	  0, /* its flags, OFF, denied, no default suspend */
	};
	uint8_t record[sizeof(expected) + 4];
	struct fixture f;

	fixture_configure(&f, PSCI_VERSION_1_3);
	assert_int_equal(psci_machine_init(&f.machine, &f.config), PSCI_OK);
	assert_int_equal(psci_vcpu_init(&f.vcpus[0], &f.machine, f.mpidrs[5], NULL), PSCI_OK);
	psci_vcpu_set_availability(&f.vcpus[0], PSCI_VCPU_DENIED);
	assert_int_equal(psci_machine_save_size(&f.machine), sizeof(record));
	assert_int_equal(psci_machine_save(&f.machine, record, sizeof(record)), PSCI_OK);
	assert_memory_equal(record, expected, sizeof(expected));

	const uint32_t crc = state_checksum(record, sizeof(expected));

	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(record[sizeof(expected) + i], (uint8_t)(crc >> 8 * i));
}

static void save_into_a_buffer_that_is_too_small_writes_nothing(void **state)
{
	struct power p;

	power_boot_many(&p, 6);

	struct record r = psci_record_save(&p);
	struct record before = psci_record_save(&p);

	memset(r.bytes, 0x5a, r.size);
	memset(before.bytes, 0x5a, r.size);
	assert_int_equal(psci_machine_save(&p.f.machine, r.bytes, r.size - 1), PSCI_ERR_SPACE);
	assert_int_equal(psci_machine_save(&p.f.machine, NULL, 0), PSCI_ERR_SPACE);
	assert_memory_equal(r.bytes, before.bytes, r.size);
	free(r.bytes);
	free(before.bytes);
}

/* --- the restored state --- */

static void restored_vcpus_have_the_states_that_were_saved(void **state)
{
	struct psci_entry entry;
	struct power a;
	struct power b;

	power_boot_many(&a, 5);
	power_suspend(&a, 1, POWER_RETENTION);
	power_suspend(&a, 2, POWER_DOWN);
	assert_int_equal(fixture_leave(&a.f, 3, PSCI_FN32_CPU_FREEZE, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_leave(&a.f, 4, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_call(&a.f, 0, PSCI_FN64_CPU_ON, a.f.mpidrs[5], FIXTURE_ENTRY, 77),
			 0);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(fixture_kicks(&b.f, i), 1);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[0], &entry), PSCI_NEXT_RUN);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[1], &entry), PSCI_NEXT_SLEEP);
	assert_int_equal(psci_vcpu_wake(&b.f.vcpus[1], &entry), PSCI_NEXT_RUN);
	assert_int_equal(psci_vcpu_wake(&b.f.vcpus[2], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY + 8);
	assert_int_equal(entry.x0, 2);
	assert_true(entry.wake);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[3], &entry), PSCI_NEXT_WAIT);
	assert_int_equal(fixture_affinity_info(&b.f, 3), PSCI_AFFINITY_INFO_ON);
	assert_int_equal(fixture_affinity_info(&b.f, 4), PSCI_AFFINITY_INFO_OFF);
	assert_int_equal(fixture_affinity_info(&b.f, 5), PSCI_AFFINITY_INFO_ON_PENDING);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[5], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 77);
	assert_false(entry.wake);
}

/* No vCPU runs: clusters 0 and 1 sleep with all their vCPUs, and the system above them. */
static void restored_machine_whose_vcpus_all_sleep_wakes(void **state)
{
	struct psci_entry entry;
	struct power a;
	struct power b;

	power_boot_many(&a, 4);
	for (unsigned int i = 0; i < 4; i++)
		power_suspend(&a, i, POWER_SYSTEM_DOWN);
	state_make_fresh(&b, PSCI_VERSION_1_3);
	/* The restored machine's own state before is discarded. */
	psci_machine_boot(&b.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[0], &entry), PSCI_NEXT_START);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	for (unsigned int i = 0; i < FIXTURE_VCPU_COUNT; i++)
		assert_int_equal(psci_vcpu_poll(&b.f.vcpus[i], &entry),
				 i < 4 ? PSCI_NEXT_SLEEP : PSCI_NEXT_WAIT);
	power_wake(&b, 2);
	assert_int_equal(power_hw_state(&b, 2, 0, 1), PSCI_NODE_HW_STATE_HW_OFF);
	assert_int_equal(power_hw_state(&b, 2, 3, 0), PSCI_NODE_HW_STATE_HW_OFF);
	assert_int_equal(power_hw_state(&b, 2, 2, 1), PSCI_NODE_HW_STATE_HW_ON);
	assert_int_equal(power_hw_state(&b, 2, 2, 2), PSCI_NODE_HW_STATE_HW_ON);
	assert_int_equal(fixture_call(&b.f, 2, PSCI_FN64_PSCI_STAT_COUNT, b.f.mpidrs[0],
				      POWER_SYSTEM_DOWN, 0),
			 1);
	/* All sleep again, and so does cluster 1. */
	power_suspend(&b, 2, POWER_SYSTEM_DOWN);
	assert_int_equal(psci_vcpu_wake(&b.f.vcpus[0], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.x0, 0);
	assert_int_equal(power_hw_state(&b, 0, 2, 1), PSCI_NODE_HW_STATE_HW_OFF);
}

static void restored_machine_that_is_suspended_resumes(void **state)
{
	struct psci_regs regs = fixture_regs(PSCI_FN64_SYSTEM_SUSPEND, FIXTURE_ENTRY, 9, 0);
	struct psci_entry entry;
	struct power a;
	struct power b;

	power_boot(&a, PSCI_VERSION_1_3);
	fixture_start(&a.f, 3);
	assert_int_equal(fixture_leave(&a.f, 0, PSCI_FN32_CPU_OFF, 0, 0), PSCI_NEXT_WAIT);
	assert_int_equal(psci_call(&a.f.vcpus[3], &regs), PSCI_NEXT_SYSTEM_SUSPEND);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	assert_int_equal(psci_machine_event(&b.f.machine).kind, PSCI_EVENT_SUSPEND);
	assert_ptr_equal(psci_machine_event(&b.f.machine).vctx, &b.f.threads[3]);
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[3], &entry), PSCI_NEXT_SYSTEM_SUSPEND);
	assert_true(psci_machine_wake(&b.f.machine));
	assert_int_equal(psci_vcpu_poll(&b.f.vcpus[3], &entry), PSCI_NEXT_START);
	assert_int_equal(entry.pc, FIXTURE_ENTRY);
	assert_int_equal(entry.x0, 9);
	assert_true(entry.wake);
}

static void restored_machine_still_has_its_event(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 2);
	fixture_call(&a.f, 0, PSCI_FN32_MEM_PROTECT, 1, 0, 0);
	assert_int_equal(fixture_leave(&a.f, 1, PSCI_FN64_SYSTEM_OFF2, 1, 0), PSCI_NEXT_EXIT);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);

	const struct psci_event event = psci_machine_event(&b.f.machine);

	assert_int_equal(event.kind, PSCI_EVENT_OFF2);
	assert_int_equal(event.type, 1);
	assert_true(event.overwrite_memory);
	assert_ptr_equal(event.vctx, &b.f.threads[1]);
	assert_true(psci_machine_memory_protected(&b.f.machine));
}

/* The guest keeps the behaviour that it saw, whatever the new machine would offer. */
static void restored_machine_has_the_version_and_functions_of_its_record(void **state)
{
	struct power a;
	struct power b;

	power_configure(&a, PSCI_VERSION_1_1);
	a.f.config.disable_functions = power_bit(PSCI_FN32_SYSTEM_RESET2);
	power_make(&a);
	psci_machine_boot(&a.f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&a.f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN32_PSCI_VERSION, 0, 0, 0), PSCI_VERSION_1_1);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_SYSTEM_OFF2, 0, 0, 0),
			     PSCI_RET_NOT_SUPPORTED);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_SYSTEM_RESET2, 0, 0, 0),
			     PSCI_RET_NOT_SUPPORTED);
}

/* Clocks differ; the time that has passed on one counts on the other. */
static void restored_machine_continues_a_stay_on_another_clock(void **state)
{
	struct power a;
	struct power b;

	power_boot_many(&a, 6);
	power_suspend(&a, 1, POWER_STANDBY);
	a.time += 100;
	power_wake(&a, 1);
	power_suspend(&a, 1, POWER_STANDBY);
	a.time += 30;
	state_make_fresh(&b, PSCI_VERSION_1_3);

	struct record r = psci_record_save(&a);

	assert_int_equal(psci_machine_restore(&b.f.machine, r.bytes, r.size), PSCI_OK);
	free(r.bytes);
	b.time += 4;
	power_wake(&b, 1);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN64_PSCI_STAT_COUNT, 1, POWER_STANDBY, 0), 2);
	assert_int_equal(fixture_call(&b.f, 0, PSCI_FN64_PSCI_STAT_RESIDENCY, 1, POWER_STANDBY, 0),
			 134);
}

static void restored_machine_of_0_1_keeps_its_function_ids(void **state)
{
	struct fixture f;
	struct power b;
	uint8_t record[1024];

	fixture_configure(&f, PSCI_VERSION_0_1);
	f.config.fids_0_1.cpu_on = 0x95c1ba60;
	fixture_make(&f);
	psci_machine_boot(&f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&f.vcpus[0], &(struct psci_entry){ 0 }), PSCI_NEXT_START);
	assert_int_equal(psci_machine_save(&f.machine, record, sizeof(record)), PSCI_OK);
	fixture_configure(&b.f, 0);
	fixture_make(&b.f);
	assert_int_equal(
		psci_machine_restore(&b.f.machine, record, psci_machine_save_size(&f.machine)),
		PSCI_OK);
	assert_int_equal(fixture_call(&b.f, 0, 0x95c1ba60, 1, FIXTURE_ENTRY, 0), 0);
	fixture_answers_only(&b.f, 0, fixture_regs(PSCI_FN64_CPU_ON, 0x100, FIXTURE_ENTRY, 0),
			     PSCI_RET_NOT_SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_has_the_bytes_of_its_format),
		cmocka_unit_test(save_into_a_buffer_that_is_too_small_writes_nothing),
		cmocka_unit_test(restored_vcpus_have_the_states_that_were_saved),
		cmocka_unit_test(restored_machine_whose_vcpus_all_sleep_wakes),
		cmocka_unit_test(restored_machine_that_is_suspended_resumes),
		cmocka_unit_test(restored_machine_still_has_its_event),
		cmocka_unit_test(restored_machine_has_the_version_and_functions_of_its_record),
		cmocka_unit_test(restored_machine_continues_a_stay_on_another_clock),
		cmocka_unit_test(restored_machine_of_0_1_keeps_its_function_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
