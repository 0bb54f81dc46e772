/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers by their ids and by their names: what one says the other understands. */
#include "kvm/id-registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <linux/kvm.h>

#include <cmocka.h>

static bool find(const char *name, uint64_t *id)
{
	/* In an environment, more follows it. */
	char text[64] = "";

	strcat(strcat(text, name), "=0x1\n");

	return kvm_register_of_name(text, strlen(name), id);
}

static void a_name_is_understood(uint64_t id)
{
	char name[KVM_REGISTER_NAME_SIZE];
	uint64_t again = 0;

	kvm_register_name(id, name);
	if (!find(name, &again) || again != id)
		fail_msg("%#llx has the name %s, which is of %#llx", (unsigned long long)id, name,
			 (unsigned long long)again);
}

static void every_name_is_understood(void **state)
{
	static const uint64_t others[] = {
		KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1,
		KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2,
		KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3,
		KVM_REG_ARM_STD_BMAP,
		KVM_REG_ARM_STD_HYP_BMAP,
		KVM_REG_ARM_VENDOR_HYP_BMAP,
		KVM_REG_ARM_FW_REG(9),
		KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | 13,
	};

	for (uint64_t op1 = 0; op1 < 8; op1++)
		for (uint64_t crm = 0; crm < 16; crm++)
			for (uint64_t op2 = 0; op2 < 8; op2++)
				a_name_is_understood(ARM64_SYS_REG(3, op1, 0, crm, op2));
	a_name_is_understood(ARM64_SYS_REG(2, 7, 15, 15, 7));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		a_name_is_understood(others[i]);
}

static void other_texts_are_refused(void **state)
{
	static const char *const names[] = {
		"",
		"S",
		"S3",
		"S3_0_C0_C4",
		"S3_0_C0_C4_",
		"S3_0_C0_C4_8",
		"S3_8_C0_C4_7",
		"S4_0_C0_C4_7",
		"S3_0_C16_C4_7",
		"S3_0_C0_C16_7",
		"S3_0_C0_C4_7_",
		"S3_0_C0_C4_7 ",
		"S3_0_C_C4_7",
		"S3_0_0_4_7",
		"s3_0_c0_c4_7",
		"0x",
		"0xg",
		"0x12 ",
		"6030000000138000",
		"MIDR",
		"MIDR_EL12",
		"midr_el1",
		"MPIDR_EL1",
	};
	uint64_t id;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (find(names[i], &id))
			fail_msg("\"%s\" is taken for %#llx", names[i], (unsigned long long)id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_understood),
		cmocka_unit_test(other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
