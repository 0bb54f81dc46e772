/* SPDX-License-Identifier: BSD-3-Clause */
/* Debian's libfdt is built with the stack protector, which wants these two. */
#include <stdint.h>

#include "give-up.h"

extern uintptr_t __stack_chk_guard;
extern void __stack_chk_fail(void);

uintptr_t __stack_chk_guard = 0x5ac1c0de00ff0a0d;

void __stack_chk_fail(void)
{
	give_up("libfdt overran its stack");
}
