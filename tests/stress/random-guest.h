/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest of up to two vCPUs on the KVM of tests/fuzz, which makes calls at random:
 * SYSTEM_SUSPEND above all, CPU_ON and CPU_OFF, resets, now and then an end. A vCPU that
 * sleeps is woken at random.
 */
#ifndef TESTS_STRESS_RANDOM_GUEST_H
#define TESTS_STRESS_RANDOM_GUEST_H

#include <stdbool.h>

/** Put it into the place of the KVM of which nothing runs. @kernel: KVM serves PSCI. */
void random_guest_install(unsigned int seed, bool kernel);

/** How often a vCPU has entered it. From any thread. */
unsigned long random_guest_entries(void);

/** How many machines it has run in, resets included. From any thread. */
unsigned long random_guest_machines(void);

#endif
