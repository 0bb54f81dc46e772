/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MEM_PROTECT and MEM_PROTECT_CHECK_RANGE: a guest asks that its memory cannot
 * be read after a reset that it did not expect.
 */
#include "internal.h"

#include <psci/env.h>
#include <psci/psci.h>

/* DEN0022F.b, MEM_PROTECT. Any argument but 0 enables; the answer is the previous setting. */
struct outcome psci_fn_mem_protect(struct locked m, const struct args *a)
{
	const bool before = m.machine->memory_protected;

	m.machine->memory_protected = a->arg[0] != 0;

	return run_with(before);
}

/*
 * DEN0022F.b, MEM_PROTECT_CHECK_RANGE. An empty range and one that wraps around
 * are no range of protected memory; the function has no other code than DENIED.
 */
struct outcome psci_fn_mem_protect_check_range(struct locked m, const struct args *a)
{
	const uint64_t base = a->arg[0];
	const uint64_t length = a->arg[1];

	if (length == 0 || length - 1 > UINT64_MAX - base)
		return run_with(PSCI_RET_DENIED);
	if (!m.machine->host.memory_ok(m.machine->ctx, base, length))
		return run_with(PSCI_RET_DENIED);

	return run_with(PSCI_RET_SUCCESS);
}

bool psci_machine_memory_protected(struct psci_machine *machine)
{
	const struct locked m = machine_lock(machine);
	const bool is_protected = machine->memory_protected;

	machine_unlock(m);

	return is_protected;
}
