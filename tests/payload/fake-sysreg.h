/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What arch/arm64/sysreg.h is to the payload's sources where the CPU is a fake; the
 * compiler includes this first, so that they find that one's guard defined.
 */
#if !defined(TESTS_PAYLOAD_FAKE_SYSREG_H) && !defined(__ASSEMBLER__)
#define TESTS_PAYLOAD_FAKE_SYSREG_H

/* Its constants. */
#define __ASSEMBLER__
#include "../../arch/arm64/sysreg.h"
#undef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

/** The registers that the payload has a use for; those not named here are only stored. */
enum fake_register {
	FAKE_CurrentEL,
	FAKE_mpidr_el1,
	FAKE_id_aa64mmfr0_el1,
	FAKE_cntvct_el0,
	FAKE_cntfrq_el0,
	FAKE_cntv_ctl_el0,
	FAKE_cntv_cval_el0,
	FAKE_tpidr_el1,
	FAKE_tpidr_el2,
	FAKE_REGISTER_COUNT,
};

uint64_t fake_read(enum fake_register name);
void fake_write(enum fake_register name, uint64_t value);

/** Let others run for a moment, and take what is pending if PSTATE.I lets it. */
void fake_relax(void);
void fake_wait(void);
void fake_mask(bool masked);

#define sysreg_read(name) fake_read(FAKE_##name)
#define sysreg_write(name, value) fake_write(FAKE_##name, value)

static inline void isb(void)
{
}

static inline void dsb(void)
{
}

/* Who waits looks again by itself. */
static inline void sev(void)
{
}

static inline void wfe(void)
{
	fake_wait();
}

static inline void cpu_relax(void)
{
	fake_relax();
}

static inline void irq_unmask(void)
{
	fake_mask(false);
}

static inline void irq_mask(void)
{
	fake_mask(true);
}

#endif
