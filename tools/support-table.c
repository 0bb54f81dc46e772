/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints docs/support.md from the library's own table; see tools/support-table.
 */
#include <psci/psci.h>
#include <psci/table.h>

#include <stdio.h>

static const char *need_text(enum psci_need need)
{
	switch (need) {
	case PSCI_NEED_NOTHING:
		return "–";
	case PSCI_NEED_ENABLE:
		return "its bit in `psci_config.enable_functions`";
	case PSCI_NEED_STATS:
		return "`psci_host.now`, `psci_config.stats`";
	case PSCI_NEED_TRUSTED_OS:
		return "`psci_config.trusted_os`";
	case PSCI_NEED_MEMORY:
		return "`psci_host.memory_ok`";
	}

	return "?";
}

/* "1.3", from PSCI_VERSION; the first version has no such number. */
static void print_version(uint32_t version)
{
	if (version == PSCI_VERSION_0_1)
		printf("0.1");
	else
		printf("%u.%u", version >> PSCI_VERSION_MAJOR_SHIFT,
		       version & PSCI_VERSION_MINOR_FIELD);
}

static void print_id(uint32_t fid)
{
	if (fid)
		printf(" 0x%08x |", fid);
	else
		printf(" – |");
}

int main(void)
{
	struct psci_function f;

	puts("<!-- Made by tools/support-table from the table in lib/call.c. -->\n"
	     "# Functions\n\n"
	     "Every function of PSCI 0.1 to 1.3, as libpsci serves it. A machine has a function if its\n"
	     "version does, the host provides what the function needs, and it is not disabled\n"
	     "(`psci_config.disable_functions`, optional functions only). A function that a machine does not have\n"
	     "gives NOT_SUPPORTED, to a call and to PSCI_FEATURES. [choices.md](choices.md) says how libpsci\n"
	     "behaves where the specification leaves a choice. The host chooses the ids of 0.1.\n\n"
	     "| function | SMC32 | SMC64 | since | arguments | optional | needs from the host |\n"
	     "|---|---|---|---|---|---|---|");
	for (uint32_t number = 0; number < PSCI_FN_COUNT; number++) {
		if (!psci_function_at(number, &f))
			continue;
		printf("| %s |", f.name);
		print_id(f.fn32);
		print_id(f.fn64);
		putchar(' ');
		print_version(f.since);
		printf(" | %u | %s | %s |\n", f.arg_count, f.optional ? "yes" : "no",
		       need_text(f.need));
	}

	return 0;
}
