/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a vCPU that say what the guest has: the features of the CPU,
 * and KVM's firmware registers, which say what KVM answers to SMCCC calls.
 */
#ifndef VMM_ID_REGISTERS_H
#define VMM_ID_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether it says which features the CPU has. No guest changes it. */
bool kvm_register_is_feature(uint64_t id);

/** Whether it is one of KVM's firmware registers. */
bool kvm_register_is_firmware(uint64_t id);

/**
 * Whether it is either, and an environment has it: it fits into 64 bits, and
 * the PSCI server does not set it.
 */
bool kvm_register_is_noted(uint64_t id);

#define KVM_REGISTER_NAME_SIZE 24

/**
 * The name of either: Arm's, such as "ID_AA64PFR0_EL1"; else by its encoding,
 * as an assembler takes it, "S3_0_C0_C4_7"; else KVM's id in hexadecimal.
 */
void kvm_register_name(uint64_t id, char name[KVM_REGISTER_NAME_SIZE]);

/**
 * The reverse, of a name of @length bytes. Returns whether it is one, of any
 * register.
 */
bool kvm_register_of_name(const char *name, size_t length, uint64_t *id);

#endif
