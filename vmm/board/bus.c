/* SPDX-License-Identifier: BSD-3-Clause */
#include "board/bus.h"

#include <errno.h>
#include <string.h>

/* Where the first window is that ends above @address. */
static size_t find_position(const struct bus *bus, uint64_t address)
{
	size_t low = 0;
	size_t high = bus->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bus_window *window = &bus->windows[middle];

		if (window->base + (window->size - 1) < address)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

int bus_add(struct bus *bus, uint64_t base, uint64_t size, const struct device_ops *ops, void *self)
{
	size_t at;

	if (size == 0 || base > UINT64_MAX - (size - 1))
		return -EINVAL;

	at = find_position(bus, base);
	if (at < bus->count && bus->windows[at].base <= base + (size - 1))
		return -EEXIST;
	if (bus->count == BUS_WINDOWS_MAX)
		return -ENOSPC;

	memmove(&bus->windows[at + 1], &bus->windows[at],
		(bus->count - at) * sizeof(bus->windows[0]));
	bus->windows[at] = (struct bus_window){
		.base = base,
		.size = size,
		.ops = ops,
		.self = self,
	};
	bus->count++;

	return 0;
}

/* The window that holds all of an access. */
static const struct bus_window *find_window(const struct bus *bus, uint64_t address,
					    unsigned int size)
{
	size_t at = find_position(bus, address);
	const struct bus_window *window = &bus->windows[at];

	if (at == bus->count || address < window->base ||
	    window->size - (address - window->base) < size)
		return NULL;

	return window;
}

static uint64_t narrow(uint64_t value, unsigned int size)
{
	return size < sizeof(value) ? value & ((1ULL << (size * 8)) - 1) : value;
}

const struct bus_window *bus_read(const struct bus *bus, uint64_t address, unsigned int size,
				  uint64_t *value)
{
	const struct bus_window *window = find_window(bus, address, size);

	*value = 0;
	if (window) {
		uint64_t offset = address - window->base;

		*value = narrow(window->ops->read(window->self, offset, size), size);
	}

	return window;
}

const struct bus_window *bus_write(const struct bus *bus, uint64_t address, unsigned int size,
				   uint64_t value)
{
	const struct bus_window *window = find_window(bus, address, size);

	if (window)
		window->ops->write(window->self, address - window->base, narrow(value, size), size);

	return window;
}

void bus_reset(const struct bus *bus)
{
	for (size_t i = 0; i < bus->count; i++)
		bus->windows[i].ops->reset(bus->windows[i].self);
}
