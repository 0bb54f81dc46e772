/* SPDX-License-Identifier: BSD-3-Clause */
/* psci-conform: what does this machine's PSCI do, and does it conform? */
#include <stddef.h>

#include "../arch/arm64/console.h"
#include "../arch/arm64/gic.h"
#include "../arch/arm64/string.h"
#include "../arch/arm64/sysreg.h"
#include "test.h"

#define NAME_SIZE 64
#define TESTS_OPTION "tests="
#define TERSE_OPTION "terse"

struct target target;

/* The core: all tests that leave the machine running. */
static const struct group *const core[] = {
	&group_version,	    &group_features,   &group_smccc,	     &group_affinity_info,
	&group_cpu_on,	    &group_cpu_off,    &group_cpu_freeze,    &group_os_initiated,
	&group_cpu_suspend, &group_power_down, &group_statistics,    &group_hw_state,
	&group_migrate,	    &group_memory,     &group_system_reset2, &group_system_off2,
	&group_optional,    &group_registers,
};

/* Tests that must be requested, since not every machine survives them. */
static const struct group *const apart[] = { &group_system_suspend, &group_other_conduit,
					     &group_refusals, &group_trusted_os };

#define APART_COUNT (sizeof(apart) / sizeof(apart[0]))
#define CORE_COUNT (sizeof(core) / sizeof(core[0]))

const struct catalogue catalogue = {
	.group_size = sizeof(struct group),
	.test_size = sizeof(struct test),
	.core = core,
	.core_count = CORE_COUNT,
	.apart = apart,
	.apart_count = APART_COUNT,
	.end = groups_end,
	.end_count = &groups_end_count,
};

/* From start.S. */
void payload_main(const void *fdt);

bool offers(uint32_t fid)
{
	if (target.version >= PSCI_VERSION_1_0)
		return features(fid) >= 0;

	switch (fid) {
	case PSCI_FN32_PSCI_VERSION:
	case PSCI_FN32_CPU_SUSPEND:
	case PSCI_FN64_CPU_SUSPEND:
	case PSCI_FN32_CPU_OFF:
	case PSCI_FN32_CPU_ON:
	case PSCI_FN64_CPU_ON:
	case PSCI_FN32_AFFINITY_INFO:
	case PSCI_FN64_AFFINITY_INFO:
	case PSCI_FN32_SYSTEM_OFF:
	case PSCI_FN32_SYSTEM_RESET:
		return true;
	default:
		return false;
	}
}

struct cpu *other_cpu(unsigned int number)
{
	return number < board.cpu_count ? &cpus[number] : NULL;
}

static bool has_extended_format(void)
{
	if (target.version < PSCI_VERSION_1_0)
		return false;

	const int64_t answer = features(PSCI_FN64_CPU_SUSPEND);

	return answer >= 0 && answer & PSCI_FEATURES_CPU_SUSPEND_EXTENDED_STATE_ID;
}

bool is_powerdown(uint32_t power_state)
{
	return power_state & (has_extended_format() ? PSCI_POWER_STATE_EXT_TYPE_MASK
						    : PSCI_POWER_STATE_TYPE_MASK);
}

uint32_t standby_state(void)
{
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		if (!is_powerdown(board.idle_states[i]))
			return board.idle_states[i];
	}

	return 0;
}

bool powerdown_state(uint32_t *power_state)
{
	for (unsigned int i = 0; i < board.idle_state_count; i++) {
		if (is_powerdown(board.idle_states[i])) {
			*power_state = board.idle_states[i];

			return true;
		}
	}

	return false;
}

const char *wrong_at_entry(const struct arrival *arrival)
{
	if (arrival->current_el != sysreg_read(CurrentEL))
		return "it is in another exception level than its caller";
	if (arrival->spsel != 1)
		return "it uses SP_EL0";
	if (arrival->daif != DAIF_ALL)
		return "not all of D, A, I and F are masked";
	if (arrival->sctlr & (SCTLR_M | SCTLR_C | SCTLR_I))
		return "MMU or caches are on";
	if (arrival->sctlr & SCTLR_EE)
		return "it is big-endian, and its caller is not";

	return NULL;
}

const char *cannot_suspend(void)
{
	if (!board.gic.version)
		return "no interrupt controller that we know";
	if (!board.timer_intid)
		return "no timer that we know";
	if (!cpu_interrupts())
		return "the interrupt controller does not know this CPU";

	return NULL;
}

void take_interrupts(void)
{
	irq_unmask();
	irq_mask();
}

uint64_t absent_affinity(void)
{
	/* One more than there can be CPUs, so that one is free. */
	for (uint64_t affinity = 0xff;; affinity--) {
		unsigned int i = 0;

		while (i < board.cpu_count && board.affinities[i] != affinity)
			i++;
		if (i == board.cpu_count)
			return affinity;
	}
}

int64_t invalid_address(void)
{
	return target.version < PSCI_VERSION_1_0 ? PSCI_RET_INVALID_PARAMETERS
						 : PSCI_RET_INVALID_ADDRESS;
}

/* --- choosing --- */

/* Find a word in the command line that begins with @prefix; returns its length, or 0. */
static size_t find_word(const char *prefix, const char **word)
{
	const size_t prefix_length = strlen(prefix);
	const char *at = board.bootargs;

	while (*at) {
		const char *end = strchr(at, ' ');
		const size_t length = end ? (size_t)(end - at) : strlen(at);

		if (length >= prefix_length && memcmp(at, prefix, prefix_length) == 0) {
			*word = at;

			return length;
		}
		at += length;
		while (*at == ' ')
			at++;
	}

	return 0;
}

/* The value of tests= in the command line; "core" if there is none. */
static void read_choice(char choice[NAME_SIZE])
{
	const size_t prefix = strlen(TESTS_OPTION);
	const char *word;
	size_t length = find_word(TESTS_OPTION, &word);

	memcpy(choice, "core", sizeof("core"));
	if (length == 0)
		return;
	length = length - prefix < NAME_SIZE ? length - prefix : NAME_SIZE - 1;
	memcpy(choice, word + prefix, length);
	choice[length] = '\0';
}

static unsigned int choose(const char *choice, const struct group *chosen[])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < CORE_COUNT; i++) {
		if (strcmp(choice, "core") == 0 || strcmp(choice, core[i]->name) == 0)
			chosen[count++] = core[i];
	}
	for (unsigned int i = 0; i < APART_COUNT && count == 0; i++) {
		if (strcmp(choice, apart[i]->name) == 0)
			chosen[count++] = apart[i];
	}
	for (unsigned int i = 0; i < groups_end_count && count == 0; i++) {
		if (strcmp(choice, groups_end[i].name) == 0)
			chosen[count++] = &groups_end[i];
	}

	return count;
}

/* --- running --- */

static void run_test(const struct test *test)
{
	report_verdict(test->id, test->sentence, test->run());
	if (!smp_settle())
		give_up("after %s not all CPUs could be turned off", test->id);
}

static void run_groups(const struct group *const chosen[], unsigned int count)
{
	unsigned int planned = 0;

	for (unsigned int i = 0; i < count; i++)
		planned += chosen[i]->count;
	report_plan(planned);
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = 0; j < chosen[i]->count; j++)
			run_test(&chosen[i]->tests[j]);
	}
}

static void learn_target(void)
{
	struct cpu *cpu = this_cpu();
	int64_t smccc = SMCCC_VERSION_1_0;
	int64_t version;

	cpu->undefined_expected = true;
	version = call0(PSCI_FN32_PSCI_VERSION);
	cpu->undefined_expected = false;
	if (cpu->undefined_seen) {
		board.psci = false;
		give_up("the conduit that the device tree names, %s, is an undefined instruction",
			board.hvc ? "hvc" : "smc");
	}
	if (version < 0)
		give_up("PSCI_VERSION answers %ld %s", version, result_name(version));
	target.version = (uint32_t)version;
	if (target.version >= PSCI_VERSION_1_0 && features(SMCCC_FN32_VERSION) >= 0)
		smccc = call0(SMCCC_FN32_VERSION);
	target.smccc = smccc >= SMCCC_VERSION_1_0 ? (uint32_t)smccc : SMCCC_VERSION_1_0;
}

static void print_target(const char *choice)
{
	print("# psci-conform tests=%s psci=%u.%u smccc=%u.%u conduit=%s el=%u cpus=%u gic=%u\n",
	      choice, target.version >> PSCI_VERSION_MAJOR_SHIFT,
	      target.version & PSCI_VERSION_MINOR_FIELD, target.smccc >> 16, target.smccc & 0xffff,
	      board.hvc ? "hvc" : "smc", (unsigned int)(this_cpu()->arrival.current_el >> 2),
	      board.cpu_count, board.gic.version);
}

static void print_summary(const char *choice)
{
	print("# summary tests=%s psci=%u.%u pass=%u fail=%u skip=%u observation=%u calls=%u\n",
	      choice, target.version >> PSCI_VERSION_MAJOR_SHIFT,
	      target.version & PSCI_VERSION_MINOR_FIELD, report_count(VERDICT_PASS),
	      report_count(VERDICT_FAIL), report_count(VERDICT_SKIP),
	      report_count(VERDICT_OBSERVATION), call_count());
}

void payload_main(const void *fdt)
{
	const struct group *chosen[CORE_COUNT];
	const char *trouble;
	const char *word;
	char choice[NAME_SIZE];
	unsigned int count;

	smp_begin();
	trouble = board_read(fdt);
	console_use(&board.console);
	print("TAP version 14\n");
	if (trouble)
		give_up("%s", trouble);
	if (!smp_init())
		give_up("the device tree does not list the CPU that runs");
	gic_init(&board.gic);
	learn_target();
	read_choice(choice);
	report_terse = find_word(TERSE_OPTION, &word) == strlen(TERSE_OPTION);
	print_target(choice);
	count = choose(choice, chosen);
	if (count == 0)
		give_up("there are no tests called \"%s\"", choice);
	run_groups(chosen, count);
	print_summary(choice);
	power_off();
}
