/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM on the KVM of tests/fuzz/fake-kvm.h, with control.h's state machine. It has one
 * flat binary, no disk, and no console.
 */
#ifndef TESTS_KVM_RIG_H
#define TESTS_KVM_RIG_H

#include "fake-kvm.h"

#include "control/control.h"
#include "machine/vm.h"
#include "record/record.h"
#include "save/file.h"

#define RIG_MEMORY (128ULL << 20)

struct rig {
	struct record record;
	struct vm vm;
	struct control control;
	int binary_fd;
	int dir_fd;
	char dir[32];
};

/** Make it; its power cycle has begun and its vCPUs do not run yet. */
void rig_create(struct rig *rig, unsigned int cpus);

/** The same with a machine of @version. */
void rig_create_version(struct rig *rig, unsigned int cpus, uint32_t version);

/**
 * The same with the binary as a firmware, whose variables are in the file
 * @vars, or in memory if that is NULL.
 */
void rig_create_firmware(struct rig *rig, unsigned int cpus, const char *vars);

/**
 * As rig_create_firmware() with variables in memory, and with a network at the Unix socket
 * @path, of the device @mac.
 */
void rig_create_network(struct rig *rig, unsigned int cpus, const char *path,
			const uint8_t mac[MAC_SIZE]);

/**
 * Have it be as after SYSTEM_SUSPEND by vCPU 0, with the entry point MEMORY_BASE, and its record
 * as of a machine that can be saved. Its vCPUs do not run.
 */
void rig_put_to_sleep(struct rig *rig);

/** Save it in the file @path, which there is not before. */
void rig_save(struct rig *rig, const char *path, enum save_form form);

/** Start its vCPUs. */
void rig_run(struct rig *rig);

/** Wait until they have ended by themselves, or as requested. */
struct cause rig_wait(struct rig *rig);

/** Stop them if they run, and end it. */
void rig_destroy(struct rig *rig);

#endif
