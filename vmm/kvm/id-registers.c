/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/id-registers.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <linux/kvm.h>

/* DDI0487, D24.2: by their encoding. */
static const struct {
	uint64_t id;
	const char *name;
} named[] = {
	{ ARM64_SYS_REG(3, 0, 0, 0, 0), "MIDR_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 0, 6), "REVIDR_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 0), "ID_AA64PFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 1), "ID_AA64PFR1_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 2), "ID_AA64PFR2_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 4), "ID_AA64ZFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 5), "ID_AA64SMFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 4, 7), "ID_AA64FPFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 5, 0), "ID_AA64DFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 5, 1), "ID_AA64DFR1_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 6, 0), "ID_AA64ISAR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 6, 1), "ID_AA64ISAR1_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 6, 2), "ID_AA64ISAR2_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 6, 3), "ID_AA64ISAR3_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 7, 0), "ID_AA64MMFR0_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 7, 1), "ID_AA64MMFR1_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 7, 2), "ID_AA64MMFR2_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 7, 3), "ID_AA64MMFR3_EL1" },
	{ ARM64_SYS_REG(3, 0, 0, 7, 4), "ID_AA64MMFR4_EL1" },
	{ ARM64_SYS_REG(3, 1, 0, 0, 1), "CLIDR_EL1" },
	{ ARM64_SYS_REG(3, 1, 0, 0, 7), "AIDR_EL1" },
	{ ARM64_SYS_REG(3, 3, 0, 0, 1), "CTR_EL0" },
	{ ARM64_SYS_REG(3, 3, 0, 0, 7), "DCZID_EL0" },
	/* KVM's own, by its names. */
	{ KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1, "SMCCC_ARCH_WORKAROUND_1" },
	{ KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2, "SMCCC_ARCH_WORKAROUND_2" },
	{ KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3, "SMCCC_ARCH_WORKAROUND_3" },
	{ KVM_REG_ARM_STD_BMAP, "STD_BMAP" },
	{ KVM_REG_ARM_STD_HYP_BMAP, "STD_HYP_BMAP" },
	{ KVM_REG_ARM_VENDOR_HYP_BMAP, "VENDOR_HYP_BMAP" },
};

static unsigned int field(uint64_t id, uint64_t mask, unsigned int shift)
{
	return (unsigned int)((id & mask) >> shift);
}

#define FIELD(id, name) \
	field(id, KVM_REG_ARM64_SYSREG_##name##_MASK, KVM_REG_ARM64_SYSREG_##name##_SHIFT)

/*
 * All that have CRn 0 but MPIDR_EL1, which is each CPU's own, and CSSELR_EL1,
 * which a guest writes.
 */
bool kvm_register_is_feature(uint64_t id)
{
	const uint64_t coproc = id & KVM_REG_ARM_COPROC_MASK;

	if (coproc == KVM_REG_ARM_DEMUX)
		return true;

	return coproc == KVM_REG_ARM64_SYSREG && FIELD(id, OP0) == 3 && FIELD(id, CRN) == 0 &&
	       id != ARM64_SYS_REG(3, 0, 0, 0, 5) && id != ARM64_SYS_REG(3, 2, 0, 0, 0);
}

bool kvm_register_is_firmware(uint64_t id)
{
	const uint64_t coproc = id & KVM_REG_ARM_COPROC_MASK;

	return coproc == KVM_REG_ARM_FW || coproc == KVM_REG_ARM_FW_FEAT_BMAP;
}

bool kvm_register_is_noted(uint64_t id)
{
	const unsigned int size = 1U << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);

	/* The PSCI server sets the version. */
	return (kvm_register_is_feature(id) || kvm_register_is_firmware(id)) &&
	       id != KVM_REG_ARM_PSCI_VERSION && size <= sizeof(uint64_t);
}

void kvm_register_name(uint64_t id, char name[KVM_REGISTER_NAME_SIZE])
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (named[i].id == id) {
			snprintf(name, KVM_REGISTER_NAME_SIZE, "%s", named[i].name);
			return;
		}
	}
	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM64_SYSREG)
		snprintf(name, KVM_REGISTER_NAME_SIZE, "S%u_%u_C%u_C%u_%u", FIELD(id, OP0),
			 FIELD(id, OP1), FIELD(id, CRN), FIELD(id, CRM), FIELD(id, OP2));
	else
		snprintf(name, KVM_REGISTER_NAME_SIZE, "%#llx", (unsigned long long)id);
}

/* --- the reverse --- */

/* Take a number from the front of what is left of a name. Returns whether there is one. */
static bool take_number(const char **at, const char *end, unsigned int base, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	const char *first = *at;
	const char *digit;

	*number = 0;
	while (*at < end && **at && (digit = strchr(digits, **at)) && digit < digits + base) {
		*number = *number * base + (uint64_t)(digit - digits);
		++*at;
	}

	return *at > first;
}

/* An encoding: its parts in their order, with what is in front of each. */
static bool take_encoding(const char *at, const char *end, uint64_t *id)
{
	static const struct {
		const char *before;
		unsigned int shift;
		uint64_t mask;
	} parts[] = {
		{ "S", KVM_REG_ARM64_SYSREG_OP0_SHIFT, KVM_REG_ARM64_SYSREG_OP0_MASK },
		{ "_", KVM_REG_ARM64_SYSREG_OP1_SHIFT, KVM_REG_ARM64_SYSREG_OP1_MASK },
		{ "_C", KVM_REG_ARM64_SYSREG_CRN_SHIFT, KVM_REG_ARM64_SYSREG_CRN_MASK },
		{ "_C", KVM_REG_ARM64_SYSREG_CRM_SHIFT, KVM_REG_ARM64_SYSREG_CRM_MASK },
		{ "_", KVM_REG_ARM64_SYSREG_OP2_SHIFT, KVM_REG_ARM64_SYSREG_OP2_MASK },
	};

	*id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const size_t length = strlen(parts[i].before);
		uint64_t value;

		if ((size_t)(end - at) < length || memcmp(at, parts[i].before, length) != 0)
			return false;
		at += length;
		if (!take_number(&at, end, 10, &value) || value > parts[i].mask >> parts[i].shift)
			return false;
		*id |= value << parts[i].shift;
	}

	return at == end;
}

bool kvm_register_of_name(const char *name, size_t length, uint64_t *id)
{
	const char *end = name + length;

	if (take_encoding(name, end, id))
		return true;
	if (length > 2 && memcmp(name, "0x", 2) == 0) {
		name += 2;

		return take_number(&name, end, 16, id) && name == end;
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strlen(named[i].name) != length || memcmp(named[i].name, name, length) != 0)
			continue;
		*id = named[i].id;

		return true;
	}

	return false;
}
