/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers that an exception interrupted, as frame.S saves them. */
#ifndef ARCH_ARM64_FRAME_H
#define ARCH_ARM64_FRAME_H

#define FRAME_ELR 248
#define FRAME_SPSR 256
#define FRAME_ESR 264
#define FRAME_FAR 272
#define FRAME_SIZE 288

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct frame {
	uint64_t x[31];
	uint64_t elr;
	uint64_t spsr;
	uint64_t esr;
	uint64_t far;
	uint64_t unused;
};

_Static_assert(offsetof(struct frame, elr) == FRAME_ELR, "frame.S has this offset");
_Static_assert(offsetof(struct frame, far) == FRAME_FAR, "frame.S has this offset");
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "frame.S has this size");

#endif

#endif
