/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_COUNTER_H
#define VMM_COUNTER_H

#include <stdint.h>

/** Ticks a second of this machine's counter, which is its guests', too: CNTFRQ_EL0. */
uint64_t counter_frequency(void);

#endif
