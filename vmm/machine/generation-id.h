/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generation ID of a VM, by which its guest notices that it is a copy of
 * itself: another VM has its past, too, with its random numbers and keys.
 */
#ifndef VMM_GENERATION_ID_H
#define VMM_GENERATION_ID_H

#include "base/error.h"
#include "config/config.h"
#include "machine/vm.h"

/** Make one that no other VM has. Returns 0, or -errno with @error set. */
int generation_id_make(struct config *config, struct error *error);

/**
 * After a machine was restored, and before its vCPUs run: if its guest's memory
 * has another ID than @vm's configuration, put that there and raise the
 * interrupt that tells the guest. It gets that when it next takes interrupts.
 */
void generation_id_update(struct vm *vm);

#endif
