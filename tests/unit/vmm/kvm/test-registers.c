/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of a vCPU's registers, however many there are.
 *
 * ioctl() is this program's own: it defines the KVM.
 */
#include "kvm/registers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cmocka.h>

static uint64_t count; /* Of those that it has. */
static int failure; /* The errno of every call, or 0. */
static unsigned int calls;

int ioctl(int fd, unsigned long request, ...)
{
	struct kvm_reg_list *list;
	uint64_t room;
	va_list args;

	va_start(args, request);
	list = va_arg(args, struct kvm_reg_list *);
	va_end(args);
	assert_true(request == KVM_GET_REG_LIST);
	calls++;
	errno = failure;
	if (failure)
		return -1;
	room = list->n;
	list->n = count;
	errno = E2BIG;
	if (room < count)
		return -1;
	for (uint64_t i = 0; i < count; i++)
		list->reg[i] = 1000 + i;

	return 0;
}

static void lists(uint64_t wanted, unsigned int wanted_calls)
{
	struct kvm_reg_list *list;

	count = wanted;
	failure = 0;
	calls = 0;
	assert_int_equal(kvm_list_registers(0, &list), 0);
	assert_int_equal(list->n, count);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(list->reg[i], 1000 + i);
	assert_int_equal(calls, wanted_calls);
	free(list);
}

static void registers_are_listed_by_one_call(void **state)
{
	lists(0, 1);
	lists(331, 1);
}

static void more_registers_than_any_kvm_has_are_listed_by_two(void **state)
{
	lists(5000, 2);
}

static void a_failure_leaves_no_list(void **state)
{
	struct kvm_reg_list *list = (void *)&count;

	count = 1;
	failure = EPERM;
	assert_int_equal(kvm_list_registers(0, &list), -EPERM);
	assert_null(list);
	/* Which it says without a reason. */
	failure = E2BIG;
	assert_int_equal(kvm_list_registers(0, &list), -E2BIG);
	assert_null(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_are_listed_by_one_call),
		cmocka_unit_test(more_registers_than_any_kvm_has_are_listed_by_two),
		cmocka_unit_test(a_failure_leaves_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
