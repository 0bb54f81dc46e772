/* SPDX-License-Identifier: BSD-3-Clause */
#include "timer.h"

#include "sysreg.h"

static uint64_t now(void)
{
	isb();

	return sysreg_read(cntvct_el0);
}

uint64_t timer_deadline(uint64_t microseconds)
{
	return now() + sysreg_read(cntfrq_el0) * microseconds / SECOND;
}

bool timer_passed(uint64_t deadline)
{
	return (int64_t)(now() - deadline) >= 0;
}

void timer_arm(uint64_t microseconds)
{
	sysreg_write(cntv_cval_el0, timer_deadline(microseconds));
	sysreg_write(cntv_ctl_el0, CNT_CTL_ENABLE);
	isb();
}

void timer_disarm(void)
{
	sysreg_write(cntv_ctl_el0, 0);
	isb();
}

bool timer_fired(void)
{
	const uint64_t ctl = sysreg_read(cntv_ctl_el0);

	return (ctl & CNT_CTL_ENABLE) && (ctl & CNT_CTL_ISTATUS);
}
