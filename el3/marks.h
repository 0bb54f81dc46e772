/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a power cycle leaves to the next: marks in secure RAM, which a reset
 * keeps and no lower level can access.
 */
#ifndef EL3_MARKS_H
#define EL3_MARKS_H

#include <stdbool.h>

/**
 * The first thing at boot: forget what is no mark of ours, as after power was
 * off.
 */
void marks_begin(void);

/**
 * MEM_PROTECT is enabled: a reset that we do not know of finds memory to be
 * overwritten.
 */
bool marks_protected(void);
void marks_set_protected(bool on);

/** The reset that comes is SYSTEM_WARM_RESET: memory stays as it is. */
bool marks_warm(void);
void marks_set_warm(bool on);

#endif
