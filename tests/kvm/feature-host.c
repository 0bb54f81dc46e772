/* SPDX-License-Identifier: BSD-3-Clause */
#include "feature-host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake-kvm.h"
#include "kvm/registers.h"

#define REGISTERS_MAX 128
#define BYTES_MAX 256
#define VCPUS_MAX 4
#define ALL_COUNTERS (1ULL << 31 | ((1ULL << HOST_COUNTERS) - 1))

struct feature_host feature_host;

static struct {
	uint64_t id;
	bool constant;
	uint8_t bytes[BYTES_MAX];
} registers[REGISTERS_MAX];
static size_t register_count;
static int vcpu_fds[VCPUS_MAX];
static unsigned int vcpus_made; /* By KVM_ARM_VCPU_INIT, in this VM. */

static size_t size_of(uint64_t id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

static void add(uint64_t id, uint64_t value, bool constant)
{
	registers[register_count].id = id;
	registers[register_count].constant = constant;
	memset(registers[register_count].bytes, 0, BYTES_MAX);
	memcpy(registers[register_count].bytes, &value, sizeof(value));
	register_count++;
}

static bool has(unsigned int feature)
{
	return feature_host.features >> feature & 1;
}

/* What a vCPU has after KVM_ARM_VCPU_INIT: some is UNKNOWN, as in Linux. */
static void reset(void)
{
	const uint64_t unknown = 0x1de7ec7edbadc0de;

	register_count = 0;
	add(KVM_REGISTER_SCTLR_EL1, 0x30d00800, false);
	add(KVM_REGISTER_PSTATE, 0x3c5, false);
	add(KVM_REGISTER_CORE(U32, fp_regs.fpsr), 0, false);
	add(KVM_REGISTER_CORE(U32, fp_regs.fpcr), 0, false);
	if (has(KVM_ARM_VCPU_PTRAUTH_ADDRESS))
		add(HOST_APIAKEYLO, unknown, false);
	if (has(KVM_ARM_VCPU_PMU_V3)) {
		add(HOST_PMINTENSET, unknown & ALL_COUNTERS, false);
		add(HOST_PMINTENCLR, 0, false);
		add(HOST_PMCR, HOST_COUNTERS << 11, false);
		add(HOST_PMCNTENSET, unknown & ALL_COUNTERS, false);
		add(HOST_PMCNTENCLR, 0, false);
		add(HOST_PMOVSCLR, 0, false);
		add(HOST_PMOVSSET, unknown & ALL_COUNTERS, false);
		for (unsigned int i = 0; i < 31; i++)
			add(HOST_PMEVCNTR(i), 0, false);
	}
	if (!has(KVM_ARM_VCPU_SVE))
		return;
	add(HOST_ZCR, 0, false);
	add(KVM_REG_ARM64_SVE_VLS, feature_host.lengths, true);
	for (unsigned int i = 0; i < 32; i++)
		add(KVM_REG_ARM64_SVE_ZREG(i, 0), 0, false);
	for (unsigned int i = 0; i < 16; i++)
		add(KVM_REG_ARM64_SVE_PREG(i, 0), 0, false);
	add(KVM_REG_ARM64_SVE_FFR(0), 0, false);
}

static uint8_t *find(uint64_t id)
{
	for (size_t i = 0; i < register_count; i++)
		if (registers[i].id == id)
			return registers[i].bytes;

	return NULL;
}

uint64_t feature_host_value(uint64_t id)
{
	const uint8_t *bytes = find(id);
	uint64_t value = 0;

	if (bytes)
		memcpy(&value, bytes, sizeof(value));

	return value;
}

void feature_host_set(uint64_t id, uint64_t value)
{
	memcpy(find(id), &value, sizeof(value));
}

static bool is_pair(uint64_t id)
{
	return id == HOST_PMCNTENSET || id == HOST_PMINTENSET || id == HOST_PMOVSSET;
}

/* There are no other bits than those of counters. */
static void limit(uint64_t id)
{
	feature_host_set(id, feature_host_value(id) & ALL_COUNTERS);
}

void feature_host_fill(uint8_t byte)
{
	for (size_t i = 0; i < register_count; i++) {
		if (registers[i].constant || registers[i].id == HOST_PMCR)
			continue;
		memset(registers[i].bytes, byte, size_of(registers[i].id));
		if (is_pair(registers[i].id))
			limit(registers[i].id);
	}
}

bool feature_host_vectors_are_zero(void)
{
	static const uint8_t zeroes[BYTES_MAX];

	for (size_t i = 0; i < register_count; i++)
		if ((registers[i].id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE &&
		    !registers[i].constant && memcmp(registers[i].bytes, zeroes, BYTES_MAX) != 0)
			return false;

	return true;
}

/* The one of a pair that has the state, for either. */
static uint64_t state_of(uint64_t id, bool *clears)
{
	*clears = true;
	switch (id) {
	case HOST_PMCNTENCLR:
		return HOST_PMCNTENSET;
	case HOST_PMINTENCLR:
		return HOST_PMINTENSET;
	case HOST_PMOVSCLR:
		return HOST_PMOVSSET;
	default:
		*clears = false;

		return id;
	}
}

static int set_pair(uint64_t id, bool clears, const void *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	value &= ALL_COUNTERS;
	if (feature_host.pairs_set_and_clear)
		value = clears ? feature_host_value(id) & ~value : feature_host_value(id) | value;
	feature_host_set(id, value);

	return 0;
}

/* All lengths of the host up to the greatest, before it is final; then none. */
static int set_lengths(const void *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	if (feature_host.finalized >= vcpus_made)
		return EPERM;
	for (unsigned int i = 0; i < 64; i++)
		if (value && value == (feature_host.lengths & UINT64_MAX >> i))
			return memcpy(find(KVM_REG_ARM64_SVE_VLS), bytes, 64) ? 0 : EINVAL;

	return EINVAL;
}

static int access_register(const struct kvm_one_reg *reg, bool set)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
	void *bytes = (void *)(uintptr_t)reg->addr;
	bool clears;
	const uint64_t id = state_of(reg->id, &clears);
	uint8_t *at = find(id);

	if (!at)
		return ENOENT;
	if (!set)
		memcpy(bytes, at, size_of(id));
	else if (id == KVM_REG_ARM64_SVE_VLS)
		return set_lengths(bytes);
	else if (is_pair(id))
		return set_pair(id, clears, bytes);
	else
		memcpy(at, bytes, size_of(id));

	return 0;
}

/* Whether this KVM has the register and not the other one, which has the usual ones. */
static bool is_ours(uint64_t id)
{
	bool clears;

	/* SIMD's registers are a part of SVE's. */
	return find(state_of(id, &clears)) || (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SVE ||
	       (has(KVM_ARM_VCPU_SVE) && (id & KVM_REG_SIZE_MASK) == KVM_REG_SIZE_U128);
}

static int list(struct kvm_reg_list *list)
{
	const size_t room = list->n;

	if (has(KVM_ARM_VCPU_SVE) && feature_host.finalized < vcpus_made) {
		feature_host.is_wrong = true;
		return EPERM;
	}
	list->n = register_count;
	if (room < register_count)
		return E2BIG;
	for (size_t i = 0; i < register_count; i++)
		list->reg[i] = registers[i].id;

	return 0;
}

static bool offers(int capability, int *ret)
{
	switch (capability) {
	case KVM_CAP_ARM_PMU_V3:
		*ret = feature_host.has_pmu;
		break;
	case KVM_CAP_ARM_PTRAUTH_ADDRESS:
		*ret = feature_host.has_address_auth;
		break;
	case KVM_CAP_ARM_PTRAUTH_GENERIC:
		*ret = feature_host.has_generic_auth;
		break;
	case KVM_CAP_ARM_SVE:
		*ret = feature_host.has_sve;
		break;
	default:
		return false;
	}
	feature_host.extensions++;

	return true;
}

static int init(const struct kvm_vcpu_init *init)
{
	if (feature_host.init_err)
		return feature_host.init_err;
	feature_host.features = init->features[0];
	feature_host.inits++;
	vcpus_made++;
	reset();

	return 0;
}

static int set_attribute(const struct kvm_device_attr *attr)
{
	if (feature_host.pmu_err)
		return feature_host.pmu_err;
	if (!feature_host.gic_ready)
		feature_host.is_wrong = true;
	if (attr->attr == KVM_ARM_VCPU_PMU_V3_IRQ) {
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): KVM's interface passes it as a number. */
		memcpy(&feature_host.pmu_irq, (void *)(uintptr_t)attr->addr, sizeof(uint32_t));
		return 0;
	}
	if (!feature_host.pmu_irq)
		feature_host.is_wrong = true;
	feature_host.pmus++;

	return 0;
}

/* A vCPU's attributes are its PMU's; the GIC and the VM have others of these numbers. */
static bool is_vcpu(int fd)
{
	for (size_t i = 0; i < VCPUS_MAX; i++)
		if (vcpu_fds[i] == fd)
			return true;

	return false;
}

static int create_vcpu(size_t index)
{
	const int fd = fake_kvm_create_vcpu(index);

	if (index < VCPUS_MAX)
		vcpu_fds[index] = fd;

	return fd;
}

static bool answer(int fd, unsigned long request, void *argument, int *ret)
{
	const struct kvm_device_attr *attr = argument;
	const struct kvm_one_reg *reg = argument;
	int err = 0;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		return offers((int)(uintptr_t)argument, ret);
	case KVM_CREATE_VCPU:
		*ret = create_vcpu((size_t)(uintptr_t)argument);
		return true;
	case KVM_CREATE_VM:
		feature_host.gic_ready = false;
		feature_host.finalized = 0;
		vcpus_made = 0;
		/* Descriptors of a former VM may be others' now. */
		for (size_t i = 0; i < VCPUS_MAX; i++)
			vcpu_fds[i] = -1;
		return false;
	case KVM_ARM_VCPU_INIT:
		err = init(argument);
		break;
	case KVM_ARM_VCPU_FINALIZE:
		err = feature_host.finalize_err;
		feature_host.finalized += !err;
		break;
	case KVM_SET_DEVICE_ATTR:
		if (!is_vcpu(fd)) {
			feature_host.gic_ready |= attr->group == KVM_DEV_ARM_VGIC_GRP_CTRL;
			return false;
		}
		err = set_attribute(attr);
		break;
	case KVM_GET_REG_LIST:
		err = list(argument);
		break;
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		if (!is_ours(reg->id))
			return false;
		err = access_register(reg, request == KVM_SET_ONE_REG);
		break;
	default:
		return false;
	}
	*ret = err ? -1 : 0;
	errno = err;

	return true;
}

void feature_host_make(void)
{
	feature_host = (struct feature_host){
		.has_pmu = true,
		.has_address_auth = true,
		.has_generic_auth = true,
		.has_sve = true,
		.lengths = 3,
	};
	fake_kvm_answer = answer;
}
