/* SPDX-License-Identifier: BSD-3-Clause */
/* fw_cfg with files, and a driver for it. */
#ifndef TESTS_FW_CFG_RIG_H
#define TESTS_FW_CFG_RIG_H

#include "devices/fw-cfg.h"

#include <stddef.h>
#include <stdint.h>

#include "board/memory.h"

/* Registers. */
#define DATA 0
#define SELECTOR 8
#define DMA 16
#define DMA_LOW 20

/* Of a request's control field. */
#define ERROR 1U
#define READ 2U
#define SKIP 4U
#define SELECT 8U
#define WRITE 16U
#define KEY(key) ((uint32_t)(key) << 16)

#define RAM_SIZE (1ULL << 20)
#define REQUEST (MEMORY_BASE + 0x1000)
#define BUFFER (MEMORY_BASE + 0x2000)

#define FIRST_FILE 0x20 /**< Of the bytes of alphabet. */
#define SECOND_FILE 0x21 /**< In a file of the host, from its third byte on. */
#define ANSWER_FILE 0x22

#define ALPHABET 26
extern const uint8_t alphabet[ALPHABET + 1];

struct rig {
	struct memory memory;
	struct fw_cfg *device;
	int fd; /**< Of the second file. */
};

/** Make the device with its three files. */
void make(struct rig *r);
void destroy(struct rig *r);

/** Select a key. */
void choose(struct rig *r, uint16_t key);

/** Read by the data register, @width bytes at a time. */
void read_data(struct rig *r, uint8_t *to, size_t size, unsigned int width);

/** A DMA request, as the device reads it. */
struct request {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

/** Write one to REQUEST. */
void put_request(const struct rig *r, uint32_t control, uint32_t length, uint64_t address);

/** The control field there. */
uint32_t result(const struct rig *r);

/** Write one and start it. Returns what is in its control field after it. */
uint32_t dma(const struct rig *r, uint32_t control, uint32_t length, uint64_t address);

/** 4096 bytes at BUFFER. */
uint8_t *buffer(const struct rig *r);

#endif
