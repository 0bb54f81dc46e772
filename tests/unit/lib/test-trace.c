/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace hook: one record for each call, whatever its result. */
#include "psci-fixture.h"

#include <string.h>

/** A host that keeps the last record. */
struct traced {
	struct fixture f;
	struct psci_trace last;
	unsigned int count;
};

static void on_trace(void *ctx, const struct psci_trace *call)
{
	struct traced *t = ctx; /* The fixture comes first. */

	assert_false(t->f.locked);
	t->last = *call;
	t->count++;
}

static void boot(struct traced *t)
{
	fixture_configure(&t->f, PSCI_VERSION_1_3);
	t->f.host.trace = on_trace;
	t->count = 0;
	fixture_make(&t->f);
	psci_machine_boot(&t->f.vcpus[0], &(struct psci_entry){ .pc = FIXTURE_BOOT_ENTRY });
	assert_int_equal(psci_vcpu_poll(&t->f.vcpus[0], &(struct psci_entry){ 0 }),
			 PSCI_NEXT_START);
	assert_int_equal(t->count, 0);
}

static void check_last(const struct traced *t, unsigned int i, struct psci_regs regs,
		       enum psci_next next, uint64_t result)
{
	assert_ptr_equal(t->last.vctx, &t->f.threads[i]);
	assert_memory_equal(t->last.x, regs.x, sizeof(regs.x));
	assert_int_equal(t->last.next, next);
	assert_int_equal(t->last.result, result);
}

static void each_call_is_traced_once(void **state)
{
	const uint64_t invalid = (uint64_t)PSCI_RET_INVALID_PARAMETERS;
	struct psci_regs regs = fixture_regs(PSCI_FN64_CPU_ON, FIXTURE_ABSENT_MPIDR, 4, 5);
	struct traced t;

	boot(&t);
	fixture_call(&t.f, 0, PSCI_FN64_CPU_ON, FIXTURE_ABSENT_MPIDR, 4, 5);
	assert_int_equal(t.count, 1);
	assert_true(t.last.carried_out);
	check_last(&t, 0, regs, PSCI_NEXT_RUN, invalid);

	fixture_call_aarch32(&t.f, 0, PSCI_FN32_CPU_ON, FIXTURE_ABSENT_MPIDR, 4, 5);
	regs.x[0] = PSCI_FN32_CPU_ON;
	check_last(&t, 0, regs, PSCI_NEXT_RUN, (uint32_t)invalid);

	regs = fixture_regs(PSCI_FN64_CPU_SUSPEND, 0, 6, 7);
	assert_int_equal(psci_call(&t.f.vcpus[0], &regs), PSCI_NEXT_SLEEP);
	regs.x[0] = PSCI_FN64_CPU_SUSPEND;
	check_last(&t, 0, regs, PSCI_NEXT_SLEEP, 0);
	assert_int_equal(t.count, 3);
}

static void call_that_is_not_carried_out_is_traced_once(void **state)
{
	const struct psci_regs regs = fixture_regs(PSCI_FN32_SYSTEM_OFF, 1, 2, 0);
	struct traced t;

	boot(&t);
	assert_int_equal(fixture_leave(&t.f, 1, PSCI_FN32_SYSTEM_OFF, 1, 2), PSCI_NEXT_WAIT);
	assert_false(t.last.carried_out);
	check_last(&t, 1, regs, PSCI_NEXT_WAIT, 0);
	assert_int_equal(fixture_leave(&t.f, 0, PSCI_FN32_SYSTEM_OFF, 1, 2), PSCI_NEXT_EXIT);
	assert_true(t.last.carried_out);
	check_last(&t, 0, regs, PSCI_NEXT_EXIT, 0);
	assert_int_equal(fixture_leave(&t.f, 0, PSCI_FN32_SYSTEM_OFF, 1, 2), PSCI_NEXT_EXIT);
	assert_false(t.last.carried_out);
	assert_int_equal(t.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_is_traced_once),
		cmocka_unit_test(call_that_is_not_carried_out_is_traced_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
