/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What payload/runtime has assembly or devices for, on the fake machine: the board
 * as a device tree would describe it, console, GIC, memory.
 */
#include <psci/abi.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../arch/arm64/cache.h"
#include "../../arch/arm64/console.h"
#include "../../arch/arm64/format.h"
#include "../../arch/arm64/gic.h"
#include "../../arch/arm64/mmu.h"
#include "../../payload/runtime/board.h"
#include "../../payload/runtime/rtc.h"
#include "../../payload/runtime/smp.h"
#include "fake-machine.h"

#define LINE_SIZE 512
#define SGIS UINT32_C(0x0000ffff)
#define NONE 1023

struct board board;
/* exception.c and smp.c name these. */
const char image_start[1];
const char secondary_entry[16] __attribute__((aligned(16)));

static void read_domain(void)
{
	for (unsigned int i = 0; i < options.cpu_count; i++) {
		if (fake_affinity(i) >> 8 == 0)
			board.domain.affinities[board.domain.cpu_count++] = fake_affinity(i);
	}
	for (unsigned int i = CPU_STATES; i < STATES_MAX; i++)
		board.domain.states[board.domain.state_count++] = idle_states[i].power_state;
}

const char *board_read(const void *fdt)
{
	board = (struct board){
		.bootargs = options.append,
		.psci = true,
		.hvc = true,
		.cpu_count = options.cpu_count,
		.memory = { RAM_BASE, RAM_SIZE },
		.gic = { .version = 3 },
		.timer_intid = TIMER_INTID,
	};
	for (unsigned int i = 0; i < options.cpu_count; i++)
		board.affinities[i] = fake_affinity(i);
	if (!options.idle_states)
		return NULL;
	for (unsigned int i = 0; i < (options.third_state ? CPU_STATES + 1U : CPU_STATES); i++)
		board.idle_states[board.idle_state_count++] = idle_states[i].power_state;
	if (options.clusters)
		read_domain();

	return NULL;
}

/* --- console --- */

void console_use(const struct console *console)
{
}

size_t format_text(char *to, size_t size, const char *format, va_list args)
{
	return (size_t)vsnprintf(to, size, format, args);
}

void print(const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length > LINE_SIZE - 1)
		length = LINE_SIZE - 1;
	/* Who does not listen any more has seen enough. */
	if (write(STDOUT_FILENO, line, (size_t)length) < 0)
		_exit(1);
}

/* --- GIC --- */

bool gic_init(const struct gic *gic)
{
	return true;
}

bool gic_init_cpu(uint32_t timer_intid)
{
	interrupts_enable(SGIS | UINT32_C(1) << TIMER_INTID);

	return true;
}

bool gic_disable_all(void)
{
	interrupts_enable(0);

	return true;
}

void gic_enable_shared(uint32_t intid)
{
}

void gic_disable_shared(uint32_t intid)
{
}

void gic_send(uint64_t affinity, unsigned int index, unsigned int sgi)
{
	interrupt_send(index, sgi);
}

uint32_t gic_acknowledge(void)
{
	const uint32_t intid = interrupt_acknowledge();

	return intid < 32 ? intid : NONE;
}

void gic_end(uint32_t ack)
{
}

bool gic_pending(uint32_t intid)
{
	return interrupts_pending() >> intid & 1;
}

/* --- what there is not, and what costs nothing here --- */

void rtc_arm(uint32_t seconds)
{
}

bool rtc_disarm(void)
{
	return false;
}

bool mmu_add_ram(uint64_t address, uint64_t size)
{
	return address - RAM_BASE <= RAM_SIZE - size;
}

void cache_flush(const void *start, size_t size)
{
}
