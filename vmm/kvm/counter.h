/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_COUNTER_H
#define VMM_COUNTER_H

#include <stdint.h>

/**
 * The frequency of this machine's counter, and so of its guests': CNTFRQ_EL0.
 */
uint64_t counter_frequency(void);

#endif
