/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What arch/arm64/sysreg.h is to the payload's sources where the CPU is imitated; the
 * compiler includes this first, so that they find that one's guard defined.
 */
#ifndef TESTS_PAYLOAD_IMITATED_SYSREG_H
#define TESTS_PAYLOAD_IMITATED_SYSREG_H

/* Its constants. */
#define __ASSEMBLER__
#include "../../arch/arm64/sysreg.h"
#undef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

/** The registers that the payload has a use for; those not named here are only stored. */
enum imitated_register {
	IMITATED_CurrentEL,
	IMITATED_mpidr_el1,
	IMITATED_id_aa64mmfr0_el1,
	IMITATED_cntvct_el0,
	IMITATED_cntfrq_el0,
	IMITATED_cntv_ctl_el0,
	IMITATED_cntv_cval_el0,
	IMITATED_tpidr_el1,
	IMITATED_tpidr_el2,
	IMITATED_REGISTER_COUNT,
};

uint64_t imitated_read(enum imitated_register name);
void imitated_write(enum imitated_register name, uint64_t value);

/** Let others run for a moment, and take what is pending if PSTATE.I lets it. */
void imitated_relax(void);
void imitated_wait(void);
void imitated_mask(bool masked);

#define sysreg_read(name) imitated_read(IMITATED_##name)
#define sysreg_write(name, value) imitated_write(IMITATED_##name, value)

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
	imitated_wait();
}

static inline void cpu_relax(void)
{
	imitated_relax();
}

static inline void irq_unmask(void)
{
	imitated_mask(false);
}

static inline void irq_mask(void)
{
	imitated_mask(true);
}

#endif
