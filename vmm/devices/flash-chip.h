/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second bank of flash, from machine version 3 on: chips (cfi-flash.h), in
 * which a firmware keeps its variables, and the file (host/flash-file.h), in
 * which they outlive the machine.
 *
 * The guest reads memory of ours: 0xff where the bank is erased, which is
 * shared (erased.h), and memory of its own for each block that has anything
 * else. It is filled from the file when the machine is made, and changes after
 * the file does. While the chips read as the array, that memory is the guest's
 * ROM, and its reads cost no exit; from the first command to the next "read
 * array" the ROM is gone, and this device answers each read.
 *
 * A lock protects all of it: a vCPU's thread takes it for each access, and
 * holds it while it writes the file and while KVM adds or removes the ROM. A
 * vCPU that reads at that time finds the ROM, and so what the array had before
 * the command or has after it; or it leaves KVM, waits for the lock, and is
 * answered by what the chips are then. So reads that race a command are as on a
 * bus where either may come first.
 *
 * What may take the host long, a sync, is done by the main thread without the
 * lock: a second after a write, and when devices are drained or flushed. That
 * the file was written, that the timer runs, and that a sync failed, is atomic.
 */
#ifndef VMM_DEVICES_FLASH_CHIP_H
#define VMM_DEVICES_FLASH_CHIP_H

#include "board/device.h"

/** A machine with a firmware has one. */
extern const struct device_ops flash_chip_ops;

#endif
