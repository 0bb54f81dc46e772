/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's registers and MP state, by the file descriptor from KVM_CREATE_VCPU.
 *
 * Call them from the thread that owns the vCPU: KVM takes the vCPU's lock in
 * each of these calls, so another thread would wait until KVM_RUN returns. All
 * return 0 or -errno.
 */
#ifndef VMM_KVM_REGISTERS_H
#define VMM_KVM_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

/* Ids are KVM_REG_ARM64's. Core registers are counted in words of 32 bits. */
#define KVM_REGISTER_CORE(size, member) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_##size | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(member))
#define KVM_REGISTER_PC KVM_REGISTER_CORE(U64, regs.pc)
#define KVM_REGISTER_PSTATE KVM_REGISTER_CORE(U64, regs.pstate)
#define KVM_REGISTER_SP_EL0 KVM_REGISTER_CORE(U64, regs.sp)
#define KVM_REGISTER_SCTLR_EL1 ARM64_SYS_REG(3, 0, 1, 0, 0)
#define SCTLR_EL1_EE (1ULL << 25) /**< Big-endian data at EL1. */
#define KVM_REGISTER_MPIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 5)

/** General register x0 to x30. */
uint64_t kvm_register_x(unsigned int number);

/**
 * Whether it is the virtual or the physical counter, which belong to the
 * machine.
 */
bool kvm_register_is_counter(uint64_t id);

/** A register of 64 bits. */
int kvm_get_register(int vcpu_fd, uint64_t id, uint64_t *value);
int kvm_set_register(int vcpu_fd, uint64_t id, uint64_t value);

/** A register of any size, which is in its id; at most 2048 bits. */
int kvm_get_register_bytes(int vcpu_fd, uint64_t id, void *bytes);
int kvm_set_register_bytes(int vcpu_fd, uint64_t id, const void *bytes);

/**
 * List the registers. Sets @list, which the caller frees, or NULL on failure:
 * -ENOMEM or the error of KVM_GET_REG_LIST.
 */
int kvm_list_registers(int vcpu_fd, struct kvm_reg_list **list);

/** Whether the vCPU is runnable, off or suspended, one of KVM_MP_STATE_. */
int kvm_get_mp_state(int vcpu_fd, uint32_t *state);
int kvm_set_mp_state(int vcpu_fd, uint32_t state);

#endif
