/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the rest of dormouse sees of its servers of PSCI, beside the table in
 * machine/vpsci-server.h. Nothing of libpsci is in here.
 */
#ifndef VMM_VPSCI_H
#define VMM_VPSCI_H

#include "machine/vm.h"
#include "machine/vpsci-server.h"

struct psci_machine;

/**
 * The server that the configuration of @vm names; if it names none, libpsci if this
 * KVM can forward the calls, else KVM, with vm->psci_fell_back set.
 */
vpsci_chooser vpsci_choose;

/** libpsci's machine if it alone serves, to be saved and restored; else NULL. */
struct psci_machine *vpsci_machine(struct vm *vm);

#endif
