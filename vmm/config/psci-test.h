/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --psci-test: for testers of PSCI, what happens to a guest that does not
 * happen in a VM by itself. It applies to one run and is not recorded with the
 * machine.
 */
#ifndef VMM_CONFIG_PSCI_TEST_H
#define VMM_CONFIG_PSCI_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum config_trusted_os {
	CONFIG_TRUSTED_OS_NONE,
	CONFIG_TRUSTED_OS_MIGRATABLE,
	CONFIG_TRUSTED_OS_FIXED,
};

/** CPUs by number; 0 is none of them, since it boots. */
struct config_psci_test {
	unsigned int denied_cpu; /**< CPU_ON is DENIED. */
	unsigned int disabled_cpu; /**< AFFINITY_INFO says DISABLED. */
	unsigned int failing_cpu; /**< CPU_ON and MIGRATE are INTERNAL_FAILURE. */
	unsigned int held_cpu; /**< ON_PENDING, until a second CPU_ON has returned that. */
	bool on_pending; /**< A CPU is ON_PENDING until it has started; implied by held_cpu. */
	enum config_trusted_os trusted_os; /**< It begins on CPU 0. */
	int32_t vendor_reset; /**< The answer of a vendor-specific SYSTEM_RESET2, if not 0. */
	bool extended_state_id; /**< The power states have the extended format. */
};

/**
 * Parse @text, such as "deny-cpu=2,hold-cpu=1", and add its options to @test;
 * @text is modified. Returns 0, or -EINVAL with @error set.
 */
int config_parse_psci_test(char *text, struct config_psci_test *test, struct error *error);

/** Whether any option was given. */
bool config_psci_test_given(const struct config_psci_test *test);

/** The highest CPU that is named, which must exist. */
unsigned int config_psci_test_highest_cpu(const struct config_psci_test *test);

#endif
