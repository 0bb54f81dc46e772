/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where one message of QMP ends and the next begins, in a stream of bytes from
 * somebody who may not mean well. What a message says is for a parser to find out.
 *
 * Messages need nothing between them. Strings are in double or single quotes, as
 * QEMU has them. A byte that cannot be part of a message ends the one that it is
 * found in: 0xfe, 0xff and control characters, in a string also tab and newline.
 * So a client can make sure that its next message is read as one, as QMP's
 * specification tells it. If something else than a message follows, it is skipped
 * up to a newline, as is a message that is given up: each is answered once.
 */
#ifndef VMM_QMP_SCAN_H
#define VMM_QMP_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_MESSAGE_SIZE 65536 /* Bytes of the longest message that is taken. */
#define QMP_MESSAGE_DEPTH 1024 /* Objects and arrays within one another, at most. */

enum qmp_scan_result {
	QMP_SCAN_MORE, /**< Go on. */
	QMP_SCAN_MESSAGE, /**< text and size hold a message, until the next byte. */
	QMP_SCAN_TOO_LONG, /**< A message was given up. */
	QMP_SCAN_TOO_DEEP, /**< Likewise. */
};

/** All zero to begin with. Private, but for the first two. */
struct qmp_scan {
	size_t size;
	char text[QMP_MESSAGE_SIZE];
	unsigned int depth;
	bool complete; /**< The next byte begins another message. */
	bool skipping; /**< Up to a newline. */
	bool broken; /**< The last message had a byte that cannot be part of one. */
	char quote; /**< What the string that we are in began with, or 0. */
	bool escaped; /**< The last byte was a backslash in a string. */
};

enum qmp_scan_result qmp_scan(struct qmp_scan *scan, char byte);

/** Nothing more comes: QMP_SCAN_MESSAGE if there is a message that has not ended. */
enum qmp_scan_result qmp_scan_end(struct qmp_scan *scan);

#endif
