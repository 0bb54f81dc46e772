/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device that answers a guest's access to memory that is not RAM.
 *
 * The bus is filled before the first vCPU runs and constant from then on:
 * lookups need no lock. A device protects its own state, since any vCPU's
 * thread may access it.
 */
#ifndef VMM_BUS_H
#define VMM_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "board/device.h"

struct bus_window {
	uint64_t base;
	uint64_t size;
	const struct device_ops *ops;
	void *self;
};

#define BUS_WINDOWS_MAX 40

struct bus {
	struct bus_window windows[BUS_WINDOWS_MAX]; /**< Sorted by base, disjoint. */
	size_t count;
};

/**
 * Add a device. Returns 0, -EINVAL if the window is empty or passes the end of
 * the address space, -EEXIST if windows overlap, -ENOSPC if the bus is full.
 */
int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct device_ops *ops,
	    void *self);

/**
 * Carry out an access. Returns the device's window, or NULL if no window
 * contains all of it: then a read gives 0 and a write is dropped. Only @size
 * bytes of a value count.
 */
const struct bus_window *bus_read(const struct bus *bus, uint64_t address, unsigned int size,
				  uint64_t *value);
const struct bus_window *bus_write(const struct bus *bus, uint64_t address, unsigned int size,
				   uint64_t value);

/** Reset every device on the bus. */
void bus_reset(const struct bus *bus);

#endif
