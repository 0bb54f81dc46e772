/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual machine: what lasts through its resets (RAM, devices), and the KVM
 * VM of its present power cycle, which a reset replaces: KVM_ARM_VCPU_INIT does
 * not reset the GIC, and a new VM starts without any state of the old one.
 *
 * Which thread may access what: everything here is written by the thread that
 * called vm_create() while no vCPU runs, and constant while one does. The
 * exceptions are vm_stop() and its fields, which any thread may use.
 */
#ifndef VMM_VM_H
#define VMM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "board/bus.h"
#include "board/cpu-features.h"
#include "board/memory.h"
#include "boot/image.h"
#include "config/config.h"
#include "kvm/kvm.h"
#include "kvm/reset-state.h"
#include "machine/gate.h"
#include "machine/guest-clock.h"
#include "machine/restored-memory.h"
#include "machine/vpsci-server.h"
#include "record/cause.h"

struct devices;
struct vcpu;

/** The cause, in words, if the guest says that it panicked. */
#define VM_PANICKED "the guest panicked"

struct vm {
	const struct kvm *kvm;
	const struct config *config;
	const char *name;
	vpsci_chooser *choose_server;
	struct memory memory;
	struct restored_memory restored; /**< Where RAM is from. */
	struct bus bus;
	struct image image;
	struct devices *devices;

	/** Where vCPU threads pause and send requests to the main thread. */
	struct gate gate;

	struct guest_clock clock;

	/**
	 * What its guest relies on, whose registers its vCPUs get in each power
	 * cycle; NULL: those of the host.
	 */
	const struct environment *environment;

	/**
	 * The vCPU all of whose registers come from a saved file, while that is
	 * restored; else CAUSE_VCPU_NONE.
	 */
	int restored_vcpu;

	/**
	 * The kernel of the next boot gets noresume: it takes no image from its
	 * disks.
	 */
	bool no_resume;

	/** Of its ACPI tables; set before vm_fill(). */
	uint32_t hardware_signature;

	struct reset_state reset_state; /**< Of its vCPUs, in all power cycles; has a lock. */

	/* The present power cycle. */
	int fd;
	int gic_fd;
	struct vcpu *vcpus;
	struct cpu_features features; /**< Of its vCPUs. */
	unsigned int vcpu_count; /**< Of those created; config->cpus when complete. */
	const struct vpsci_server *server; /**< Of PSCI; NULL before the first power cycle. */
	void *vpsci; /**< The server's own, or NULL. */
	bool psci_fell_back; /**< KVM serves it only because it cannot forward the calls. */
	atomic_bool psci_held; /**< --psci-test hold-cpu: the vCPU has not been released yet. */
	uint32_t psci_version; /**< What the guest sees. */
	uint32_t psci_kvm_version; /**< The newest that KVM itself has. */

	/* How it ends. */
	pthread_mutex_t stop_lock; /**< Guards cause, and stopping's change. */
	atomic_bool stopping;
	struct cause cause;
	int stop_fd; /**< Readable once stopping. */
	/**
	 * The guest said that it panicked, and goes on: for the main thread,
	 * which gate_notify() wakes.
	 */
	atomic_bool panicked;
	/** As in struct device_setup; set by control_create(). */
	void (*linked)(void *context, const char *id, const char *path, bool connected);
	void *linked_context;
	atomic_bool stray_reported;
	atomic_bool undecoded_reported;
};

/**
 * Create what lasts: RAM and the images, which are checked. Nothing runs. @kvm,
 * @config and @name must outlive the VM; each vm_begin() calls @choose_server.
 * Returns 0, or -errno with @error set.
 */
int vm_create(struct vm *vm, const struct kvm *kvm, const struct config *config, const char *name,
	      vpsci_chooser *choose_server, struct error *error);

void vm_destroy(struct vm *vm);

/**
 * Begin a power cycle: a KVM VM, its vCPUs and GIC, the devices as after
 * power-on. RAM is still to be filled. Nothing runs yet. Returns 0, or -errno
 * with @error set.
 */
int vm_begin(struct vm *vm, struct error *error);

/**
 * Fill RAM after vm_begin(): the images, the device tree and the other tables.
 * The machine is ready to boot. Returns 0, or -errno with @error set.
 */
int vm_fill(struct vm *vm, struct error *error);

/**
 * Fill fw_cfg, if there is one: a part of vm_fill(), and for a restored machine,
 * whose signature is known. Returns 0, or -errno with @error set.
 */
int vm_fill_firmware(struct vm *vm, struct error *error);

/** vm_begin() and vm_fill(). After a failure there is no power cycle. */
int vm_boot(struct vm *vm, struct error *error);

/** Let the vCPUs run. Returns 0, or -errno with @error set. */
int vm_run(struct vm *vm, struct error *error);

/**
 * Stop every vCPU soon, because of @cause; the first cause of a power cycle
 * wins, but see cause_outranks(). From any thread. Never blocks for long.
 */
void vm_stop(struct vm *vm, const struct cause *cause);

/** Stop because the VM cannot continue: @what says why. From any thread. */
__attribute__((format(printf, 3, 4))) void vm_crash(struct vm *vm, int vcpu, const char *what, ...);

/**
 * Pause every vCPU, out of KVM and of devices, until vm_release(). The gate may
 * be closed already. For the thread that called vm_create(), while vCPUs run;
 * waits for those that are in a device. Returns false if this power cycle has
 * ended, and then there is nothing to release.
 */
bool vm_hold(struct vm *vm);
void vm_release(struct vm *vm);

/**
 * The guest accessed @address, where there is neither RAM nor a device: a read
 * returned 0, a write was dropped. Reported once for a VM, or a guest could
 * fill a disk with messages. From any vCPU's thread.
 */
void vm_report_stray(struct vm *vm, unsigned int vcpu, uint64_t address, bool write);

/**
 * The guest accessed @address, where it has no memory, by an instruction that
 * KVM cannot decode, and received an external abort. Reported once, too. From
 * any vCPU's thread.
 */
void vm_report_undecoded(struct vm *vm, unsigned int vcpu, uint64_t address, bool write);

/** Wait until every vCPU has stopped, and return the cause. After vm_stop(). */
struct cause vm_wait(struct vm *vm);

/**
 * End a power cycle that vm_begin() or vm_boot() began and in which nothing
 * runs any more.
 */
void vm_end(struct vm *vm);

/**
 * End a power cycle in which nothing runs any more and begin the next, which
 * runs; a @warm one keeps the contents of RAM. Returns 0, or -errno with @error
 * set, and then there is none.
 */
int vm_restart(struct vm *vm, bool warm, struct error *error);

#endif
