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

#include "kvm.h"

/** What kvm_open() would find. */
extern const struct kvm kvm_of_tests;

#endif
