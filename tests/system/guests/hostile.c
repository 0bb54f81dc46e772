/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that does what no guest should: see the table at the end. Two numbers of 64
 * bits behind the image choose the misdeed and give its argument.
 *
 * A misdeed must leave dormouse as it is. One that can be survived ends with a word on
 * the console and SYSTEM_OFF, one that never ends prints a word before it, so that the
 * test knows that it has come so far. An exception that the machine answers with ends the
 * guest by SYSTEM_OFF, too.
 */
#include "hostile.h"

/*
 * Addresses without device or RAM: below all devices if there is no firmware, between,
 * above RAM.
 */
#define VOID_LOW 0x1000UL
#define VOID_MIDDLE 0x20000000UL
#define VOID_HIGH 0xf0000000UL

/* Where unprivileged programs find the first 4 GiB, see enable_mmu(). */
#define ALIAS 0x100000000UL

extern const uint64_t choice[2] __attribute__((visibility("hidden")));

/* --- Helpers of all misdeeds --- */

uint64_t call(unsigned int conduit, const uint64_t arguments[4])
{
	register uint64_t x0 __asm__("x0") = arguments[0];
	register uint64_t x1 __asm__("x1") = arguments[1];
	register uint64_t x2 __asm__("x2") = arguments[2];
	register uint64_t x3 __asm__("x3") = arguments[3];

#define CALL(instruction)                                                                         \
	__asm__ volatile(instruction                                                              \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                 \
			 :                                                                        \
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
			   "x15", "x16", "x17", "memory")
	switch (conduit) {
	case CONDUIT_HVC:
		CALL("hvc #0");
		break;
	case CONDUIT_HVC_ODD:
		CALL("hvc #0x4a4a");
		break;
	case CONDUIT_SMC:
		CALL("smc #0");
		break;
	default:
		CALL("smc #0x4a4a");
		break;
	}

	return x0;
}

/* From the vectors: the machine refused, and that is a valid answer. */
_Noreturn void on_exception(void);
_Noreturn void on_exception(void)
{
	uint64_t esr;

	__asm__("mrs %0, esr_el1" : "=r"(esr));
	say("exception ");
	say_number(esr);
	say("\n");
	off();
}

/* xorshift: each run has these numbers. */
uint64_t noise(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;

	return state;
}

/*
 * Memory as it is with translation off allows aligned accesses only. So map the
 * first 4 GiB to themselves, all of it as normal memory, and once more at ALIAS.
 */
void enable_mmu(void)
{
	static uint64_t table[512] __attribute__((aligned(4096)));

	/* A block of 1 GiB: valid, accessed, outer shareable, attributes 0 of MAIR. */
	for (uint64_t i = 0; i < 4; i++) {
		table[i] = i << 30 | 1 << 10 | 2 << 8 | 1;
		/* Its alias is for EL0, too. */
		table[i + 4] = table[i] | 1 << 6;
	}
	__asm__ volatile(
		"msr mair_el1, %0\n"
		"msr tcr_el1, %1\n"
		"msr ttbr0_el1, %2\n"
		"isb\n"
		"mrs x9, sctlr_el1\n"
		"orr x9, x9, #1\n"
		"bic x9, x9, #2\n" /* No alignment checks. */
		"msr sctlr_el1, x9\n"
		"isb\n"
		:
		: "r"(0x44UL), /* Normal, not cacheable. */
		  "r"(25UL | 1UL << 23 | 2UL << 32), /* 39 bits, 4 KiB pages; 40 bits out. */
		  "r"((uintptr_t)table)
		: "x9", "memory");
}

/* --- Misdeeds with nothing but instructions --- */

static void jump(uint64_t address)
{
	say("jumping\n");
	((void (*)(void))address)();
}

/* As above with vectors that lie in the void, too: no code is left to continue. */
static void jump_without_vectors(uint64_t address)
{
	say("jumping\n");
	__asm__ volatile("msr vbar_el1, %0\nisb" : : "r"(VOID_MIDDLE));
	((void (*)(void))address)();
}

static void loop_on_exits(uint64_t address)
{
	say("looping\n");
	for (;;)
		write32(address, read32(address));
}

static void loop_on_calls(uint64_t id)
{
	const uint64_t arguments[4] = { id };

	say("looping\n");
	for (;;)
		call(CONDUIT_HVC, arguments);
}

static void wait_for_ever(uint64_t argument)
{
	say("waiting\n");
	__asm__ volatile("msr daifset, #0xf");
	for (;;)
		__asm__ volatile("wfi");
}

static void spin(uint64_t argument)
{
	say("spinning\n");
	__asm__ volatile("msr daifset, #0xf");
	for (;;)
		;
}

/* Tables in the void: the walk itself fails, also for the vectors. */
static void walk_the_void(uint64_t address)
{
	enable_mmu();
	say("walking\n");
	__asm__ volatile("msr ttbr0_el1, %0\nisb\ntlbi vmalle1\ndsb sy\nisb" : : "r"(address));
	off();
}

/*
 * Accesses that leave the guest without a syndrome, or with a strange one; argument: bits
 * 0 to 7 which, above them the address.
 */
static void access_oddly(uint64_t argument)
{
	const uint64_t address = argument >> 8;

#define ACCESS(text)                              \
	__asm__ volatile("mov x0, %0\n" text "\n" \
			 :                        \
			 : "r"(address)           \
			 : "x0", "x1", "x2", "x3", "memory")

	/* Floating point is not trapped. */
	__asm__ volatile("msr cpacr_el1, %0\nisb" : : "r"(3UL << 20));
	enable_mmu();
	switch (argument & 0xff) {
	case 0:
		ACCESS("ldp x2, x3, [x0]");
		break;
	case 1:
		ACCESS("stp x2, x3, [x0], #16");
		break;
	case 2:
		ACCESS("ldr x2, [x0], #8");
		break;
	case 3:
		ACCESS("str w2, [x0, #4]!");
		break;
	case 4:
		ACCESS(".arch_extension fp\nldr q0, [x0]");
		break;
	case 5:
		ACCESS("str d0, [x0]");
		break;
	case 6:
		ACCESS(".arch_extension simd\nld1 {v0.16b, v1.16b}, [x0]");
		break;
	case 7:
		ACCESS("ldxr x2, [x0]");
		break;
	case 8:
		ACCESS("1: ldxr w2, [x0]\nstxr w3, w2, [x0]");
		break;
	case 9:
		ACCESS("dc zva, x0");
		break;
	case 10:
		ACCESS("dc civac, x0\ndc ivac, x0\ndc cvau, x0\nic ivau, x0");
		break;
	case 11:
		ACCESS("at s1e1r, x0\nprfm pldl1keep, [x0]\nldarb w2, [x0]");
		break;
	case 12:
		ACCESS("ldr x2, [x0, #3]");
		break;
	case 13:
		ACCESS("stnp q0, q0, [x0]");
		break;
	default:
		ACCESS("ldrsb x2, [x0]\nldrsh x2, [x0]\nldrsw x2, [x0]\nldr x2, [x0]\nstr xzr, [x0]");
		break;
	}
	say("went on\n");
	off();
}

/*
 * A load of two registers by an unprivileged program, which can access what the kernel
 * has mapped for it: the alias of the first 4 GiB above them.
 */
static void access_without_privilege(uint64_t address)
{
	enable_mmu();
	__asm__ volatile("mov x0, %0\n"
			 "adr x1, 1f\n"
			 "add x1, x1, %1\n"
			 "msr elr_el1, x1\n"
			 "msr spsr_el1, %2\n"
			 "eret\n"
			 "1: ldp x2, x3, [x0]\n"
			 "svc #0\n"
			 :
			 : "r"(address + ALIAS), "r"(ALIAS), "r"(0x3c0UL) /* EL0, all masked. */
			 : "x0", "x1", "x2", "x3", "memory");
}

/* --- Misdeeds with calls --- */

/* Those that end or stop the caller, or may: each has a test of its own. */
static int ends(uint32_t id)
{
	switch (id & 0x1f) {
	case 0x01: /* CPU_SUSPEND */
	case 0x02: /* CPU_OFF */
	case 0x08: /* SYSTEM_OFF */
	case 0x09: /* SYSTEM_RESET */
	case 0x0b: /* CPU_FREEZE */
	case 0x0c: /* CPU_DEFAULT_SUSPEND */
	case 0x0e: /* SYSTEM_SUSPEND */
	case 0x12: /* SYSTEM_RESET2 */
	case 0x15: /* SYSTEM_OFF2 */
		return 1;
	default:
		return 0;
	}
}

static void call_everything(uint64_t conduit)
{
	static const uint32_t ranges[] = {
		0x84000000, 0xc4000000, 0x84010000, 0xc4010000, /* PSCI */
		0x80000000, 0x80007fe0, 0x86000000, 0xc6000000, /* Others of SMCCC */
		0x04000000, 0x44000000, 0xffffffe0, 0x00000000, /* Yielding, and nobody's */
	};
	uint64_t answers = 0;

	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (uint32_t id = ranges[i]; id - ranges[i] < 0x20; id++) {
			const uint64_t arguments[4] = { noise() << 32 | id, noise(), noise(),
							noise() };

			if (i >= 4 || !ends(id))
				answers ^= call((unsigned int)conduit, arguments);
		}
	}
	say("called everything ");
	say_number(answers);
	say("\n");
	off();
}

/* From the start again, and again. */
static void reset_for_ever(uint64_t id)
{
	const uint64_t arguments[4] = { id };

	call(CONDUIT_HVC, arguments);
}

/* --- The table of misdeeds --- */

typedef void (*misdeed)(uint64_t argument);

/* Numbers that cases/hostile.bash and programs/faults know. */
static misdeed choose(uint64_t number)
{
	switch (number) {
	case 0:
		return jump;
	case 1:
		return jump_without_vectors;
	case 2:
		return loop_on_exits;
	case 3:
		return loop_on_calls;
	case 4:
		return wait_for_ever;
	case 5:
		return spin;
	case 6:
		return walk_the_void;
	case 7:
		return access_oddly;
	case 8:
		return call_everything;
	case 9:
		return write_registers;
	case 10:
		return ring_doorbells;
	case 11:
		return feed_itself;
	case 12:
		return use_disk;
	case 13:
		return reset_for_ever;
	case 14:
		return ring_together;
	case 15:
		return access_without_privilege;
	case 16:
		return hibernate;
	case 17:
		return nap;
	default:
		return spin;
	}
}

_Noreturn void misbehave(void);
_Noreturn void misbehave(void)
{
	choose(choice[0])(choice[1]);
	say("returned\n");
	off();
}
