/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What --psci-test changes in libpsci's host: answers that libpsci gives only
 * if its host cooperates.
 */
#ifndef VMM_VPSCI_TEST_H
#define VMM_VPSCI_TEST_H

#include <psci/psci.h>

#include <stdbool.h>

#include "machine/vcpu.h"
#include "machine/vm.h"

/**
 * Whether @vm, whose server is chosen, supports its --psci-test. Returns 0, or
 * -errno with @error set.
 */
int vpsci_test_check(const struct vm *vm, struct error *error);

/** Apply @vm's --psci-test to @host and @config; @config->ctx is @vm. */
void vpsci_test_prepare(struct vm *vm, struct psci_host *host, struct psci_config *config);

/** Apply it to the vCPUs of its machine. */
void vpsci_test_set_availability(const struct vm *vm);

/**
 * Whether a vCPU, which has been kicked and is not on, must not poll yet, so
 * that it stays ON_PENDING. It will be kicked again. On its own thread.
 */
bool vpsci_test_holds(const struct vcpu *vcpu);

#endif
