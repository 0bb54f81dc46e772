/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/state.h - save and restore a machine's PSCI state: snapshots, migration
 *
 * A record holds all that the library knows of a machine: its version and the
 * functions that the guest has, the state and availability of each
 * vCPU, the entry points of pending starts and of vCPUs that sleep, the suspend
 * mode, statistics, MEM_PROTECT, the event it stopped with. The host saves what
 * the library does not know: the registers of vCPUs, and what woke or will wake
 * them.
 *
 * The record is bytes, little-endian, the same on every machine, with a format
 * number and a checksum. It may be stored and sent, and need not be trusted:
 * whatever its bytes are, restoring it either makes a sound machine or changes
 * nothing.
 *
 * To restore, make a machine as the first one was made: the same MPIDRs, the
 * same domains added in the same order, the same power states, a host that can
 * provide these functions. These come from the record and need not match:
 * the version, enabled and disabled functions, psci_config.hide_on_pending. So
 * a guest continues to see what it saw, though the library it moves to may have
 * more.
 */
#ifndef PSCI_STATE_H
#define PSCI_STATE_H

#include <psci/env.h>
#include <psci/psci.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * psci_machine_save_size() - how large a record of this machine is
 *
 * It does not change once the machine has all of its vCPUs and domains. From
 * any thread.
 *
 * Return: bytes: 88, and 9 for each power state, 18 for each domain, 45 for
 * each vCPU, and with statistics 16 for each power state of each domain and
 * vCPU.
 */
size_t psci_machine_save_size(struct psci_machine *machine);

/**
 * psci_machine_save() - write a machine's state to a record
 * @machine: it is not changed. The host has stopped its vCPUs, each once it has
 *	done what the library last answered (x0 is written, an entry is loaded);
 *	otherwise that answer would be lost.
 * @record: the caller's buffer, of any alignment; psci_machine_save_size()
 *	bytes are written
 * @size: of the buffer, in bytes
 *
 * From any thread.
 *
 * Return: 0, or
 *   PSCI_ERR_SPACE: @size is less than psci_machine_save_size().
 */
int psci_machine_save(struct psci_machine *machine, void *record, size_t size);

/**
 * psci_machine_restore() - restore a machine from a record
 * @machine: with all its vCPUs and domains, none of which runs; its former
 *	state is forgotten
 * @record: from psci_machine_save(), of this or any earlier version of the
 *	library; read during the call only
 * @size: of the record in bytes, exactly
 *
 * Then each vCPU polls, once the host has restored its registers. The answers:
 * PSCI_NEXT_RUN for one that was on; PSCI_NEXT_START for a pending start; WAIT,
 * SLEEP and SYSTEM_SUSPEND as before; EXIT if the machine had stopped, with its
 * event. Every vCPU is kicked. Do not call psci_machine_boot(): the power cycle
 * continues. From any thread.
 *
 * Return: 0, or, with nothing changed,
 *   PSCI_ERR_TRUNCATED: the record is longer than @size;
 *   PSCI_ERR_CORRUPT: the bytes are not a record, or describe an impossible
 *   state;
 *   PSCI_ERR_NEWER: it has a format of a later library;
 *   PSCI_ERR_UNSUPPORTED: it has a version that this library does not know, or
 *	a function that this library or the host of @machine cannot provide;
 *   PSCI_ERR_MISMATCH: vCPUs, domains, power states or the trusted OS differ,
 *	or entry_ok() of the host refuses an address where a vCPU would start or
 *	wake. It is called for each vCPU whose start is pending, also by
 *	psci_machine_boot(), or that sleeps in a power-down state.
 */
int psci_machine_restore(struct psci_machine *machine, const void *record, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_STATE_H */
