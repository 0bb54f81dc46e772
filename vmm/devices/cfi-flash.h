/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flash memory as a guest sees it: two chips of 16 bits side by side, each with
 * Intel's basic command set (0001) and the query of JEDEC's Common Flash
 * Interface (CFI). Each 16 bits of the bus are a chip's, as the "cfi-flash"
 * binding's bank-width of 4 says.
 *
 * Both obey each command, whichever part of the bus it is written to: its lowest
 * byte counts. So the chips are always in one state. QEMU does the same,
 * and U-Boot relies on it: it commands one chip by 16 bits, reads both, and
 * finds the 32 MiB of one chip. What is programmed are the bytes that are
 * written.
 *
 *	FF	read array: the mode after a reset
 *	90, 98	read the identifier, read the query; both modes show both
 *	70, 50	read the status register; clear it
 *	40, 10	program the word that is written next
 *	E8	program up to 32 words, which come after their count less one, each
 *		in a write of its own, none further than the count from the
 *		first; then D0
 *	20	erase the block in which D0 is written next
 *	60	then 01, D0 or 2F: lock the block, unlock it, lock it until a reset;
 *		03, the read configuration register, changes nothing
 *	B0, D0	suspend and resume: no operation lasts long enough to be suspended
 *
 * Any other command leads to "read array". An operation is finished before the
 * write that begins it returns, so the chips are always ready. Programming changes
 * ones to zeros only; erasing makes all of a block ones. No block is locked
 * after a reset.
 *
 * All is state in memory, and the caller's lock protects it. The caller stores
 * what changes; what it cannot store is an error in the status register.
 */
#ifndef VMM_DEVICES_CFI_FLASH_H
#define VMM_DEVICES_CFI_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream.h"

/* What one access of the bus has: 16 bits of each chip. A longer one is several. */
#define CFI_FLASH_BUS_SIZE 4U
/* Of both chips together. A block is what one command erases. */
#define CFI_FLASH_SIZE (64U << 20)
#define CFI_FLASH_BLOCK_SIZE (256U << 10)
#define CFI_FLASH_BLOCKS (CFI_FLASH_SIZE / CFI_FLASH_BLOCK_SIZE)
/* What is programmed at once, by writes of up to 32 bits. */
#define CFI_FLASH_BUFFER_WORDS 32
#define CFI_FLASH_BUFFER_SIZE (CFI_FLASH_BUFFER_WORDS * 4U)

#define CFI_FLASH_ERASED 0xff

/* The status register. */
#define CFI_FLASH_READY 0x80
#define CFI_FLASH_ERASE_ERROR 0x20
#define CFI_FLASH_PROGRAM_ERROR 0x10
#define CFI_FLASH_LOCKED 0x02
/** A command that does not follow from the one before. */
#define CFI_FLASH_SEQUENCE_ERROR (CFI_FLASH_ERASE_ERROR | CFI_FLASH_PROGRAM_ERROR)

/** What a read gives. */
enum cfi_flash_mode {
	CFI_FLASH_READ_ARRAY,
	CFI_FLASH_READ_STATUS,
	CFI_FLASH_READ_IDENTIFIER,
	CFI_FLASH_MODES
};

/** What the next write is. */
enum cfi_flash_step {
	CFI_FLASH_COMMAND,
	CFI_FLASH_PROGRAM_WORD, /**< The word to program. */
	CFI_FLASH_BUFFER_COUNT, /**< The count of words, less one. */
	CFI_FLASH_BUFFER_WORD, /**< One of the words. */
	CFI_FLASH_BUFFER_CONFIRM, /**< D0, or the words are dropped. */
	CFI_FLASH_ERASE_CONFIRM,
	CFI_FLASH_LOCK, /**< Which of the lock commands. */
	CFI_FLASH_STEPS
};

/** Private, except mode and status. */
struct cfi_flash_state {
	enum cfi_flash_mode mode;
	enum cfi_flash_step step;
	uint8_t status;
	uint32_t first; /**< Where the buffer begins. */
	uint32_t count; /**< Of the words in the buffer. */
	uint32_t missing; /**< How many of them have not been written yet. */
	uint8_t buffer[CFI_FLASH_BUFFER_SIZE];
	uint8_t locks[CFI_FLASH_BLOCKS]; /**< Bit 0: locked; bit 1: until a reset. */
};

/** Private, except array. */
struct cfi_flash {
	/** What a read gives in the mode "read array". */
	const uint8_t *array;
	/**
	 * Store @size bytes, so that @array has them and a later run finds them.
	 * They are all in one block. Returns 0, or -errno: then @array has not
	 * changed.
	 */
	int (*store)(void *context, uint32_t offset, const uint8_t *bytes, uint32_t size);
	void *context;
	struct cfi_flash_state state;
	uint8_t block[CFI_FLASH_BLOCK_SIZE]; /**< To be stored. */
};

/** The chips as after power-on. The other fields remain. */
void cfi_flash_reset(struct cfi_flash *flash);

/** Whether the chips read as the array: then a guest's reads need no cfi_flash_read(). */
bool cfi_flash_reads_array(const struct cfi_flash *flash);

/**
 * An access of @size bytes, from 1 to 8, at @offset; all of it is inside. A
 * value is little-endian: its lowest byte is the one at @offset. 64 bits are
 * two accesses, one after the other.
 */
uint64_t cfi_flash_read(const struct cfi_flash *flash, uint64_t offset, unsigned int size);
void cfi_flash_write(struct cfi_flash *flash, uint64_t offset, uint64_t value, unsigned int size);

/**
 * Save the state of the chips, without the array, or load it. What they cannot
 * be in is a failure of the stream.
 */
void cfi_flash_serialize(struct cfi_flash *flash, struct stream *stream);

#endif
