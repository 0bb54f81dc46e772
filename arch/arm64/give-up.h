/* SPDX-License-Identifier: BSD-3-Clause */
/* What each image defines for itself: how it ends when it cannot continue. */
#ifndef ARCH_ARM64_GIVE_UP_H
#define ARCH_ARM64_GIVE_UP_H

/** Report the reason where that is possible, and stop. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
