/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of dormouse itself, not of its guest: lines on standard error. */
#ifndef VMM_MESSAGE_H
#define VMM_MESSAGE_H

/**
 * Log one line, prefixed by "dormouse: ". From any thread; lines never mix. A
 * pipe or terminal that nothing reads delays the call for a second at most, and
 * not at all for some time after that: a line without room is dropped, and the
 * next line that is written says how many were.
 */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);

/**
 * Like message(), for events that a guest can repeat: after a number of such
 * lines, at most one a second is written, and it says how many were suppressed.
 */
void message_ratelimited(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
