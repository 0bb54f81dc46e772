/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing a device tree node by node. libfdt's calls return errors one by one;
 * the writer keeps the first, so that code that describes a node reads as the
 * node does.
 */
#ifndef VMM_TREE_WRITER_H
#define VMM_TREE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "board/device.h"

/* Nodes that devices refer to. boot/device-tree.c has the others. */
#define TREE_PHANDLE_GIC 1
#define TREE_PHANDLE_CLOCK 2 /**< apb-pclk */

/* Interrupt cells of the GIC binding. */
#define TREE_GIC_SPI 0
#define TREE_GIC_PPI 1
#define TREE_IRQ_EDGE_RISING 1
#define TREE_IRQ_LEVEL_HIGH 4

/** @err is the first error of libfdt's, or 0. */
struct tree_writer {
	void *fdt;
	int err;
};

void tree_begin(struct tree_writer *w, const char *name);
void tree_begin_at(struct tree_writer *w, const char *name, uint64_t address);
void tree_begin_numbered(struct tree_writer *w, const char *name, unsigned int number);
void tree_end(struct tree_writer *w);

void tree_flag(struct tree_writer *w, const char *name);
void tree_cell(struct tree_writer *w, const char *name, uint32_t value);
void tree_text(struct tree_writer *w, const char *name, const char *value);

/** A property of several strings, with a NUL between each two. */
void tree_texts(struct tree_writer *w, const char *name, const char *values, size_t size);

void tree_cells(struct tree_writer *w, const char *name, const uint32_t *values, size_t count);

#define TREE_CELLS(w, name, ...)                               \
	tree_cells(w, name, (const uint32_t[]){ __VA_ARGS__ }, \
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/** An address or size as two cells. */
#define TREE_PAIR(value) (uint32_t)((uint64_t)(value) >> 32), (uint32_t)(value)

/**
 * Where a device is, and its interrupt, which is TREE_IRQ_EDGE_RISING or
 * TREE_IRQ_LEVEL_HIGH.
 */
void tree_place(struct tree_writer *w, const struct device *device, uint32_t trigger);

/** @size random bytes, or zeros if the host has none. */
void tree_seed(struct tree_writer *w, const char *name, size_t size);

/** Keep the first of libfdt's errors. */
void tree_collect(struct tree_writer *w, int err);

#endif
