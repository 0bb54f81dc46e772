/* SPDX-License-Identifier: BSD-3-Clause */
/* The requests that vmm/kvm/ makes of KVM by a descriptor, and how it reads the answers. */
#include "fake-kvm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <cmocka.h>

#include "kvm/attach.h"
#include "kvm/gic.h"
#include "kvm/vcpu.h"

#define FD 1000 /* Of no file: this program answers all calls. */

/** The last call, and its answer. */
static struct {
	unsigned long request;
	unsigned int count;
	int err; /* 0, or the errno. */
	union {
		struct kvm_vcpu_events events;
		struct kvm_vcpu_init init;
		struct kvm_create_device device;
		struct kvm_enable_cap cap;
		struct kvm_ioeventfd doorbell;
		struct kvm_irqfd irqfd;
		struct kvm_device_attr attr;
	} argument;
	uint64_t value; /* Where an attribute points to, or is to. */
	struct kvm_vcpu_events answer;
} kvm;

static void copy(const void *argument, size_t size)
{
	memcpy(&kvm.argument, argument, size);
}

/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
#define AT(attr) ((void *)(uintptr_t)(attr)->addr)

static void access_attribute(const struct kvm_device_attr *attr, bool set)
{
	const size_t size = attr->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS ? 8 : 4;

	copy(attr, sizeof(*attr));
	if (set)
		kvm.value = 0;
	memcpy(set ? &kvm.value : AT(attr), set ? AT(attr) : &kvm.value, size);
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	if (fd != FD)
		return false;
	kvm.request = request;
	kvm.count++;
	errno = kvm.err;
	*ret = kvm.err ? -1 : 0;
	if (kvm.err)
		return true;
	switch (request) {
	case KVM_GET_VCPU_EVENTS:
		memcpy(argument, &kvm.answer, sizeof(kvm.answer));
		break;
	case KVM_SET_VCPU_EVENTS:
		copy(argument, sizeof(struct kvm_vcpu_events));
		break;
	case KVM_ARM_PREFERRED_TARGET:
		memset(argument, 0, sizeof(struct kvm_vcpu_init));
		break;
	case KVM_ARM_VCPU_INIT:
		copy(argument, sizeof(struct kvm_vcpu_init));
		break;
	case KVM_CREATE_VCPU:
		*ret = 7;
		break;
	case KVM_CREATE_DEVICE:
		copy(argument, sizeof(struct kvm_create_device));
		break;
	case KVM_ENABLE_CAP:
		copy(argument, sizeof(struct kvm_enable_cap));
		break;
	case KVM_CHECK_EXTENSION:
		*ret = 1;
		break;
	case KVM_GET_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		access_attribute(argument, request == KVM_SET_DEVICE_ATTR);
		break;
	case KVM_IOEVENTFD:
		copy(argument, sizeof(struct kvm_ioeventfd));
		break;
	case KVM_IRQFD:
		copy(argument, sizeof(struct kvm_irqfd));
		break;
	default:
		break;
	}

	return true;
}

static int set_up(void **state)
{
	memset(&kvm, 0, sizeof(kvm));
	fake_kvm_answer = answer;

	return 0;
}

static int tear_down(void **state)
{
	fake_kvm_answer = NULL;

	return 0;
}

/* --- a vCPU --- */

static void a_new_vcpu_has_psci_and_may_begin_off(void **state)
{
	struct kvm_vcpu_init init;

	assert_int_equal(kvm_create_vcpu(FD, 3), 7);
	assert_int_equal(kvm_preferred_init(FD, false, &init), 0);
	assert_int_equal(init.features[0], 1U << KVM_ARM_VCPU_PSCI_0_2);
	assert_int_equal(kvm_preferred_init(FD, true, &init), 0);
	assert_int_equal(init.features[0],
			 1U << KVM_ARM_VCPU_PSCI_0_2 | 1U << KVM_ARM_VCPU_POWER_OFF);
	assert_int_equal(kvm_init_vcpu(FD, &init), 0);
	assert_int_equal(kvm.request, KVM_ARM_VCPU_INIT);
	assert_memory_equal(&kvm.argument.init, &init, sizeof(init));
}

static void a_call_that_kvm_refuses_returns_its_errno(void **state)
{
	struct kvm_vcpu_init init = { 0 };
	const struct kvm_serror serror = { .pending = true };
	uint64_t value = 5;

	kvm.err = ENOTTY;
	assert_int_equal(kvm_create_vcpu(FD, 0), -ENOTTY);
	assert_int_equal(kvm_preferred_init(FD, false, &init), -ENOTTY);
	assert_int_equal(kvm_init_vcpu(FD, &init), -ENOTTY);
	assert_int_equal(kvm_run_vcpu(FD), -ENOTTY);
	assert_int_equal(kvm_set_serror(FD, &serror), -ENOTTY);
	assert_int_equal(kvm_inject_data_abort(FD), -ENOTTY);
	assert_int_equal(kvm_report_system_suspend(FD), -ENOTTY);
	assert_int_equal(gic_get_register(FD, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, &value), -ENOTTY);
	assert_int_equal(value, 0);
	assert_int_equal(gic_set_register(FD, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, 1), -ENOTTY);
	assert_false(gic_offered(FD));
}

static void a_pending_serror_is_read_and_set_again(void **state)
{
	struct kvm_serror serror;

	kvm.answer.exception.serror_pending = 1;
	kvm.answer.exception.serror_has_esr = 1;
	kvm.answer.exception.serror_esr = 0x1234;
	kvm_get_serror(FD, &serror);
	assert_true(serror.pending);
	assert_true(serror.has_esr);
	assert_int_equal(serror.esr, 0x1234);
	assert_int_equal(kvm_set_serror(FD, &serror), 0);
	assert_int_equal(kvm.request, KVM_SET_VCPU_EVENTS);
	assert_memory_equal(&kvm.argument.events, &kvm.answer, sizeof(kvm.answer));
}

static void setting_no_pending_serror_does_not_call_kvm(void **state)
{
	struct kvm_serror serror = { .pending = true };

	/* A kernel that does not know the request. */
	kvm.err = EINVAL;
	kvm_get_serror(FD, &serror);
	assert_false(serror.pending);
	kvm.count = 0;
	assert_int_equal(kvm_set_serror(FD, &serror), 0);
	assert_int_equal(kvm.count, 0);
}

static void an_undecoded_access_is_answered_with_an_abort(void **state)
{
	const struct kvm_vcpu_events wanted = { .exception.ext_dabt_pending = 1 };

	assert_int_equal(kvm_inject_data_abort(FD), 0);
	assert_memory_equal(&kvm.argument.events, &wanted, sizeof(wanted));
}

/* --- a VM --- */

static void reports_of_suspensions_and_undecoded_accesses_are_enabled(void **state)
{
	assert_int_equal(kvm_report_system_suspend(FD), 0);
	assert_int_equal(kvm.argument.cap.cap, KVM_CAP_ARM_SYSTEM_SUSPEND);
	kvm_report_undecoded(FD);
	assert_int_equal(kvm.argument.cap.cap, KVM_CAP_ARM_NISV_TO_USER);
}

/* If KVM cannot inject an abort for an access, the guest would be stuck. */
static void reports_of_undecoded_accesses_are_not_enabled_without_aborts(void **state)
{
	kvm.err = EINVAL;
	kvm_report_undecoded(FD);
	assert_int_equal(kvm.request, KVM_CHECK_EXTENSION);
	assert_int_equal(kvm.count, 1);
}

/* --- its GIC --- */

static void registers_of_the_gic_are_accessed_in_their_width(void **state)
{
	static const uint64_t all = 0x1122334455667788;
	uint64_t value;

	kvm.value = all;
	assert_int_equal(gic_get_register(FD, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0x80, &value), 0);
	assert_int_equal(value, 0x55667788);
	assert_int_equal(kvm.argument.attr.attr, 0x80);
	assert_int_equal(gic_get_register(FD, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, 0, &value), 0);
	assert_true(value == all);
	assert_int_equal(gic_set_register(FD, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 4, all), 0);
	assert_int_equal(kvm.argument.attr.group, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS);
	assert_int_equal(kvm.value, 0x55667788);
	assert_int_equal(gic_set_register(FD, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, 4, all), 0);
	assert_true(kvm.value == all);
}

static void looking_for_a_gic_does_not_create_one(void **state)
{
	assert_true(gic_offered(FD));
	assert_int_equal(kvm.argument.device.type, KVM_DEV_TYPE_ARM_VGIC_V3);
	assert_int_equal(kvm.argument.device.flags, KVM_CREATE_DEVICE_TEST);
}

/* --- a device --- */

static void a_doorbell_and_an_interrupt_of_a_device_are_given_to_kvm(void **state)
{
	struct device device = {
		.base = 0xa000200, .doorbell = 0x50, .spi = 17, .doorbell_fd = 5, .irq_fd = -1
	};
	struct error error = { "" };

	assert_int_equal(kvm_attach_device(FD, &device, &error), 0);
	assert_int_equal(kvm.count, 1);
	assert_int_equal(kvm.argument.doorbell.addr, 0xa000250);
	assert_int_equal(kvm.argument.doorbell.len, 4);
	assert_int_equal(kvm.argument.doorbell.fd, 5);
	assert_int_equal(kvm.argument.doorbell.flags, 0);
	device.doorbell_fd = -1;
	device.irq_fd = 6;
	assert_int_equal(kvm_attach_device(FD, &device, &error), 0);
	assert_int_equal(kvm.count, 2);
	assert_int_equal(kvm.argument.irqfd.fd, 6);
	assert_int_equal(kvm.argument.irqfd.gsi, 17);
	kvm.err = ENOSPC;
	assert_int_equal(kvm_attach_device(FD, &device, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "KVM_IRQFD of SPI 17"));
}

static void a_device_without_doorbell_and_interrupt_does_not_call_kvm(void **state)
{
	const struct device device = { .doorbell_fd = -1, .irq_fd = -1 };
	struct error error;

	assert_int_equal(kvm_attach_device(FD, &device, &error), 0);
	assert_int_equal(kvm.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_vcpu_has_psci_and_may_begin_off),
		TEST(a_call_that_kvm_refuses_returns_its_errno),
		TEST(a_pending_serror_is_read_and_set_again),
		TEST(setting_no_pending_serror_does_not_call_kvm),
		TEST(an_undecoded_access_is_answered_with_an_abort),
		TEST(reports_of_suspensions_and_undecoded_accesses_are_enabled),
		TEST(reports_of_undecoded_accesses_are_not_enabled_without_aborts),
		TEST(registers_of_the_gic_are_accessed_in_their_width),
		TEST(looking_for_a_gic_does_not_create_one),
		TEST(a_doorbell_and_an_interrupt_of_a_device_are_given_to_kvm),
		TEST(a_device_without_doorbell_and_interrupt_does_not_call_kvm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
