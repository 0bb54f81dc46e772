/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Splits a stream of bytes from an untrusted client into messages of QMP. Their
 * contents are left to a parser.
 *
 * Messages need no separator. Strings are in double or single quotes, as in
 * QEMU. A byte that cannot be part of a message ends the one in which it is
 * found: 0xfe, 0xff and control characters, in a string also tab and newline.
 * So a client can make sure that its next message is read as one, as QMP's
 * specification recommends. If something other than a message follows, it is
 * skipped up to a newline, as is a message that is given up: each is answered
 * once.
 */
#ifndef VMM_QMP_SCAN_H
#define VMM_QMP_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_MESSAGE_SIZE 65536 /* The length limit of a message, in bytes. */
#define QMP_MESSAGE_DEPTH 1024 /* The limit of nested objects and arrays. */

enum qmp_scan_result {
	QMP_SCAN_MORE, /**< More bytes are needed. */
	QMP_SCAN_MESSAGE, /**< text and size hold a message, until the next byte. */
	QMP_SCAN_TOO_LONG, /**< A message was given up. */
	QMP_SCAN_TOO_DEEP, /**< Likewise. */
};

/** A caller sets all of it to zero first, except text. It reads size and text alone. */
struct qmp_scan {
	size_t size;
	unsigned int depth;
	bool complete; /**< The next byte begins another message. */
	bool skipping; /**< Up to a newline. */
	bool broken; /**< The last message had a byte that cannot be part of one. */
	char quote; /**< The quote that began the current string, or 0. */
	bool escaped; /**< The last byte was a backslash in a string. */
	char text[QMP_MESSAGE_SIZE]; /**< Last: it need not be zero. */
};

enum qmp_scan_result qmp_scan(struct qmp_scan *scan, char byte);

/**
 * The input has ended: QMP_SCAN_MESSAGE if there is a message that has not
 * ended.
 */
enum qmp_scan_result qmp_scan_end(struct qmp_scan *scan);

#endif
