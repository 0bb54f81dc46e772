/* SPDX-License-Identifier: BSD-3-Clause */
/* What dormouse itself says, as opposed to its guest: on stderr, line by line. */
#ifndef VMM_MESSAGE_H
#define VMM_MESSAGE_H

/** Say one line, "dormouse: " before it. From any thread; lines never mix. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);

#endif
