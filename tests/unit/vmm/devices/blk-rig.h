/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio-blk device on a real file, with a driver, for tests. */
#ifndef TESTS_BLK_RIG_H
#define TESTS_BLK_RIG_H

#include "devices/virtio/blk.h"
#include "host/disk.h"
#include "virtio-driver.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_SECTORS 64
#define RIG_SIZE (RIG_SECTORS * 512)

/* Where a request's parts are in the guest's memory. */
#define RIG_HEADER DRIVER_DATA
#define RIG_STATUS (DRIVER_DATA + 0x100)
#define RIG_DATA (DRIVER_DATA + 0x1000)

/* The status before the device has answered; the device has no such status. */
#define RIG_NO_STATUS 0xee

#define RIG_FLUSH (1ULL << VIRTIO_BLK_F_FLUSH)
#define RIG_EVENT_IDX (1ULL << VIRTIO_RING_F_EVENT_IDX)
#define RIG_INDIRECT (1ULL << VIRTIO_RING_F_INDIRECT_DESC)

struct rig {
	char path[32]; /**< Of the image, which begins as the pattern. */
	struct driver driver;
	struct disk disk;
	struct blk blk;
	atomic_uint reports; /**< How often the device reported, */
	char report[256]; /**< and its last report. */
};

/** A disk after power-on; one with a driver that accepted @features; and its end. */
void rig_create(struct rig *r, bool read_only);
void rig_start(struct rig *r, uint64_t features);
void rig_teardown(struct rig *r);

/** rig_create() and rig_start() of a disk that can be written. */
void rig_setup(struct rig *r, uint64_t features);

/** Lay out a request: its header, and descriptor @index, whose next is @index + 1. */
void rig_header(struct rig *r, uint32_t type, uint64_t sector);
void rig_describe(struct rig *r, uint16_t index, uint64_t address, uint32_t size, uint16_t flags);

void rig_notify(struct rig *r);

/** Wait until the chain at @head comes back, as the next. Returns its used length. */
uint32_t rig_wait(struct rig *r, uint16_t head);

/** Wait until the device needs a reset and has reported it. */
void rig_wait_until_broken(struct rig *r);

/** One request as Linux lays it out: header, data, status. Returns the status. */
uint8_t rig_request(struct rig *r, uint32_t type, uint64_t sector, uint32_t size);

uint8_t *rig_data(struct rig *r);
uint8_t rig_status(struct rig *r);

/** Assert the image's bytes, and that bytes are those at @from of the pattern. */
void rig_assert_image(struct rig *r, uint64_t offset, const void *wanted, size_t size);
void rig_assert_pattern(const uint8_t *found, size_t from, size_t size);

#endif
