/* SPDX-License-Identifier: BSD-3-Clause */
/* What dormouse itself says, as opposed to its guest: on stderr, line by line. */
#ifndef VMM_MESSAGE_H
#define VMM_MESSAGE_H

/**
 * Say one line, "dormouse: " before it. From any thread; lines never mix. A pipe
 * or terminal that nobody reads holds it up for no more than a second, and not at
 * all for some time after that: a line without room is lost, and the next one
 * that is written says how many were.
 */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);

/**
 * The same for what a guest can bring about as often as it likes: after a
 * number of such lines, no more than one a second is written, and it says how
 * many were not.
 */
void message_of_guest(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
