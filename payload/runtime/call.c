/* SPDX-License-Identifier: BSD-3-Clause */
#include "call.h"

#include <psci/abi.h>
#include <psci/smccc.h>

#include <stdatomic.h>
#include <stddef.h>

#include "board.h"
#include "smp.h"

_Static_assert(offsetof(struct call, out) == CALL_OUT, "call.S has this offset");
_Static_assert(offsetof(struct call, sp_in) == CALL_SP_IN, "call.S has this offset");
_Static_assert(offsetof(struct call, daif_out) == CALL_DAIF_OUT, "call.S has this offset");

/* None is an address or a small number, and each register has another. */
#define SENTINEL(n) (0xfeedf00d5e410000 | (uint64_t)(n) << 8 | (uint64_t)(n))

/* DEN0028: since 1.1 x4 to x17 are kept, too. */
#define FIRST_KEPT 4
#define FIRST_SAVED 18

struct clobber clobber_scratch;
struct clobber clobber_saved;
static _Atomic unsigned int calls;
static atomic_flag clobber_lock;

static void note_clobber(const struct call *call, unsigned int reg, uint64_t before, uint64_t after)
{
	struct clobber *clobber = reg < FIRST_SAVED ? &clobber_scratch : &clobber_saved;

	while (atomic_flag_test_and_set(&clobber_lock))
		;
	if (!clobber->seen)
		*clobber = (struct clobber){ true, reg, (uint32_t)call->in[0], before, after };
	atomic_flag_clear(&clobber_lock);
}

static void check_kept(const struct call *call)
{
	for (unsigned int i = FIRST_KEPT; i < CALL_REGISTERS; i++) {
		if (call->in[i] != call->out[i])
			note_clobber(call, i, call->in[i], call->out[i]);
	}
	if (call->sp_in != call->sp_out)
		note_clobber(call, CLOBBER_SP, call->sp_in, call->sp_out);
	if (call->daif_in != call->daif_out)
		note_clobber(call, CLOBBER_DAIF, call->daif_in, call->daif_out);
}

static int64_t call_through(bool hvc, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	struct call *call = &this_cpu()->call;

	*call = (struct call){ .in = { x0, x1, x2, x3 } };
	for (unsigned int i = FIRST_KEPT; i < CALL_REGISTERS; i++)
		call->in[i] = SENTINEL(i);
	atomic_fetch_add(&calls, 1);
	call_registers(call, hvc);
	check_kept(call);

	return x0 & SMCCC_SMC64_MASK ? (int64_t)call->out[0] : (int32_t)call->out[0];
}

int64_t call_x(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	return call_through(board.hvc, x0, x1, x2, x3);
}

int64_t call_other_conduit(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	return call_through(!board.hvc, x0, x1, x2, x3);
}

int64_t features(uint32_t fid)
{
	return call1(PSCI_FN32_PSCI_FEATURES, fid);
}

const char *result_name(int64_t result)
{
	static const char *const names[] = {
		[-PSCI_RET_SUCCESS] = "SUCCESS",
		[-PSCI_RET_NOT_SUPPORTED] = "NOT_SUPPORTED",
		[-PSCI_RET_INVALID_PARAMETERS] = "INVALID_PARAMETERS",
		[-PSCI_RET_DENIED] = "DENIED",
		[-PSCI_RET_ALREADY_ON] = "ALREADY_ON",
		[-PSCI_RET_ON_PENDING] = "ON_PENDING",
		[-PSCI_RET_INTERNAL_FAILURE] = "INTERNAL_FAILURE",
		[-PSCI_RET_NOT_PRESENT] = "NOT_PRESENT",
		[-PSCI_RET_DISABLED] = "DISABLED",
		[-PSCI_RET_INVALID_ADDRESS] = "INVALID_ADDRESS",
	};

	return result <= 0 && result >= PSCI_RET_INVALID_ADDRESS ? names[-result] : "";
}

const struct call *last_call(void)
{
	return &this_cpu()->call;
}

unsigned int call_count(void)
{
	return atomic_load(&calls);
}
