/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interface of the PSCI servers for the rest of dormouse, beside the table
 * in machine/vpsci-server.h. It contains nothing of libpsci.
 */
#ifndef VMM_VPSCI_H
#define VMM_VPSCI_H

#include "machine/vm.h"
#include "machine/vpsci-server.h"

struct psci_machine;

/**
 * The server that the configuration of @vm names; if it names none, libpsci if
 * this KVM can forward the calls, else KVM, with vm->psci_fell_back set.
 */
vpsci_chooser vpsci_choose;

/**
 * libpsci's machine if libpsci is the server, to be saved and restored;
 * otherwise NULL.
 */
struct psci_machine *vpsci_machine(struct vm *vm);

#endif
