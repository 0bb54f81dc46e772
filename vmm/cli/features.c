/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <psci/abi.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "kvm/cpu-features.h"
#include "kvm/gic.h"
#include "kvm/kvm.h"
#include "kvm/registers.h"
#include "kvm/smccc-filter.h"
#include "kvm/vcpu.h"

static const char help[] =
	"Usage: dormouse features\n"
	"Print what this host's KVM offers, and what dormouse run can use, as lines of\n"
	"\"key: value\". Exit status: 1, with the reason, on a host on which dormouse cannot run.\n";

/* Every version. */
static const uint32_t versions[] = {
	PSCI_VERSION_0_2, PSCI_VERSION_1_0, PSCI_VERSION_1_1, PSCI_VERSION_1_2, PSCI_VERSION_1_3,
};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

/** Properties that only a VM has. */
struct probe {
	struct cpu_features features;
	bool gic_v3;
	bool filter;
	uint32_t newest; /**< Of KVM's own PSCI. */
	bool has[VERSION_COUNT]; /**< The register accepts these. */
};

static int probe_psci(int vcpu_fd, struct probe *probe, struct error *error)
{
	uint64_t newest;
	const int err = kvm_get_register(vcpu_fd, KVM_REG_ARM_PSCI_VERSION, &newest);

	if (err)
		return error_set(error, err, "KVM_REG_ARM_PSCI_VERSION: %s", strerror(-err));
	probe->newest = (uint32_t)newest;
	for (size_t i = 0; i < VERSION_COUNT; i++)
		probe->has[i] =
			kvm_set_register(vcpu_fd, KVM_REG_ARM_PSCI_VERSION, versions[i]) == 0;

	return 0;
}

static int probe_vcpu(int vm_fd, struct probe *probe, struct error *error)
{
	struct kvm_vcpu_init init;
	const int fd = kvm_create_vcpu(vm_fd, 0);
	int err;

	if (fd < 0)
		return error_set(error, fd, "KVM_CREATE_VCPU: %s", strerror(-fd));
	err = kvm_preferred_init(vm_fd, false, &init);
	if (err) {
		error_set(error, err, "KVM_ARM_PREFERRED_TARGET: %s", strerror(-err));
	} else {
		/* Without a PMU, which the CPU of this moment may lack. */
		kvm_request_cpu_features(&init,
					 probe->features.set & ~CPU_FEATURE_BIT(CPU_FEATURE_PMU));
		err = kvm_init_vcpu(fd, &init);
		if (err)
			error_set(error, err, "KVM_ARM_VCPU_INIT: %s", strerror(-err));
	}
	if (!err && cpu_features_has(&probe->features, CPU_FEATURE_SVE)) {
		err = kvm_finalize_sve(fd, NULL, probe->features.sve_lengths);
		if (err)
			error_set(error, err, "KVM_ARM_VCPU_FINALIZE with SVE: %s", strerror(-err));
	}
	if (!err)
		err = probe_psci(fd, probe, error);
	close(fd);

	return err;
}

static int probe_vm(const struct kvm *kvm, struct probe *probe, struct error *error)
{
	int err;
	/* The smallest address space, which every host has. */
	const int fd = kvm_create_vm(kvm, 32, error);

	if (fd < 0)
		return fd;
	probe->gic_v3 = gic_offered(fd);
	probe->filter = smccc_filter_offered(fd);
	probe->features.set = kvm_cpu_features_offered(fd);
	err = probe_vcpu(fd, probe, error);
	close(fd);

	return err;
}

static const char *yes_or_no(bool answer)
{
	return answer ? "yes" : "no";
}

static void print_cpu_features(const struct cpu_features *features)
{
	for (enum cpu_feature i = 0; i < CPU_FEATURE_COUNT; i++)
		printf("cpu-%s: %s\n", cpu_feature_name(i),
		       yes_or_no(cpu_features_has(features, i)));
	if (!cpu_features_has(features, CPU_FEATURE_SVE))
		return;
	printf("sve-bits:");
	for (unsigned int i = 0; i < SVE_LENGTH_COUNT; i++)
		if (sve_has_length(features->sve_lengths, i))
			printf(" %u", (i + 1) * SVE_LENGTH_UNIT);
	puts("");
}

static void print_host(const struct kvm *kvm, const struct probe *probe)
{
	char newest[CONFIG_VERSION_TEXT_SIZE];

	config_format_psci_version(probe->newest, newest);
	printf("host: Linux %s\n", kvm->release);
	/* kvm_open() has checked that KVM has them all. */
	for (size_t i = 0; i < KVM_REQUIREMENT_COUNT; i++)
		printf("%s: yes\n", kvm_requirements[i].name);
	printf("gic-v3: %s\n", yes_or_no(probe->gic_v3));
	printf("smccc-filter: %s\n", yes_or_no(probe->filter));
	printf("kvm-psci: %s\n", newest);
	printf("kvm-system-off2: %s\n", yes_or_no(probe->newest >= PSCI_VERSION_1_3));
	printf("address-bits: %u\n", kvm->ipa_bits);
	printf("kvm-cpus: %u\n", kvm->cpus_max);
	print_cpu_features(&probe->features);
}

static void print_versions(const char *mode, const bool *has)
{
	char version[CONFIG_VERSION_TEXT_SIZE];

	printf("psci-%s:", mode);
	for (size_t i = 0; i < VERSION_COUNT; i++) {
		config_format_psci_version(versions[i], version);
		if (!has || has[i])
			printf(" %s", version);
	}
	puts("");
}

static void print_consequences(const struct kvm *kvm, const struct probe *probe)
{
	printf("cpus: %u\n", kvm->cpus_max < CONFIG_CPUS_MAX ? kvm->cpus_max : CONFIG_CPUS_MAX);
	if (probe->filter) {
		print_versions("userspace", NULL);
		print_versions("mixed", NULL);
	} else {
		puts("psci-userspace: no");
		puts("psci-mixed: no");
	}
	print_versions("kernel", probe->has);
	printf("psci-default: %s\n", probe->filter ? "userspace" : "kernel");
	printf("hibernation: %s\n",
	       probe->filter || probe->newest >= PSCI_VERSION_1_3 ? "yes" : "no");
}

int cli_features(int argc, char **argv, struct error *error)
{
	struct probe probe = { 0 };
	struct kvm kvm;
	int err;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(help, stdout);

		return 0;
	}
	if (argc != 1)
		return error_set(error, CLI_USAGE, "features takes no argument");
	err = kvm_open(&kvm, error);
	if (err)
		return err;
	err = probe_vm(&kvm, &probe, error);
	kvm_close(&kvm);
	if (err)
		return err;
	print_host(&kvm, &probe);
	if (!probe.gic_v3)
		return error_set(error, -ENODEV,
				 "this host's KVM has no GICv3 for guests: its own interrupt "
				 "controller is older");
	print_consequences(&kvm, &probe);

	return 0;
}
