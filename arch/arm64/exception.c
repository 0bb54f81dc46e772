/* SPDX-License-Identifier: BSD-3-Clause */
#include "exception.h"

#include "features.h"
#include "sysreg.h"

#define VECTOR_SP_ELX 0x200
#define VECTOR_LOWER_64 0x400
#define VECTOR_LOWER_32 0x600

#define SPSR_NZCV 0xf0000000
#define SPSR_TCO 0x02000000
#define SPSR_DIT 0x01000000
#define SPSR_PAN 0x00400000
#define SPSR_SSBS 0x00001000

#define SCTLR_SPAN 0x00800000
#define SCTLR_DSSBS (UINT64_C(1) << 44)

#define PFR1_MTE 8
#define MMFR1_PAN 20

bool exception_is_from_lower(uint64_t spsr, uint64_t level)
{
	return spsr & SPSR_AARCH32 || (spsr & SPSR_EL_MASK) != level;
}

uint64_t exception_vector(uint64_t spsr, uint64_t level)
{
	if (spsr & SPSR_AARCH32)
		return VECTOR_LOWER_32;
	if (exception_is_from_lower(spsr, level))
		return VECTOR_LOWER_64;

	return spsr & SPSR_SP_ELX ? VECTOR_SP_ELX : 0;
}

uint64_t exception_state(uint64_t spsr, uint64_t level, uint64_t sctlr)
{
	uint64_t state = level | SPSR_SP_ELX | DAIF_ALL;

	/* An AArch32 state has DIT elsewhere. */
	state |= spsr & (spsr & SPSR_AARCH32 ? SPSR_NZCV : SPSR_NZCV | SPSR_DIT);
	if (id_field(sysreg_read(id_aa64mmfr1_el1), MMFR1_PAN))
		state |= (spsr & SPSR_PAN) | (sctlr & SCTLR_SPAN ? 0 : SPSR_PAN);
	if (id_field(sysreg_read(ID_AA64PFR1_EL1), PFR1_MTE))
		state |= SPSR_TCO;
	if (sctlr & SCTLR_DSSBS)
		state |= SPSR_SSBS;

	return state;
}
