/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How KVM_RUN may end, exit by exit: with what the guest continues, and which exits end
 * its machine, for which reason. docs/kvm.md lists them, too.
 */
#include "rig.h"

#include "host/memory-error.h"
#include "machine/vcpu.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOWHERE 0x20000000ULL

/* How the first KVM_RUN ends: by an error, or with an exit reason. */
static struct {
	int err;
	uint32_t reason;
	int events_err; /* KVM_SET_VCPU_EVENTS fails so. */
	bool no_events; /* KVM cannot give a guest an abort. */
} script;

static struct {
	unsigned int runs;
	unsigned int aborts;
	unsigned int asked; /* For exits of accesses that KVM cannot decode. */
	uint64_t mmio_value; /* The value that a read returned. */
} seen;

static int first_run(int fd)
{
	struct kvm_run *run = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);

	assert_ptr_not_equal(run, MAP_FAILED);
	run->exit_reason = script.reason;
	if (script.reason == KVM_EXIT_MMIO) {
		run->mmio.phys_addr = NOWHERE;
		run->mmio.len = 8;
		run->mmio.is_write = 0;
		memset(run->mmio.data, 0xa5, sizeof(run->mmio.data));
	} else {
		run->arm_nisv.fault_ipa = NOWHERE;
		run->arm_nisv.esr_iss = 0;
	}
	munmap(run, (size_t)sysconf(_SC_PAGESIZE));
	errno = script.err;

	return script.err ? -1 : 0;
}

/* The result of the exit, once it has come back; then it waits to be kicked. */
static int next_run(int fd)
{
	struct kvm_run *run = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);

	assert_ptr_not_equal(run, MAP_FAILED);
	memcpy(&seen.mmio_value, run->mmio.data, sizeof(seen.mmio_value));
	munmap(run, (size_t)sysconf(_SC_PAGESIZE));

	return fake_kvm_run(fd);
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_enable_cap *cap = argument;
	const struct kvm_vcpu_events *events = argument;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		*ret = (uintptr_t)argument == KVM_CAP_ARM_INJECT_EXT_DABT && !script.no_events;
		return (uintptr_t)argument == KVM_CAP_ARM_INJECT_EXT_DABT;
	case KVM_ENABLE_CAP:
		seen.asked += cap->cap == KVM_CAP_ARM_NISV_TO_USER;
		*ret = 0;
		return true;
	case KVM_RUN:
		*ret = seen.runs++ == 0 ? first_run(fd) : next_run(fd);
		return true;
	case KVM_SET_VCPU_EVENTS:
		assert_true(events->exception.ext_dabt_pending);
		assert_false(events->exception.serror_pending);
		seen.aborts++;
		errno = script.events_err;
		*ret = script.events_err ? -1 : 0;
		return true;
	default:
		return false;
	}
}

static struct rig rig;

/* Run it; returns once its vCPU is paused where the test wants, or has ended. */
static void run_until_it_goes_on(void)
{
	memset(&seen, 0, sizeof(seen));
	fake_kvm_answer = answer;
	rig_create(&rig, 1);
	rig_run(&rig);
}

/* The machine continues: it can be paused, after a second KVM_RUN or before it. */
static void assert_goes_on(void)
{
	run_until_it_goes_on();
	while (*(volatile unsigned int *)&seen.runs < 2 && !atomic_load(&rig.vm.stopping))
		;
	assert_false(atomic_load(&rig.vm.stopping));
	assert_true(vm_hold(&rig.vm));
	vm_release(&rig.vm);
	rig_destroy(&rig);
}

static void assert_crashes(const char *reason)
{
	struct cause cause;

	run_until_it_goes_on();
	cause = rig_wait(&rig);
	assert_int_equal(cause.trigger, VM_TRIGGER_CRASH);
	if (strncmp(cause.what, reason, strlen(reason)) != 0)
		assert_string_equal(cause.what, reason);
	assert_int_equal(seen.runs, 1);
	rig_destroy(&rig);
}

static void an_access_without_a_syndrome_gives_the_guest_an_abort(void **state)
{
	static const uint32_t reasons[] = { KVM_EXIT_ARM_NISV, KVM_EXIT_ARM_LDST64B };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		memset(&script, 0, sizeof(script));
		script.reason = reasons[i];
		assert_goes_on();
		assert_int_equal(seen.aborts, 1);
		assert_int_equal(seen.asked, 1);
	}
	script.events_err = EPERM;
	assert_crashes("KVM_SET_VCPU_EVENTS: Operation not permitted");
}

static void an_access_without_a_syndrome_is_a_crash_on_a_kvm_without_aborts(void **state)
{
	memset(&script, 0, sizeof(script));
	script.no_events = true;
	script.err = ENOSYS;
	assert_crashes(
		"an instruction that KVM cannot decode accessed an address without memory, and "
		"this host's KVM has no KVM_CAP_ARM_NISV_TO_USER, at PC 0x");
	assert_int_equal(seen.asked, 0);
	assert_int_equal(seen.aborts, 0);
}

static void a_read_of_an_address_without_a_device_returns_zero(void **state)
{
	memset(&script, 0, sizeof(script));
	script.reason = KVM_EXIT_MMIO;
	assert_goes_on();
	assert_int_equal(seen.aborts, 0);
	assert_int_equal(seen.mmio_value, 0);
}

static void an_interrupted_kvm_run_is_repeated(void **state)
{
	memset(&script, 0, sizeof(script));
	script.err = EINTR;
	assert_goes_on();
	script.err = EAGAIN;
	assert_goes_on();
}

static void an_exit_or_error_that_no_guest_can_cause_is_a_crash(void **state)
{
	static const struct {
		uint32_t reason;
		const char *said;
	} reasons[] = {
		{ KVM_EXIT_UNKNOWN, "KVM_RUN ended with exit reason 0" },
		{ KVM_EXIT_DEBUG, "KVM_RUN ended with exit reason 4" },
		{ KVM_EXIT_FAIL_ENTRY, "KVM_RUN ended with exit reason 9" },
		{ KVM_EXIT_INTERNAL_ERROR, "KVM_RUN ended with exit reason 17" },
		{ 1000, "KVM_RUN ended with exit reason 1000" },
	};
	static const struct {
		int err;
		const char *said;
	} errors[] = {
		{ ENOMEM, "KVM_RUN: Cannot allocate memory" },
		{ EFAULT, "KVM_RUN: Bad address: the host cannot give the guest a page" },
		{ ENOEXEC, "KVM_RUN: Exec format error" },
		{ EIO, "KVM_RUN: Input/output error" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		memset(&script, 0, sizeof(script));
		script.reason = reasons[i].reason;
		assert_crashes(reasons[i].said);
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		memset(&script, 0, sizeof(script));
		script.err = errors[i].err;
		assert_crashes(errors[i].said);
	}
}

/* As KVM does where the guest touches a page of which the host has lost the contents. */
static bool answer_with_broken_memory(int fd, unsigned long request, void *argument, int *ret)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = BUS_MCEERR_AR };
	struct sigaction action;

	if (request != KVM_RUN)
		return answer(fd, request, argument, ret);
	seen.runs++;
	info.si_addr = rig.vm.memory.host + 0x5000;
	/* As the signal would: the kernel lets only the first thread send itself this. */
	assert_int_equal(sigaction(SIGBUS, NULL, &action), 0);
	action.sa_sigaction(SIGBUS, &info, NULL);
	errno = EINTR;
	*ret = -1;

	return true;
}

static void broken_memory_of_the_host_is_a_crash_with_the_reason(void **state)
{
	struct cause cause;

	memset(&script, 0, sizeof(script));
	memset(&seen, 0, sizeof(seen));
	fake_kvm_answer = answer_with_broken_memory;
	rig_create(&rig, 1);
	rig_run(&rig);
	cause = rig_wait(&rig);
	assert_int_equal(cause.trigger, VM_TRIGGER_CRASH);
	assert_non_null(strstr(cause.what, "the guest used memory at 0x40005000 that is broken on "
					   "this host (SIGBUS), at PC 0x"));
	rig_destroy(&rig);
}

/* Run @touch in a process of its own, and expect that it prints @said and dies of SIGBUS. */
static void assert_dies(void (*touch)(void), const char *said)
{
	char text[256] = "";
	int ends[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct error error;

		dup2(ends[1], STDERR_FILENO);
		if (memory_error_setup(&error) == 0)
			touch();
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) >= 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	assert_string_equal(text, said);
}

static void touch_behind_the_end(void)
{
	const int fd = memfd_create("short", MFD_CLOEXEC);
	volatile char *bytes = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	(void)bytes[0];
}

static void touch_broken(void)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = BUS_MCEERR_AO };
	struct sigaction action;

	(void)sigaction(SIGBUS, NULL, &action);
	/* This one has not been touched. */
	action.sa_sigaction(SIGBUS, &info, NULL);
	info.si_code = BUS_MCEERR_AR;
	action.sa_sigaction(SIGBUS, &info, NULL);
}

static void a_sigbus_in_dormouse_itself_is_reported_before_it_ends(void **state)
{
	assert_dies(touch_behind_the_end, "dormouse: a mapped file has become shorter (SIGBUS)\n");
	assert_dies(touch_broken, "dormouse: dormouse needs a page of this host's memory that is "
				  "broken (SIGBUS)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_access_without_a_syndrome_gives_the_guest_an_abort),
		cmocka_unit_test(an_access_without_a_syndrome_is_a_crash_on_a_kvm_without_aborts),
		cmocka_unit_test(a_read_of_an_address_without_a_device_returns_zero),
		cmocka_unit_test(an_interrupted_kvm_run_is_repeated),
		cmocka_unit_test(an_exit_or_error_that_no_guest_can_cause_is_a_crash),
		cmocka_unit_test(broken_memory_of_the_host_is_a_crash_with_the_reason),
		cmocka_unit_test(a_sigbus_in_dormouse_itself_is_reported_before_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
