/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual CPU and the thread that runs it.
 *
 * Which thread may access what
 * ----------------------------
 * The vCPU's registers, its struct kvm_run and its part of libpsci belong to
 * its own thread while that runs, and to the thread that creates and destroys
 * it before and after. Other threads have one way in: vcpu_kick(), which makes
 * the thread ask the PSCI server (vpsci-server.h) what to do next. Before it
 * polls, it passes the machine's gate (gate.h): while that is closed and all
 * are paused there, registers and ioctls of every vCPU belong to the thread
 * that closed it.
 *
 * Why no kick is lost
 * -------------------
 * A kick sets `kicked`, then signals the thread. The thread, before each
 * KVM_RUN, first clears run->immediate_exit and then takes `kicked`. A kick
 * that came before is seen there. A kick that comes after has its signal
 * delivered to this very thread before or inside KVM_RUN: inside, the ioctl
 * returns EINTR; before, the handler has set immediate_exit and KVM_RUN returns
 * EINTR at once. The thread of a vCPU that is off waits on the condition with
 * `kicked` as its predicate and, as `waiting` says under the lock, is sent no
 * signal. The signal is sent only while `running` says, under the lock, that
 * the thread has registered itself and has not left; a kick before that finds
 * `kicked` set when the thread starts.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"
#include "kvm/registers.h"
#include "machine/gate.h"
#include "machine/vcpu-next.h"

struct vm;
struct psci_vcpu;

/**
 * What a vCPU's thread asks the main thread at the gate; the answer in braces.
 */
enum vcpu_question {
	VCPU_MAY_SUSPEND = 1, /**< The machine, by SYSTEM_SUSPEND (a PSCI_RET_ value). */
	VCPU_HAS_WOKEN, /**< An interrupt has ended SYSTEM_SUSPEND (nothing). */
};

/** A SYSTEM_SUSPEND, as the guest called it. */
struct vcpu_suspend {
	uint64_t entry;
	uint64_t context;
	bool big_endian;
};

struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	uint64_t mpidr; /**< Affinity fields only. */
	struct kvm_vcpu_init init;
	bool fresh; /**< Its registers, except PC and x0, are as KVM_ARM_VCPU_INIT leaves them. */
	struct psci_vcpu *psci; /**< NULL while KVM alone serves PSCI. */

	/**
	 * Written by its own thread before it asks whether it may suspend,
	 * constant until it asks that again.
	 */
	struct vcpu_suspend suspend;
	bool suspended; /**< It sleeps in SYSTEM_SUSPEND. Its own thread's. */
	atomic_bool woken; /**< Where KVM keeps power states: a user has woken it. */
	struct gate_request request;
	atomic_int activity; /**< An enum vcpu_next: the last answer to its thread. */

	atomic_int tid; /**< Linux' id of its thread; 0 until that has begun. */
	pthread_t thread; /**< The creator's handle, to join. */
	pthread_mutex_t lock; /**< Guards self, running, waiting; kicked too for those that wait. */
	pthread_cond_t wake;
	pthread_t self; /**< As the thread registered itself, while running. */
	bool running;
	bool waiting; /**< Its thread waits on wake, or is about to return from there. */
	atomic_bool kicked;
};

/**
 * Prepare the process: install the signal that kicks. Once, before any vCPU.
 */
int vcpu_setup(struct error *error);

/**
 * Make vCPU @index of @vm in KVM and initialise it; @power_off is for when KVM
 * serves PSCI. Returns 0, or -errno with @error set.
 */
int vcpu_create(struct vcpu *vcpu, struct vm *vm, unsigned int index, bool power_off,
		struct error *error);

/** Destroy it. After vcpu_join(), or if it was never started. */
void vcpu_destroy(struct vcpu *vcpu);

/** Start the thread. Returns 0, or -errno with @error set. */
int vcpu_start(struct vcpu *vcpu, struct error *error);

/** Wait until the thread has left. */
void vcpu_join(struct vcpu *vcpu);

/** Make the thread poll soon. From any thread, while the vCPU exists. */
void vcpu_kick(struct vcpu *vcpu);

/* The rest is for the thread that owns the vCPU. */

/**
 * Bring the vCPU to its reset state, to be started at @pc with @x0: x1 to x30,
 * SP_EL0, FP and SIMD registers are zero, as KVM's own CPU_ON leaves them.
 * Returns 0 or -errno.
 */
int vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t x0, bool big_endian);

/**
 * As vcpu_reset(), for a vCPU that was never off and only comes back from
 * power-down: it keeps its timer, whose interrupt may have woken it and which a
 * reset would clear, and every other register that PSCI lets it keep. Returns 0
 * or -errno.
 */
int vcpu_resume_at(struct vcpu *vcpu, uint64_t pc, uint64_t x0, bool big_endian);

#endif
