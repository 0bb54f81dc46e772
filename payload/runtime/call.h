/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls through the conduit of the device tree, and what they did to registers.
 */
#ifndef PAYLOAD_RUNTIME_CALL_H
#define PAYLOAD_RUNTIME_CALL_H

#include <stdbool.h>
#include <stdint.h>

#define CALL_REGISTERS 31

/** A call's registers before and after; layout.h defines the offsets. */
struct call {
	uint64_t in[CALL_REGISTERS];
	uint64_t out[CALL_REGISTERS];
	uint64_t sp_in;
	uint64_t sp_out;
	uint64_t daif_in;
	uint64_t daif_out;
};

/** The first call that changed a register that it must keep. */
struct clobber {
	bool seen;
	unsigned int reg; /**< 4 to 30; 31 is SP, 32 is DAIF. */
	uint32_t fid;
	uint64_t before;
	uint64_t after;
};

#define CLOBBER_SP 31
#define CLOBBER_DAIF 32

/**
 * Make a call with all of x0 to x3 as given and sentinels in x4 to x30. The
 * registers can be seen in last_call() afterwards.
 * Returns what @x0's calling convention makes of the result: the low 32 bits as
 * a signed number for SMC32, all 64 for SMC64.
 */
int64_t call_x(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/** As call(), through SMC if the conduit is HVC, and the other way round. */
int64_t call_other_conduit(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

#define call0(fid) call_x(fid, 0, 0, 0)
#define call1(fid, a) call_x(fid, a, 0, 0)
#define call2(fid, a, b) call_x(fid, a, b, 0)
#define call3(fid, a, b, c) call_x(fid, a, b, c)

/** PSCI_FEATURES. */
int64_t features(uint32_t fid);

/** The name of a return code, or "" for another value. */
const char *result_name(int64_t result);

/** This CPU's last call. */
const struct call *last_call(void);

/** How many calls all CPUs have made, and the first clobber in x4-x17 and beyond. */
unsigned int call_count(void);
extern struct clobber clobber_scratch;
extern struct clobber clobber_saved;

/** call.S */
int64_t call_big_endian(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, bool hvc);
void call_registers(struct call *call, bool hvc);
uint64_t call_vectors(uint64_t fid, uint64_t x1, const void *in, void *out, bool hvc);

#endif
