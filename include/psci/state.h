/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/state.h - take a machine's PSCI state along: snapshots, migration
 *
 * A record holds all that the library knows of a machine: its version and the
 * functions that the guest was offered, what each vCPU is to PSCI, entry points of
 * starts that are pending and of vCPUs that sleep, the suspend mode, statistics,
 * availability, MEM_PROTECT, the event it stopped with. The registers of vCPUs, and what
 * woke or will wake them, are the host's to save.
 *
 * The record is bytes, little-endian, the same on every machine, with a format
 * number and a checksum. It may be stored and sent, and comes from nobody who is
 * to be trusted: whatever its bytes are, restoring either makes a machine that is
 * sound or changes nothing.
 *
 * To restore, make a machine as the first one was made: the same MPIDRs, the same
 * domains added in the same order, the same power states, a host that can do what
 * the guest was offered. Its version, disabled and enabled functions need not
 * match, and neither need psci_config.hide_on_pending; they come from the record:
 * a guest goes on seeing what it saw, though the library it moves to may have more.
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
 * The same for its whole life, once it has all of its vCPUs and domains. From any
 * thread.
 *
 * Return: bytes: 88, and 9 for each power state, 18 for each domain, 45 for each
 * vCPU, and with statistics 16 for each power state of each domain and vCPU.
 */
size_t psci_machine_save_size(struct psci_machine *machine);

/**
 * psci_machine_save() - write down a machine's state
 * @machine: with its vCPUs stopped by the host, each once it has done what the
 *	library last told it (x0 is written, an entry is loaded), or what that was
 *	would be lost; it is not changed
 * @record: psci_machine_save_size() bytes are written, of any alignment; the caller's
 * @size: of the buffer, in bytes
 *
 * From any thread.
 *
 * Return: 0, or
 *   PSCI_ERR_SPACE: @size is less than psci_machine_save_size().
 */
int psci_machine_save(struct psci_machine *machine, void *record, size_t size);

/**
 * psci_machine_restore() - make a machine what another one was
 * @machine: with all its vCPUs and domains, none of which runs; what it was before
 *	is forgotten
 * @record: from psci_machine_save(), of this or any earlier version of the library;
 *	read during the call only
 * @size: of the record in bytes, exactly
 *
 * Then each vCPU polls, once the host has restored its registers:
 * PSCI_NEXT_RUN for one that was on, PSCI_NEXT_START for a pending start, WAIT
 * and SLEEP as before, EXIT if the machine had stopped, with its event; a machine
 * that was suspended still is, see psci_machine_event(). Every vCPU is kicked.
 * Without psci_machine_boot(): the life goes on. From any thread.
 *
 * Return: 0, or, with nothing changed,
 *   PSCI_ERR_TRUNCATED: the record goes on beyond @size;
 *   PSCI_ERR_CORRUPT: these are not the bytes of a record, or no machine can be so;
 *   PSCI_ERR_NEWER: it has a format of a later library;
 *   PSCI_ERR_UNSUPPORTED: it has a version that this library does not know, or a
 *	function that this library or the host of @machine cannot offer;
 *   PSCI_ERR_MISMATCH: vCPUs, domains, power states or the trusted OS differ, or
 *	psci_host.entry_ok() of @machine refuses where a vCPU would start or wake: it
 *	is asked of each one whose start is pending or that sleeps in a power-down
 *	state, also if psci_machine_boot() said where.
 */
int psci_machine_restore(struct psci_machine *machine, const void *record, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* PSCI_STATE_H */
