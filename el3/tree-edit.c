/* SPDX-License-Identifier: BSD-3-Clause */
#include "tree-edit.h"

#include <libfdt.h>

#include "../arch/arm64/cache.h"
#include "../arch/arm64/string.h"
#include "cpu.h"
#include "machine.h"
#include "memory.h"
#include "power.h"

#define NAME_SIZE 32

/* Edited where no lower level can see it half done. */
static char tree[TREE_SIZE_MAX];

/* The first error; all that comes after it does nothing. */
static int error;

/*
 * QEMU counts its phandles down to here, from 0x8000 up: ours are above all of
 * them.
 */
static uint32_t phandle_states;
static uint32_t phandle_clusters;
static uint32_t phandle_cpu_domains;

static void note(int result)
{
	if (!error && result < 0)
		error = result;
}

static int begin_node(int parent, const char *name)
{
	int node;

	if (error)
		return 0;
	node = fdt_add_subnode(tree, parent, name);
	note(node);

	return node < 0 ? 0 : node;
}

static int begin_numbered(int parent, const char *prefix, unsigned int number)
{
	char name[NAME_SIZE];
	size_t length = strlen(prefix);
	unsigned int digits = 1;

	for (unsigned int rest = number; rest >= 10; rest /= 10)
		digits++;
	memcpy(name, prefix, length);
	name[length + digits] = '\0';
	for (; digits > 0; digits--, number /= 10)
		name[length + digits - 1] = (char)('0' + number % 10);

	return begin_node(parent, name);
}

static void text(int node, const char *name, const char *value)
{
	if (!error)
		note(fdt_setprop(tree, node, name, value, (int)strlen(value) + 1));
}

static void cell(int node, const char *name, uint32_t value)
{
	if (!error)
		note(fdt_setprop_u32(tree, node, name, value));
}

/* A list of phandles that follow one another. */
static void phandles(int node, const char *name, uint32_t first, uint32_t count)
{
	fdt32_t list[POWER_STATE_COUNT];

	for (uint32_t i = 0; i < count; i++)
		list[i] = cpu_to_fdt32(first + i);
	if (!error)
		note(fdt_setprop(tree, node, name, list, (int)(count * sizeof(list[0]))));
}

/* --- the parts --- */

/* Without local-timer-stop: the timer counts and fires in each of them. */
static void add_state(int parent, unsigned int i, const char *compatible)
{
	const struct power_state *state = &power_state_texts[i];
	const int node = begin_node(parent, state->name);

	text(node, "compatible", compatible);
	text(node, "idle-state-name", state->name);
	cell(node, "arm,psci-suspend-param", power_states[i].power_state);
	cell(node, "entry-latency-us", state->entry_latency);
	cell(node, "exit-latency-us", state->exit_latency);
	cell(node, "min-residency-us", state->min_residency);
	cell(node, "phandle", phandle_states + i);
}

static void add_states(void)
{
	int node = begin_node(fdt_path_offset(tree, "/cpus"), "idle-states");

	text(node, "entry-method", "psci");
	for (unsigned int i = POWER_CPU_STATE_COUNT; i-- > 0;)
		add_state(node, i, "arm,idle-state");
	node = begin_node(fdt_path_offset(tree, "/cpus"), "domain-idle-states");
	for (unsigned int i = POWER_STATE_COUNT; i-- > POWER_CPU_STATE_COUNT;)
		add_state(node, i, "domain-idle-state");
}

/* A CPU's own domain lies in that of its cluster. */
static void add_domains(int psci)
{
	unsigned int clusters = 0;

	for (unsigned int i = 0; i < cpu_count; i++) {
		const int node = begin_numbered(psci, "power-domain-cpu", i);
		const unsigned int cluster = power_cluster(&cpus[i]);

		cell(node, "#power-domain-cells", 0);
		cell(node, "power-domains", phandle_clusters + cluster);
		cell(node, "phandle", phandle_cpu_domains + i);
		if (cluster >= clusters)
			clusters = cluster + 1;
	}
	for (unsigned int i = 0; i < clusters; i++) {
		const int node = begin_numbered(psci, "power-domain-cluster", i);

		cell(node, "#power-domain-cells", 0);
		phandles(node, "domain-idle-states", phandle_states + POWER_CPU_STATE_COUNT,
			 POWER_STATE_COUNT - POWER_CPU_STATE_COUNT);
		cell(node, "phandle", phandle_clusters + i);
	}
}

static void add_psci(void)
{
	static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";
	int node = fdt_path_offset(tree, "/psci");

	if (node >= 0)
		note(fdt_del_node(tree, node));
	node = begin_node(0, "psci");
	if (!error)
		note(fdt_setprop(tree, node, "compatible", compatible, sizeof(compatible)));
	text(node, "method", "smc");
	add_domains(node);
}

/* In the order of machine_read(). */
static void edit_cpus(void)
{
	uint64_t affinity;
	unsigned int i = 0;
	int node = -1;

	while (!error && (node = tree_next_cpu(tree, node, &affinity)) >= 0) {
		text(node, "enable-method", "psci");
		phandles(node, "cpu-idle-states", phandle_states, POWER_CPU_STATE_COUNT);
		cell(node, "power-domains", phandle_cpu_domains + i++);
		text(node, "power-domain-names", "psci");
	}
}

static void set_address(int node, const char *name, uint64_t address)
{
	if (!error)
		note(fdt_setprop_u64(tree, node, name, address));
}

static void edit_chosen(const struct next *next)
{
	int node = fdt_path_offset(tree, "/chosen");

	if (!next->from_qemu)
		return;
	if (node < 0)
		node = begin_node(0, "chosen");
	text(node, "bootargs", next->cmdline);
	if (next->initrd_size) {
		set_address(node, "linux,initrd-start", next->initrd);
		set_address(node, "linux,initrd-end", next->initrd + next->initrd_size);
	}
}

static void choose_phandles(void)
{
	uint32_t highest = 0;

	note(fdt_find_max_phandle(tree, &highest));
	phandle_states = highest + 1;
	phandle_clusters = phandle_states + POWER_STATE_COUNT;
	phandle_cpu_domains = phandle_clusters + POWER_CLUSTERS_MAX;
}

const char *tree_edit(const struct next *next)
{
	void *place = (void *)RAM_BASE;

	note(fdt_open_into(place, tree, sizeof(tree)));
	choose_phandles();
	add_psci();
	edit_cpus();
	add_states();
	edit_chosen(next);
	if (!error)
		note(fdt_pack(tree));
	if (error)
		return fdt_strerror(error);
	memcpy(place, tree, fdt_totalsize(tree));
	cache_flush(place, fdt_totalsize(tree));

	return NULL;
}
