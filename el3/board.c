/* SPDX-License-Identifier: BSD-3-Clause */
#include "board.h"

#include "../arch/arm64/io.h"
#include "../arch/arm64/sysreg.h"
#include "layout.h"

/* PL061: the address of the data register masks the lines. */
#define GPIODATA(line) (UINT32_C(4) << (line))
#define GPIODIR 0x400

/* virt's lines: a rise of one does it. */
#define LINE_OFF 0
#define LINE_RESET 1

static _Noreturn void raise(unsigned int line)
{
	const uint32_t bit = UINT32_C(1) << line;

	write32(SECURE_GPIO_BASE + GPIODIR, read32(SECURE_GPIO_BASE + GPIODIR) | bit);
	write32(SECURE_GPIO_BASE + GPIODATA(line), 0);
	write32(SECURE_GPIO_BASE + GPIODATA(line), bit);
	for (;;)
		wfi();
}

_Noreturn void board_off(void)
{
	raise(LINE_OFF);
}

_Noreturn void board_reset(void)
{
	raise(LINE_RESET);
}
