/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A KVM of which nothing runs: enough of it to make, save and restore a VM in a
 * program on any machine. It takes the place of ioctl(), by the linker's --wrap, so
 * that what dormouse does with the answers is dormouse's own.
 *
 * It is strict where Linux is: a register that it does not know is ENOENT, one that
 * cannot change EINVAL.
 */
#ifndef TESTS_FUZZ_FAKE_KVM_H
#define TESTS_FUZZ_FAKE_KVM_H

#include "kvm/kvm.h"

#include <stdbool.h>
#include <stddef.h>

/** What kvm_open() would find. */
extern const struct kvm kvm_of_tests;

/**
 * What a test answers in place of this KVM: returns whether it does, with @ret, and
 * errno if that is -1. From the thread that makes the call. NULL if it answers nothing.
 */
extern bool (*fake_kvm_answer)(int fd, unsigned long request, void *argument, int *ret);

/** Make the vCPU of this index: a descriptor of a page that can be mapped, or -1. */
int fake_kvm_create_vcpu(size_t index);

/** Run a guest that executes nothing, until its thread is kicked: -1, and EINTR. */
int fake_kvm_run(int fd);

#endif
