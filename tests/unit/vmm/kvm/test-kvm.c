/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hosts on which dormouse cannot run, each with a message of its own: no KVM, no
 * permission, something else of that name, another machine's KVM, a kernel that is too
 * old. And what is taken over from a host on which it can.
 *
 * open(), ioctl() and uname() are this program's own: they define the host.
 */
#include "kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

/* --- a host --- */

#define RUN_SIZE 8192

static struct host {
	int open_errno;
	int version; /* Or a negative errno. */
	int run_size; /* The same. */
	unsigned int lacking; /* A capability, or none. */
	int ipa_bits;
	int cpus;
	int interruptions; /* How often KVM_CREATE_VM is interrupted. */
	int create_errno; /* With which it fails then, or 0. */
} host;

static const struct host good_host = {
	.version = KVM_API_VERSION,
	.run_size = RUN_SIZE,
	.lacking = UINT32_MAX,
	.ipa_bits = 44,
	.cpus = 512,
};

int open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/kvm") != 0)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
	if (host.open_errno) {
		errno = host.open_errno;

		return -1;
	}

	return eventfd(0, EFD_CLOEXEC);
}

static int result(int value)
{
	if (value >= 0)
		return value;
	errno = -value;

	return -1;
}

static int check_extension(unsigned int capability)
{
	if (capability == host.lacking)
		return 0;
	switch (capability) {
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return host.ipa_bits;
	case KVM_CAP_MAX_VCPUS:
		return host.cpus;
	default:
		return 1;
	}
}

int ioctl(int fd, unsigned long number, ...)
{
	va_list args;
	unsigned long argument;

	va_start(args, number);
	argument = va_arg(args, unsigned long);
	va_end(args);
	switch (number) {
	case KVM_GET_API_VERSION:
		return result(host.version);
	case KVM_GET_VCPU_MMAP_SIZE:
		return result(host.run_size);
	case KVM_CHECK_EXTENSION:
		return check_extension((unsigned int)argument);
	case KVM_CREATE_VM:
		if (host.interruptions-- > 0)
			return result(-EINTR);
		return host.create_errno ? result(-host.create_errno) : (int)argument;
	default:
		return result(-ENOTTY);
	}
}

int uname(struct utsname *name)
{
	*name = (struct utsname){ .release = "5.10.0-test" };

	return 0;
}

/* --- dormouse's messages --- */

/* No file stays open, or the next one would have another number. */
static int next_fd(void)
{
	const int fd = eventfd(0, EFD_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);

	return fd;
}

static void assert_refused(int wanted, const char *sentence)
{
	const int before = next_fd();
	struct error error = { "" };
	struct kvm kvm;

	assert_int_equal(kvm_open(&kvm, &error), wanted);
	assert_string_equal(error.text, sentence);
	assert_int_equal(next_fd(), before);
}

static void a_host_with_all_capabilities_is_accepted(void **state)
{
	struct error error = { "" };
	struct kvm kvm;

	host = good_host;
	assert_int_equal(kvm_open(&kvm, &error), 0);
	assert_string_equal(error.text, "");
	assert_int_equal(kvm.run_size, RUN_SIZE);
	assert_int_equal(kvm.ipa_bits, 44);
	assert_int_equal(kvm.cpus_max, 512);
	assert_string_equal(kvm.release, "5.10.0-test");
	kvm_close(&kvm);
}

static void a_kernel_that_does_not_report_its_limits_gets_defaults(void **state)
{
	struct error error = { "" };
	struct kvm kvm;

	host = good_host;
	host.ipa_bits = 0;
	host.cpus = 0;
	assert_int_equal(kvm_open(&kvm, &error), 0);
	assert_int_equal(kvm.ipa_bits, 40);
	assert_int_equal(kvm.cpus_max, 1);
	kvm_close(&kvm);
}

static void a_host_without_dev_kvm_is_refused_with_the_reason(void **state)
{
	host = good_host;
	host.open_errno = ENOENT;
	assert_refused(-ENOENT, "there is no /dev/kvm: this machine, or the kernel it runs, has no "
				"KVM, or was not started at EL2");
	host.open_errno = EACCES;
	assert_refused(-EACCES, "no permission to use /dev/kvm: is your user in the group kvm?");
	host.open_errno = EPERM;
	assert_refused(-EPERM, "no permission to use /dev/kvm: is your user in the group kvm?");
	host.open_errno = ENODEV;
	assert_refused(-ENODEV, "cannot open /dev/kvm: No such device");
}

static void a_dev_kvm_that_is_not_kvm_is_refused(void **state)
{
	host = good_host;
	host.version = -ENOTTY;
	assert_refused(-ENODEV, "/dev/kvm is not KVM: KVM_GET_API_VERSION says Inappropriate ioctl "
				"for device");
	host.version = KVM_API_VERSION + 1;
	assert_refused(-ENODEV, "/dev/kvm is not KVM: KVM_GET_API_VERSION says another version");
}

static void a_kvm_of_another_architecture_is_refused_as_such(void **state)
{
	host = good_host;
	host.lacking = KVM_CAP_ARM_PSCI;
	assert_refused(-ENODEV, "/dev/kvm is the KVM of a machine that is not arm64");
}

/* Each capability that is needed, with the release that introduced it. */
static void an_old_kernel_is_refused_with_what_it_lacks(void **state)
{
	char sentence[256];

	for (size_t i = 0; i < KVM_REQUIREMENT_COUNT; i++) {
		host = good_host;
		host.lacking = (unsigned int)kvm_requirements[i].capability;
		snprintf(sentence, sizeof(sentence),
			 "this host's Linux 5.10.0-test is too old: its KVM lacks %s, which came "
			 "with %s",
			 kvm_requirements[i].name, kvm_requirements[i].since);
		assert_refused(-ENOTSUP, sentence);
	}
}

static void a_kvm_run_page_without_a_size_is_refused(void **state)
{
	host = good_host;
	host.run_size = -EIO;
	assert_refused(-EIO, "KVM_GET_VCPU_MMAP_SIZE on /dev/kvm: Input/output error");
}

/* As by the signals that stop a process and continue it, while its guest resets. */
static void creating_a_vm_is_repeated_after_a_signal(void **state)
{
	const struct kvm kvm = { .fd = -1 };
	struct error error = { "" };

	host = good_host;
	host.interruptions = 7;
	assert_int_equal(kvm_create_vm(&kvm, 36, &error), 36);
	assert_string_equal(error.text, "");
	assert_int_equal(host.interruptions, -1);
	host.interruptions = 1;
	host.create_errno = ENOMEM;
	assert_int_equal(kvm_create_vm(&kvm, 36, &error), -ENOMEM);
	assert_string_equal(error.text, "KVM_CREATE_VM: Cannot allocate memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_with_all_capabilities_is_accepted),
		cmocka_unit_test(a_kernel_that_does_not_report_its_limits_gets_defaults),
		cmocka_unit_test(a_host_without_dev_kvm_is_refused_with_the_reason),
		cmocka_unit_test(a_dev_kvm_that_is_not_kvm_is_refused),
		cmocka_unit_test(a_kvm_of_another_architecture_is_refused_as_such),
		cmocka_unit_test(an_old_kernel_is_refused_with_what_it_lacks),
		cmocka_unit_test(a_kvm_run_page_without_a_size_is_refused),
		cmocka_unit_test(creating_a_vm_is_repeated_after_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
