/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine/cpu-features.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "environment/set.h"
#include "kvm/cpu-features.h"
#include "kvm/pmu-registers.h"
#include "kvm/vcpu.h"
#include "machine/vcpu.h"

#define ON "on"
#define OFF "off"

/* "sve128", as QEMU calls the property. */
#define LENGTH_NAME_SIZE 16

static void name_length(unsigned int number, char name[LENGTH_NAME_SIZE])
{
	snprintf(name, LENGTH_NAME_SIZE, "%s%u", cpu_feature_name(CPU_FEATURE_SVE),
		 (number + 1) * SVE_LENGTH_UNIT);
}

static bool is_on(const char *line, const char *name)
{
	const struct part on = { (int)strlen(ON), ON };
	const struct part wanted = { (int)strlen(name), name };
	struct part value;

	return set_find(line, &wanted, &value) && part_equals(&value, &on);
}

/* No more than the guest had that left the line. */
static void limit(struct cpu_features *features, const char *line)
{
	for (enum cpu_feature i = 0; i < CPU_FEATURE_COUNT; i++)
		if (!is_on(line, cpu_feature_name(i)))
			features->set &= ~CPU_FEATURE_BIT(i);
	if (!cpu_features_has(features, CPU_FEATURE_SVE))
		return;
	for (unsigned int i = 0; i < SVE_LENGTH_COUNT; i++) {
		char name[LENGTH_NAME_SIZE];

		name_length(i, name);
		if (is_on(line, name))
			features->sve_lengths[i / 64] |= 1ULL << i % 64;
	}
}

void cpu_features_choose(struct vm *vm)
{
	const char *line =
		vm->environment ? vm->environment->values[ENVIRONMENT_CPU_FEATURES] : NULL;

	vm->features = (struct cpu_features){ 0 };
	if (vm->config->machine_version < BOARD_VERSION_3)
		return;
	vm->features.set = kvm_cpu_features_offered(vm->fd) & ~vm->config->cpu_features_off;
	if (line)
		limit(&vm->features, line);
}

/*
 * A host whose CPUs are not all alike may have no PMU for the CPU that this
 * thread runs on, though its KVM offers one.
 */
static int init_failed(const struct vcpu *vcpu, int err, struct error *error)
{
	const bool lacks_pmu =
		err == -ENODEV && cpu_features_has(&vcpu->vm->features, CPU_FEATURE_PMU);

	return error_set(
		error, err, "KVM_ARM_VCPU_INIT of vCPU %u: %s%s", vcpu->index, strerror(-err),
		lacks_pmu ? ", perhaps for want of a PMU: see --cpu-features pmu=off" : "");
}

/* vCPU 0 finds the lengths; the others get the same. */
static int finalize_sve(const struct vcpu *vcpu, struct error *error)
{
	static const uint64_t none[SVE_LENGTH_WORDS];
	uint64_t *lengths = vcpu->vm->features.sve_lengths;
	const bool known = memcmp(lengths, none, sizeof(none)) != 0;
	const int err = kvm_finalize_sve(vcpu->fd, known ? lengths : NULL, lengths);

	return err ? error_set(error, err, "KVM_ARM_VCPU_FINALIZE of vCPU %u with SVE: %s",
			       vcpu->index, strerror(-err))
		   : 0;
}

int cpu_features_init_vcpu(struct vcpu *vcpu, struct error *error)
{
	const struct cpu_features *features = &vcpu->vm->features;
	int err;

	kvm_request_cpu_features(&vcpu->init, features->set);
	err = kvm_init_vcpu(vcpu->fd, &vcpu->init);
	if (err)
		return init_failed(vcpu, err, error);

	return cpu_features_has(features, CPU_FEATURE_SVE) ? finalize_sve(vcpu, error) : 0;
}

int cpu_features_init_pmus(const struct vm *vm, struct error *error)
{
	if (!cpu_features_has(&vm->features, CPU_FEATURE_PMU))
		return 0;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const int err = kvm_init_pmu(vm->vcpus[i].fd);

		if (err)
			return error_set(error, err, "KVM_SET_DEVICE_ATTR PMU_V3 of vCPU %u: %s", i,
					 strerror(-err));
	}

	return 0;
}

static int read_lengths(struct environment *environment, const struct cpu_features *features)
{
	int err = 0;

	for (unsigned int i = 0; i < SVE_LENGTH_COUNT && !err; i++) {
		char name[LENGTH_NAME_SIZE];

		if (!sve_has_length(features->sve_lengths, i))
			continue;
		name_length(i, name);
		err = environment_add(environment, ENVIRONMENT_CPU_FEATURES, name, ON);
	}

	return err;
}

/* A driver that resumes knows how many it has. */
static int read_counters(struct environment *environment, const struct vm *vm)
{
	uint64_t pmcr = 0;

	(void)kvm_get_register(vm->vcpus[0].fd, KVM_REGISTER_PMCR_EL0, &pmcr);

	return environment_add(environment, ENVIRONMENT_CPU_FEATURES, "pmu-counters", "%u",
			       kvm_pmu_counters(pmcr));
}

int cpu_features_read(struct environment *environment, const struct vm *vm)
{
	int err = 0;

	if (vm->config->machine_version < BOARD_VERSION_3)
		return 0;
	environment_forget(environment, ENVIRONMENT_CPU_FEATURES);
	for (enum cpu_feature i = 0; i < CPU_FEATURE_COUNT && !err; i++)
		err = environment_add(environment, ENVIRONMENT_CPU_FEATURES, cpu_feature_name(i),
				      cpu_features_has(&vm->features, i) ? ON : OFF);
	if (!err && cpu_features_has(&vm->features, CPU_FEATURE_PMU))
		err = read_counters(environment, vm);

	return err ? err : read_lengths(environment, &vm->features);
}

int cpu_features_check(const struct vm *vm, struct error *error)
{
	struct environment here = { 0 };
	int err;

	if (!vm->environment)
		return 0;
	err = cpu_features_read(&here, vm);
	if (err)
		error_set(error, err, "out of memory");
	else if (environment_differs(vm->environment, &here, ENVIRONMENT_CPU_FEATURES, error))
		err = -ENOTSUP;
	environment_free(&here);

	return err;
}
