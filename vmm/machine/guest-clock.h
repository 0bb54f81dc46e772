/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's time while its machine is paused by the user. Its virtual counter
 * (CNTVCT_EL0) stands still then, as on QEMU: a guest that finds that 40
 * seconds have passed between two of its instructions considers itself hung
 * (Linux' soft lockup watchdog). So does the time by which libpsci counts how
 * long CPUs sleep.
 *
 * The counter continues while the guest sleeps by itself (SYSTEM_SUSPEND): it
 * knows that it slept, and needs to know for how long. The wall clock (PL031)
 * always continues. So does the physical counter (CNTPCT_EL0), which is the
 * host's own before Linux 6.4: with an offset, each access to it would exit
 * from then on, on CPUs without FEAT_ECV_POFF, and Linux, U-Boot and EDK2 use
 * the virtual one.
 *
 * KVM's counter cannot be stopped. It is read when the machine is paused, and
 * set to that value when the machine continues.
 *
 * Concurrency: all but guest_clock_now() is the main thread's, while all vCPUs
 * are paused or none exists; the gate's lock orders that before what vCPUs do
 * next.
 */
#ifndef VMM_GUEST_CLOCK_H
#define VMM_GUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct vm;

/** Zero at first: it runs. Private. */
struct guest_clock {
	bool stopped;
	bool known; /**< While it is stopped: count is what the counter was. */
	uint64_t count;
	uint64_t since; /**< While it is stopped: when that was, as guest_clock_now() counts. */
	uint64_t paused; /**< How long it was stopped earlier, in microseconds. */
};

/**
 * Stop it. All vCPUs of @vm are paused, or this power cycle has ended. No
 * effect if it is stopped.
 */
void guest_clock_stop(struct vm *vm);

/**
 * Let it continue from where it was stopped. All vCPUs are still paused. No
 * effect if it runs.
 */
void guest_clock_start(struct vm *vm);

/**
 * The vCPUs of a new power cycle exist, whose counter begins: if the clock is
 * stopped, so is that counter.
 */
void guest_clock_begin(struct vm *vm);

/**
 * Microseconds since some time, without those in which it was stopped. From any
 * thread.
 */
uint64_t guest_clock_now(const struct vm *vm);

#endif
