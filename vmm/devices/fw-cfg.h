/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's fw_cfg, by which a firmware reads what it hands to its guest: values,
 * which have a key each, and files, which the directory lists with their keys.
 * A firmware selects a key and reads the item byte by byte, or has any number
 * of bytes copied into its memory (DMA).
 *
 * What differs from QEMU's: DMA reports an error for a key that there is not,
 * beside the zeros that QEMU gives for it, too.
 *
 * Items are filled in while no vCPU runs. Their bytes stay their owner's, and
 * are read when the guest reads them.
 */
#ifndef VMM_DEVICES_FW_CFG_H
#define VMM_DEVICES_FW_CFG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"
#include "board/device.h"
#include "board/memory.h"

/** QEMU's keys: those that have a value here. */
enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_RAM_SIZE = 0x03,
	FW_CFG_CPUS = 0x05,
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_CPUS_MAX = 0x0f,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_COMMAND_LINE_SIZE = 0x14,
	FW_CFG_COMMAND_LINE_DATA = 0x15,
	FW_CFG_DIRECTORY = 0x19,
	FW_CFG_FILES = 0x20, /**< The first file's. */
};

#define FW_CFG_FILES_MAX 16
#define FW_CFG_NAME_SIZE 56 /**< Of a file, with its end. */
#define FW_CFG_DIRECTORY_ENTRY 64
#define FW_CFG_ANSWER_SIZE 8

struct fw_cfg_item {
	const void *bytes; /**< NULL: they are in a file of the host. */
	int fd; /**< Of that; the bytes begin at @fd_offset. */
	uint64_t fd_offset;
	uint64_t size; /**< 0: the key has no item. */
};

/** All of it is the device's own. */
struct fw_cfg {
	pthread_mutex_t lock;
	const struct memory *memory;
	void *storage;
	struct fw_cfg_item items[FW_CFG_FILES + FW_CFG_FILES_MAX];
	size_t file_count;
	uint8_t directory[4 + FW_CFG_FILES_MAX * FW_CFG_DIRECTORY_ENTRY];
	uint16_t answer_key; /**< Of the one file that the guest may write; 0: none. */

	/* What the guest sets. */
	uint16_t key;
	uint64_t offset; /**< Of the next byte of the item. */
	uint32_t dma_high; /**< The half of a DMA address that is written first. */
	uint8_t answer[FW_CFG_ANSWER_SIZE];
};

/** The board's device, of a machine of version 3 with a firmware. */
extern const struct device_ops fw_cfg_ops;

/** Returns 0, or -ENOMEM. @memory must outlive it. */
int fw_cfg_create(struct fw_cfg **fw_cfg, const struct memory *memory);
void fw_cfg_destroy(struct fw_cfg *fw_cfg);

/**
 * Remove all items but the constant ones, to fill in others. @storage: NULL, or
 * where their bytes are, which the device frees when they are removed.
 */
void fw_cfg_begin(struct fw_cfg *fw_cfg, void *storage);

/** Give the item of a key below FW_CFG_FILES. */
void fw_cfg_set(struct fw_cfg *fw_cfg, enum fw_cfg_key key, const struct fw_cfg_item *item);

/**
 * Add a file. @name is shorter than FW_CFG_NAME_SIZE, and no other file's.
 * There are no more than FW_CFG_FILES_MAX.
 */
void fw_cfg_add(struct fw_cfg *fw_cfg, const char *name, const struct fw_cfg_item *item);

/**
 * Likewise the one file that the guest may write, of 8 bytes, which are zero
 * after each reset.
 */
void fw_cfg_add_answer(struct fw_cfg *fw_cfg, const char *name);

/** What the guest wrote there, as a little-endian value. While no vCPU runs. */
uint64_t fw_cfg_answer(const struct fw_cfg *fw_cfg);

/* The guest's accesses; from any thread. As in struct device_ops. */
uint64_t fw_cfg_read(void *self, uint64_t offset, unsigned int size);
void fw_cfg_write(void *self, uint64_t offset, uint64_t value, unsigned int size);

void fw_cfg_reset(void *self);
void fw_cfg_serialize(struct fw_cfg *fw_cfg, struct stream *stream);

#endif
