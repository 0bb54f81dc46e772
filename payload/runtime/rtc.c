/* SPDX-License-Identifier: BSD-3-Clause */
#include "rtc.h"

#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/io.h"
#include "board.h"

#define RTCDR 0x00
#define RTCMR 0x04
#define RTCCR 0x0c
#define RTCIMSC 0x10
#define RTCRIS 0x14
#define RTCICR 0x1c

#define RTC_ENABLE 1
#define RTC_INTERRUPT 1

void rtc_arm(uint32_t seconds)
{
	const uintptr_t base = board.rtc.base;

	write32(base + RTCCR, RTC_ENABLE);
	write32(base + RTCICR, RTC_INTERRUPT);
	write32(base + RTCMR, read32(base + RTCDR) + seconds);
	write32(base + RTCIMSC, RTC_INTERRUPT);
	gic_enable_shared(board.rtc_intid);
}

bool rtc_disarm(void)
{
	const uintptr_t base = board.rtc.base;
	const bool raised = read32(base + RTCRIS) & RTC_INTERRUPT;

	write32(base + RTCIMSC, 0);
	write32(base + RTCICR, RTC_INTERRUPT);
	gic_disable_shared(board.rtc_intid);

	return raised;
}
