/* SPDX-License-Identifier: BSD-3-Clause */
/* What a machine's vCPUs use of the host's CPUs. */
#ifndef VMM_VCPU_TIME_H
#define VMM_VCPU_TIME_H

#include <stdint.h>

struct vm;

/**
 * CPU time of all vCPU threads of this power cycle so far, in microseconds, that of the
 * guest included. While the vCPUs exist; a thread that has just ended counts as none.
 */
uint64_t vcpus_cpu_time(const struct vm *vm);

#endif
