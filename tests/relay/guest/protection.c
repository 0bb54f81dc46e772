/* SPDX-License-Identifier: BSD-3-Clause */
/* The monitor's memory is not there for EL1, by whichever way. */
#include "guest.h"

#define PAGE 4096
#define ISS_WNR 0x40
#define FSC_MASK 0x3f
#define FSC_EXTERNAL 0x10
#define FSC_EXTERNAL_ON_WALK 0x14
#define EC_INSTRUCTION_ABORT 0x21
#define EC_DATA_ABORT 0x25
#define TCR_T1 UINT64_C(0xb5190000) /* T1SZ 25, 4 KiB pages, as TCR_COMMON of TTBR0. */
#define UPPER_HALF UINT64_C(0xffffff8000000000)

static void read_it(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
}

static void write_it(uint64_t address)
{
	__asm__ volatile("str wzr, [%0]" ::"r"(address) : "memory");
}

static void swap_it(uint64_t address)
{
	__asm__ volatile("1: ldxr w9, [%0]" ::"r"(address) : "x9", "memory");
}

static void clean_it(uint64_t address)
{
	__asm__ volatile("dc civac, %0" ::"r"(address) : "memory");
}

static void zero_it(uint64_t address)
{
	__asm__ volatile("dc zva, %0" ::"r"(address) : "memory");
}

static void execute_it(uint64_t address)
{
	__asm__ volatile("blr %0" ::"r"(address) : "x30", "memory");
}

static bool is_abort(uint64_t esr, uint64_t class, uint64_t fsc)
{
	because("ESR is %lx", esr);

	return (esr >> ESR_EC_SHIFT & ESR_EC_MASK) == class && (esr & FSC_MASK) == fsc;
}

/* Each page, since each has its own entry in the monitor's map. */
static uint64_t pages_that(void (*act)(uint64_t address), uint64_t class)
{
	uint64_t count = 0;

	for (uint64_t at = 0; at < guest.monitor.size; at += PAGE) {
		const uint64_t address = guest.monitor.base + at + at / PAGE * 8 % PAGE;
		const uint64_t esr = exception_of(act, address);

		if (is_abort(esr, class, FSC_EXTERNAL) && exception_address() == address)
			count++;
	}

	return count;
}

static uint64_t write_all(unsigned int cpu)
{
	return pages_that(write_it, EC_DATA_ABORT);
}

static void test_walk(void)
{
	const uint64_t tcr = sysreg_read(tcr_el1);
	uint64_t esr;

	sysreg_write(ttbr1_el1, guest.monitor.base);
	sysreg_write(tcr_el1, (tcr & ~(uint64_t)TCR_EL1_EPD1) | TCR_T1);
	isb();
	esr = exception_of(read_it, UPPER_HALF);
	sysreg_write(tcr_el1, tcr);
	isb();
	judge(is_abort(esr & ~(uint64_t)3, EC_DATA_ABORT, FSC_EXTERNAL_ON_WALK),
	      "a translation table in the monitor's memory is an external abort of the walk");
}

void test_protection(void)
{
	const uint64_t pages = guest.monitor.size / PAGE;
	const uint64_t behind = guest.monitor.base + guest.monitor.size;
	const uint64_t before = counter(RELAY_COUNTER_ABORTS);
	uint64_t esr;

	judge(pages_that(read_it, EC_DATA_ABORT) == pages,
	      "a read of any page of the monitor's memory is an external abort");
	judge(pages_that(write_it, EC_DATA_ABORT) == pages,
	      "a write to any page of the monitor's memory is an external abort");
	judge(pages_that(execute_it, EC_INSTRUCTION_ABORT) == pages,
	      "no page of the monitor's memory can be executed");
	judge(pages_that(swap_it, EC_DATA_ABORT) == pages &&
		      pages_that(zero_it, EC_DATA_ABORT) == pages,
	      "exclusive accesses and DC ZVA do not reach the monitor's memory either");
	judge(counter(RELAY_COUNTER_ABORTS) == before + 5 * pages,
	      "the monitor counts each of these accesses");
	esr = exception_of(write_it, guest.monitor.base);
	because("ESR is %lx", esr);
	judge(esr & ISS_WNR, "the abort of a write says that it was one");
	exception_of(clean_it, guest.monitor.base);
	test_walk();
	because("behind is %lx", behind);
	judge(exception_of(read_it, behind) == 0 && exception_of(read_it, behind + PAGE) == 0,
	      "what lies behind the monitor's memory is there");
	for (unsigned int i = 0; i < guest.cpu_count; i++) {
		if (i != guest.self && on_cpu(i, write_all) != pages) {
			judge(false, "another CPU cannot write to the monitor's memory either");

			return;
		}
	}
	judge(on_all(write_all) == pages * guest.cpu_count,
	      "all CPUs at once cannot write to the monitor's memory");
}
