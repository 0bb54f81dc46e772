/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A save that is interrupted, at any point: there is no file, and the machine is as
 * suspended as it was.
 */
#include "rig.h"

#include "base/interrupt.h"
#include "machine/vcpu.h"
#include "vpsci/vpsci.h"

#include <psci/abi.h>
#include <psci/psci.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned int yes_from;
static unsigned int asked;

static bool say_yes(void *context)
{
	return ++asked >= yes_from;
}

static atomic_bool runs;

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	if (request == KVM_RUN)
		runs = true;

	return false;
}

/* As after its guest's SYSTEM_SUSPEND, which its vCPU's thread has noticed. */
static void suspend(struct rig *rig)
{
	struct psci_regs regs = { .x = { PSCI_FN64_SYSTEM_SUSPEND, MEMORY_BASE, 7 } };
	struct vcpu *vcpu = &rig->vm.vcpus[0];

	vcpu->suspend = (struct vcpu_suspend){ .entry = MEMORY_BASE, .context = 7 };
	/* Before that, its vCPU is not on yet. */
	while (!runs)
		;
	assert_true(vm_hold(&rig->vm));
	assert_int_equal(psci_call(vcpu->psci, &regs), PSCI_NEXT_SYSTEM_SUSPEND);
	rig->record.state = VM_SUSPENDED;
	rig->control.life.state = VM_SUSPENDED;
	rig->record.suspension.known = true;
}

static void a_save_interrupted_at_any_point_leaves_the_guest_suspended_and_no_file(void **state)
{
	struct rig rig;
	char path[64];
	struct error error;
	unsigned int n = 0;
	int err;

	fake_kvm_answer = answer;
	rig_create(&rig, 1);
	rig_run(&rig);
	suspend(&rig);
	memset(rig.vm.memory.host, 0x5a, rig.vm.memory.size);
	snprintf(path, sizeof(path), "%s/saved", rig.dir);
	interrupt_ask(say_yes, NULL);
	do {
		yes_from = ++n;
		asked = 0;
		err = control_save(&rig.control, path, false, &error);
		if (!err)
			break;
		assert_int_equal(err, -ECANCELED);
		assert_non_null(strstr(error.text, "it was interrupted"));
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(rig.record.state, VM_SUSPENDED);
		assert_string_equal(rig.record.saved_id, "");
		assert_false(atomic_load(&rig.vm.stopping));
	} while (n < 100);
	/* A save that is not interrupted. */
	assert_int_equal(err, 0);
	assert_true(n > 2);
	assert_int_equal(access(path, F_OK), 0);
	interrupt_ask(NULL, NULL);
	(void)rig_wait(&rig);
	unlink(path);
	rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_save_interrupted_at_any_point_leaves_the_guest_suspended_and_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
