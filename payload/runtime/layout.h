/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What C and assembly of the payload must agree on.
 */
#ifndef PAYLOAD_RUNTIME_LAYOUT_H
#define PAYLOAD_RUNTIME_LAYOUT_H

#define CPU_MAX 64
#define PRIMARY_STACK_SIZE 16384
#define SECONDARY_STACK_SIZE 4096

/* struct call. */
#define CALL_IN 0
#define CALL_OUT 248
#define CALL_SP_IN 496
#define CALL_SP_OUT 504
#define CALL_DAIF_IN 512
#define CALL_DAIF_OUT 520

#endif
