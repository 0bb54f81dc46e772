/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VMM_VCPU_NEXT_H
#define VMM_VCPU_NEXT_H

/** What a vCPU's thread does next. */
enum vcpu_next {
	VCPU_RUN, /**< Enter the guest. */
	VCPU_WAIT, /**< Off: wait for a kick. */
	VCPU_SLEEP, /**< Suspended: wait for an interrupt or a kick. */
	VCPU_EXIT, /**< This power cycle of the machine is over. */
};

#endif
