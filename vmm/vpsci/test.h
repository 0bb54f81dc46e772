/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --psci-test makes of libpsci's host: answers that it gives only if its host
 * takes a part. Nobody else has any of it.
 */
#ifndef VMM_VPSCI_TEST_H
#define VMM_VPSCI_TEST_H

#include <psci/psci.h>

#include <stdbool.h>

#include "machine/vcpu.h"
#include "machine/vm.h"

/**
 * Whether @vm, whose server is chosen, can have what it is asked for. Returns 0, or
 * -errno with @error set.
 */
int vpsci_test_check(const struct vm *vm, struct error *error);

/** Add to @host and @config what @vm is asked for; @config->ctx is @vm. */
void vpsci_test_prepare(struct vm *vm, struct psci_host *host, struct psci_config *config);

/** The same for the vCPUs of its machine. */
void vpsci_test_mark(const struct vm *vm);

/**
 * Whether a vCPU, which has been kicked and is not on, shall not poll yet: it stays
 * ON_PENDING. It will be kicked again. On its own thread.
 */
bool vpsci_test_holds(const struct vcpu *vcpu);

#endif
