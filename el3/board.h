/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines of the secure GPIO controller, which turn the machine off and reset
 * it.
 */
#ifndef EL3_BOARD_H
#define EL3_BOARD_H

_Noreturn void board_off(void);
_Noreturn void board_reset(void);

#endif
