/* SPDX-License-Identifier: BSD-3-Clause */
#include "board/cpu-features.h"

const char *cpu_feature_name(enum cpu_feature feature)
{
	/* Those of QEMU's properties of a CPU. */
	static const char *const names[CPU_FEATURE_COUNT] = {
		[CPU_FEATURE_PMU] = "pmu",
		[CPU_FEATURE_PAUTH] = "pauth",
		[CPU_FEATURE_SVE] = "sve",
	};

	return names[feature];
}
