/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci/kvm.h - how KVM reports what libpsci calls an event, and back
 *
 * With KVM's own PSCI, a guest's SYSTEM_OFF, SYSTEM_OFF2, SYSTEM_RESET,
 * SYSTEM_RESET2 and SYSTEM_SUSPEND end in KVM_EXIT_SYSTEM_EVENT with a type
 * and, in data[0], flags. With these two functions a VMM that can take PSCI
 * from the kernel or from libpsci handles both in one place. The numbers are
 * the kernel's ABI; they are repeated here because older kernel headers lack
 * some of them.
 */
#ifndef PSCI_KVM_H
#define PSCI_KVM_H

#include <psci/psci.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PSCI_KVM_SYSTEM_EVENT_SHUTDOWN 1
#define PSCI_KVM_SYSTEM_EVENT_RESET 2
#define PSCI_KVM_SYSTEM_EVENT_SUSPEND 5

/* Bit 0 of data[0], whose meaning depends on the type. */
#define PSCI_KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2 1
#define PSCI_KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2 1

/**
 * psci_event_kind_from_kvm() - read a KVM_EXIT_SYSTEM_EVENT
 * @type: kvm_run.system_event.type
 * @flags: kvm_run.system_event.data[0], or 0 if ndata is 0
 *
 * Return: the event's kind; PSCI_EVENT_NONE for any other type.
 */
static inline enum psci_event_kind psci_event_kind_from_kvm(uint32_t type, uint64_t flags)
{
	switch (type) {
	case PSCI_KVM_SYSTEM_EVENT_SHUTDOWN:
		return flags & PSCI_KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2 ? PSCI_EVENT_OFF2
									     : PSCI_EVENT_OFF;
	case PSCI_KVM_SYSTEM_EVENT_RESET:
		return flags & PSCI_KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2 ? PSCI_EVENT_RESET2
									    : PSCI_EVENT_RESET;
	case PSCI_KVM_SYSTEM_EVENT_SUSPEND:
		return PSCI_EVENT_SUSPEND;
	default:
		return PSCI_EVENT_NONE;
	}
}

/**
 * psci_event_kind_to_kvm() - how KVM would report an event
 * @kind: not PSCI_EVENT_NONE
 * @flags: set to what data[0] would be
 *
 * Return: what kvm_run.system_event.type would be; 0 for PSCI_EVENT_NONE, which
 * KVM does not report and for which @flags is 0.
 */
static inline uint32_t psci_event_kind_to_kvm(enum psci_event_kind kind, uint64_t *flags)
{
	*flags = 0;

	switch (kind) {
	case PSCI_EVENT_NONE:
		return 0;
	case PSCI_EVENT_OFF2:
		*flags = PSCI_KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2;
		return PSCI_KVM_SYSTEM_EVENT_SHUTDOWN;
	case PSCI_EVENT_OFF:
		return PSCI_KVM_SYSTEM_EVENT_SHUTDOWN;
	case PSCI_EVENT_RESET2:
		*flags = PSCI_KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2;
		return PSCI_KVM_SYSTEM_EVENT_RESET;
	case PSCI_EVENT_RESET:
		return PSCI_KVM_SYSTEM_EVENT_RESET;
	case PSCI_EVENT_SUSPEND:
		return PSCI_KVM_SYSTEM_EVENT_SUSPEND;
	}

	return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* PSCI_KVM_H */
