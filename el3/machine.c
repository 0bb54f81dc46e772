/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <libfdt.h>

#include "../arch/arm64/string.h"
#include "cpu.h"
#include "memory.h"

struct machine machine;
struct cpu cpus[CPU_MAX];
unsigned int cpu_count;
uint64_t cpu_affinities[CPU_MAX];

static bool is_disabled(const void *fdt, int node)
{
	const char *status = fdt_getprop(fdt, node, "status", NULL);

	return status && strcmp(status, "okay") != 0 && strcmp(status, "ok") != 0;
}

/* Of RAM that is beyond our map nothing is started, and nothing is promised. */
static struct region within_map(struct region region)
{
	if (region.base >= MAP_LIMIT)
		return (struct region){ .size = 0 };
	if (region.size > MAP_LIMIT - region.base)
		region.size = MAP_LIMIT - region.base;

	return region;
}

/* Whether it continues a region that there is: each NUMA node has its own. */
static bool extend_ram(const struct region *region)
{
	for (unsigned int i = 0; i < machine.ram_count; i++) {
		struct region *ram = &machine.ram[i];

		if (region->base + region->size == ram->base)
			ram->base = region->base;
		else if (ram->base + ram->size != region->base)
			continue;
		ram->size += region->size;

		return true;
	}

	return false;
}

static bool add_ram(struct region region)
{
	region = within_map(region);
	if (region.size == 0 || extend_ram(&region))
		return true;
	if (machine.ram_count == RAM_REGIONS_MAX)
		return false;
	machine.ram[machine.ram_count++] = region;

	return true;
}

static const char *read_ram(const void *fdt)
{
	static const char memory[] = "memory";
	int node = -1;

	for (;;) {
		struct region region;

		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", memory,
						     sizeof(memory));
		if (node < 0)
			break;
		if (is_disabled(fdt, node))
			continue;
		for (int i = 0; tree_region(fdt, node, i, &region); i++) {
			if (!add_ram(region))
				return "the device tree has more regions of RAM than we know";
		}
	}

	return machine_is_ram(RAM_BASE, TREE_SIZE_MAX)
		       ? NULL
		       : "the device tree has no RAM where it lies itself";
}

static const char *read_cpus(const void *fdt)
{
	uint64_t affinity;
	int node = -1;

	for (unsigned int i = 0; i < CPU_MAX; i++)
		cpu_affinities[i] = UINT64_MAX;
	while ((node = tree_next_cpu(fdt, node, &affinity)) >= 0) {
		if (cpu_count == CPU_MAX)
			return "the device tree has more CPUs than we know";
		cpus[cpu_count].affinity = affinity;
		cpus[cpu_count].index = cpu_count;
		cpu_affinities[cpu_count] = affinity;
		cpu_count++;
	}
	if (cpu_count == 0)
		return "the device tree lists no CPU";

	/* start.S gave it the first stack. */
	return cpus[0].affinity == 0 ? NULL : "the device tree's first CPU is not CPU 0";
}

static const char *read_gic(const void *fdt)
{
	static const char *const known[] = { "arm,gic-v3", NULL };
	const int node = tree_find(fdt, known);
	struct region region;
	uint32_t regions = 1;

	if (node < 0 || !tree_region(fdt, node, 0, &region))
		return "there is no GICv3: give QEMU -M gic-version=3";
	machine.gic.version = 3;
	machine.gic.distributor = region.base;
	tree_cell(fdt, node, "#redistributor-regions", &regions);
	for (uint32_t i = 0; i < regions && i < GIC_REDISTRIBUTORS_MAX; i++) {
		if (!tree_region(fdt, node, 1 + (int)i, &region))
			break;
		machine.gic.redistributors[i].base = region.base;
		machine.gic.redistributors[i].size = region.size;
		machine.gic.redistributor_count = i + 1;
	}

	return machine.gic.redistributor_count ? NULL : "the GIC has no redistributors";
}

const char *machine_read(void)
{
	const void *fdt = (const void *)RAM_BASE;
	const char *problem;

	if (fdt_check_header(fdt) != 0 || fdt_totalsize(fdt) > TREE_SIZE_MAX)
		return "there is no device tree at the begin of RAM";
	problem = read_ram(fdt);
	if (!problem)
		problem = read_cpus(fdt);
	if (!problem)
		problem = read_gic(fdt);

	return problem;
}

bool machine_is_ram(uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < machine.ram_count; i++) {
		const struct region *ram = &machine.ram[i];

		if (base >= ram->base && base - ram->base < ram->size &&
		    size <= ram->size - (base - ram->base))
			return true;
	}

	return false;
}
