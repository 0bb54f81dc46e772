/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake-kvm.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <psci/abi.h>

#include "kvm/counter.h"
#include "machine/vcpu.h"

#define RUN_SIZE 4096
#define GIC_IIDR_OFFSET 8
#define GIC_IIDR 0x4b00243b

const struct kvm kvm_of_tests = {
	.fd = -1,
	.release = "6.12.0",
	.run_size = RUN_SIZE,
	.ipa_bits = 40,
	.cpus_max = 8,
};

#define MIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 0)
#define VBAR_EL1 ARM64_SYS_REG(3, 0, 12, 0, 0)
#define VECTOR_0 \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(fp_regs.vregs))

/** One of each kind. */
static const struct {
	uint64_t id;
	uint64_t value;
	bool constant;
} registers[] = {
	{ MIDR_EL1, 0x410fd083, true },
	{ KVM_REGISTER_MPIDR_EL1, 0, true },
	{ KVM_REGISTER_SCTLR_EL1, 0x30d00800, false },
	{ VBAR_EL1, 0, false },
	{ KVM_REG_ARM_TIMER_CNT, 1, false },
	{ KVM_REG_ARM_PTIMER_CNT, 1, true },
	{ KVM_REG_ARM_PSCI_VERSION, PSCI_VERSION_1_3, false },
	{ KVM_REGISTER_PC, 0x40080000, false },
	{ KVM_REGISTER_PSTATE, 0x3c5, false },
	{ VECTOR_0, 0, false },
};
#define REGISTER_COUNT (sizeof(registers) / sizeof(registers[0]))

bool (*fake_kvm_answer)(int fd, unsigned long request, void *argument, int *ret);

/** Of the VM that was made last, by index; there is one at a time. */
static int vcpu_fds[8];
#define VCPU_MAX (sizeof(vcpu_fds) / sizeof(vcpu_fds[0]))

uint64_t counter_frequency(void)
{
	return 62500000;
}

static int fail(int err)
{
	errno = err;

	return -1;
}

static int list(struct kvm_reg_list *list)
{
	const size_t room = list->n;

	list->n = REGISTER_COUNT;
	if (room < REGISTER_COUNT)
		return fail(E2BIG);
	for (size_t i = 0; i < REGISTER_COUNT; i++)
		list->reg[i] = registers[i].id;

	return 0;
}

static size_t size_of(uint64_t id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

static uint64_t mpidr_of(int fd)
{
	size_t i = 0;

	while (i < VCPU_MAX - 1 && vcpu_fds[i] != fd)
		i++;

	return 0x80000000 | i;
}

/* General registers exist, too, though they are not listed. */
static int access_register(int fd, const struct kvm_one_reg *reg, bool set)
{
	const uint64_t mpidr = mpidr_of(fd);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	uint8_t *bytes = (uint8_t *)(uintptr_t)reg->addr;
	uint8_t value[16] = { 0 };
	size_t i = 0;

	while (i < REGISTER_COUNT && registers[i].id != reg->id)
		i++;
	if (i == REGISTER_COUNT && (reg->id & KVM_REG_ARM_COPROC_MASK) != KVM_REG_ARM_CORE)
		return fail(ENOENT);
	if (size_of(reg->id) > sizeof(value))
		return fail(EINVAL);
	if (i < REGISTER_COUNT)
		memcpy(value, reg->id == KVM_REGISTER_MPIDR_EL1 ? &mpidr : &registers[i].value,
		       sizeof(registers[i].value));
	if (!set)
		memcpy(bytes, value, size_of(reg->id));
	else if (i < REGISTER_COUNT && registers[i].constant &&
		 memcmp(bytes, value, size_of(reg->id)) != 0)
		return fail(EINVAL);

	return 0;
}

static int access_device(const struct kvm_device_attr *attr, bool set)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	uint32_t *value = (uint32_t *)(uintptr_t)attr->addr;
	const bool is_iidr =
		attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS && attr->attr == GIC_IIDR_OFFSET;

	if (!value)
		return 0;
	if (set)
		return is_iidr && *value != GIC_IIDR ? fail(EINVAL) : 0;
	*value = is_iidr ? GIC_IIDR : (uint32_t)attr->attr;

	return 0;
}

/* A descriptor that can be mapped as a vCPU's. */
int fake_kvm_create_vcpu(size_t index)
{
	const int fd = memfd_create("vcpu", MFD_CLOEXEC);

	if (index < VCPU_MAX)
		vcpu_fds[index] = fd;
	if (fd >= 0 && ftruncate(fd, RUN_SIZE) < 0) {
		close(fd);

		return -1;
	}

	return fd;
}

static int create_device(struct kvm_create_device *device)
{
	const int fd = eventfd(0, EFD_CLOEXEC);

	device->fd = (uint32_t)fd;

	return fd < 0 ? -1 : 0;
}

int fake_kvm_run(int fd)
{
	struct kvm_run *run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (run == MAP_FAILED)
		return -1;
	/* What the kick's handler writes; if that came just before we wait, a moment later. */
	while (!*(volatile uint8_t *)&run->immediate_exit)
		(void)poll(NULL, 0, 1);
	munmap(run, RUN_SIZE);

	return fail(EINTR);
}

/* NOLINTBEGIN(readability-identifier-naming): the linker's names. */
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
/* NOLINTEND(readability-identifier-naming) */

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;
	int ret;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fake_kvm_answer && fake_kvm_answer(fd, request, argument, &ret))
		return ret;
	switch (request) {
	case KVM_RUN:
		return fake_kvm_run(fd);
	case KVM_CREATE_VM:
		return eventfd(0, EFD_CLOEXEC);
	case KVM_CREATE_VCPU:
		return fake_kvm_create_vcpu((size_t)(uintptr_t)argument);
	case KVM_CREATE_DEVICE:
		return create_device(argument);
	case KVM_GET_REG_LIST:
		return list(argument);
	case KVM_GET_ONE_REG:
		return access_register(fd, argument, false);
	case KVM_SET_ONE_REG:
		return access_register(fd, argument, true);
	case KVM_GET_DEVICE_ATTR:
		return access_device(argument, false);
	case KVM_SET_DEVICE_ATTR:
		return access_device(argument, true);
	case KVM_ARM_PREFERRED_TARGET:
		memset(argument, 0, sizeof(struct kvm_vcpu_init));
		return 0;
	case KVM_ARM_VCPU_INIT:
	case KVM_CHECK_EXTENSION:
	case KVM_ENABLE_CAP:
	case KVM_GET_MP_STATE:
	case KVM_HAS_DEVICE_ATTR:
	case KVM_IOEVENTFD:
	case KVM_IRQFD:
	case KVM_IRQ_LINE:
	case KVM_SET_MP_STATE:
	case KVM_SET_USER_MEMORY_REGION:
		return 0;
	default:
		return __real_ioctl(fd, request, argument);
	}
}
