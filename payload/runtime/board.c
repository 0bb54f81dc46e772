/* SPDX-License-Identifier: BSD-3-Clause */
#include "board.h"

#include <libfdt.h>

#include "../../arch/arm64/string.h"
#include "../../arch/arm64/sysreg.h"

#define PPI_FIRST_INTID 16
#define SPI_FIRST_INTID 32
#define INTERRUPT_CELLS 3
#define INTERRUPT_SPI 0
#define TIMER_VIRTUAL_INDEX 2
#define DOMAIN_DEPTH_MAX 4 /* There are no more power levels. */

struct board board;

/* --- each part --- */

static void read_bootargs(const void *fdt)
{
	const int chosen = fdt_path_offset(fdt, "/chosen");
	const char *text = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "bootargs", NULL);

	board.bootargs = text ? text : "";
}

static const char *read_psci(const void *fdt)
{
	static const char *const known[] = { "arm,psci-1.0", "arm,psci-0.2", NULL };
	static const char *const old[] = { "arm,psci", NULL };
	const int node = tree_find(fdt, known);
	const char *method;

	if (node < 0 && tree_find(fdt, old) >= 0)
		return "the device tree offers PSCI 0.1 only, which has no fixed function ids";
	if (node < 0)
		return "the device tree has no PSCI node";
	method = fdt_getprop(fdt, node, "method", NULL);
	if (!method || (strcmp(method, "hvc") != 0 && strcmp(method, "smc") != 0))
		return "the PSCI node's method is neither hvc nor smc";
	board.psci = true;
	board.hvc = strcmp(method, "hvc") == 0;

	return NULL;
}

static const char *read_cpus(const void *fdt)
{
	uint64_t affinity;
	int node = -1;

	while ((node = tree_next_cpu(fdt, node, &affinity)) >= 0 && board.cpu_count < CPU_MAX)
		board.affinities[board.cpu_count++] = affinity;

	return board.cpu_count ? NULL : "the device tree lists no CPU";
}

static void read_idle_states(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,idle-state");

	while (node >= 0 && board.idle_state_count < BOARD_IDLE_STATES_MAX) {
		if (tree_cell(fdt, node, "arm,psci-suspend-param",
			      &board.idle_states[board.idle_state_count]))
			board.idle_state_count++;
		node = fdt_node_offset_by_compatible(fdt, node, "arm,idle-state");
	}
}

/* Returns the nth node that a list of phandles without arguments names, or an error. */
static int nth_node(const void *fdt, int node, const char *name, int n)
{
	int size = 0;
	const fdt32_t *list = fdt_getprop(fdt, node, name, &size);

	return list && size >= (n + 1) * (int)sizeof(*list)
		       ? fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(list[n]))
		       : -FDT_ERR_NOTFOUND;
}

/* Returns whether a CPU, or a domain, lies in @domain, directly or in a domain inside it. */
static bool lies_in(const void *fdt, int node, int domain)
{
	for (int depth = 0; depth < DOMAIN_DEPTH_MAX && node >= 0; depth++) {
		node = nth_node(fdt, node, "power-domains", 0);
		if (node == domain)
			return true;
	}

	return false;
}

static void read_domain_at(const void *fdt, int domain, struct domain *to)
{
	uint64_t affinity;
	int node = -1;

	*to = (struct domain){ 0 };
	while ((node = tree_next_cpu(fdt, node, &affinity)) >= 0) {
		if (to->cpu_count < CPU_MAX && lies_in(fdt, node, domain))
			to->affinities[to->cpu_count++] = affinity;
	}
	for (int i = 0; to->state_count < BOARD_DOMAIN_STATES_MAX; i++) {
		node = nth_node(fdt, domain, "domain-idle-states", i);
		if (node < 0)
			break;
		if (tree_cell(fdt, node, "arm,psci-suspend-param", &to->states[to->state_count]))
			to->state_count++;
	}
}

static void read_domain(const void *fdt)
{
	uint64_t affinity;
	int cpu = -1;

	while ((cpu = tree_next_cpu(fdt, cpu, &affinity)) >= 0) {
		int node = nth_node(fdt, cpu, "power-domains", 0);

		for (int depth = 0; depth < DOMAIN_DEPTH_MAX && node >= 0; depth++) {
			read_domain_at(fdt, node, &board.domain);
			if (board.domain.cpu_count > 1 && board.domain.state_count)
				return;
			node = nth_node(fdt, node, "power-domains", 0);
		}
	}
	board.domain = (struct domain){ 0 };
}

static void read_memory(const void *fdt)
{
	const int node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", 7);

	if (node >= 0)
		tree_region(fdt, node, 0, &board.memory);
}

static bool read_gic_v3(const void *fdt, int node)
{
	struct gic *gic = &board.gic;
	struct region region;
	uint32_t regions = 1;
	uint32_t stride = 0;

	if (node < 0 || !tree_region(fdt, node, 0, &region))
		return false;
	gic->version = 3;
	gic->distributor = region.base;
	tree_cell(fdt, node, "#redistributor-regions", &regions);
	for (uint32_t i = 0; i < regions && i < GIC_REDISTRIBUTORS_MAX; i++) {
		if (!tree_region(fdt, node, 1 + (int)i, &region))
			continue;
		gic->redistributors[gic->redistributor_count].base = region.base;
		gic->redistributors[gic->redistributor_count++].size = region.size;
	}
	if (tree_cell(fdt, node, "redistributor-stride", &stride))
		gic->redistributor_stride = stride;

	return true;
}

static void read_gic(const void *fdt)
{
	static const char *const v3[] = { "arm,gic-v3", NULL };
	static const char *const v2[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
					  NULL };
	struct region distributor;
	struct region cpu;
	int node;

	if (read_gic_v3(fdt, tree_find(fdt, v3)))
		return;
	node = tree_find(fdt, v2);
	if (node < 0 || !tree_region(fdt, node, 0, &distributor) ||
	    !tree_region(fdt, node, 1, &cpu))
		return;
	board.gic = (struct gic){
		.version = 2,
		.distributor = distributor.base,
		.cpu = cpu.base,
	};
}

static void read_timer(const void *fdt)
{
	static const char *const known[] = { "arm,armv8-timer", "arm,armv7-timer", NULL };
	const int node = tree_find(fdt, known);
	int size = 0;
	const fdt32_t *cells = node < 0 ? NULL : fdt_getprop(fdt, node, "interrupts", &size);
	const int row = size / (TIMER_VIRTUAL_INDEX + 2) / (int)sizeof(*cells) >= 3 ? 3 : 0;

	/* Rows of type, number, flags; a GICv3's may be longer. */
	if (cells && row)
		board.timer_intid =
			fdt32_to_cpu(cells[TIMER_VIRTUAL_INDEX * row + 1]) + PPI_FIRST_INTID;
}

static void read_rtc(const void *fdt)
{
	const int node = fdt_node_offset_by_compatible(fdt, -1, "arm,pl031");
	int size = 0;
	const fdt32_t *cells = node < 0 ? NULL : fdt_getprop(fdt, node, "interrupts", &size);

	if (!cells || size < INTERRUPT_CELLS * (int)sizeof(*cells) ||
	    fdt32_to_cpu(cells[0]) != INTERRUPT_SPI)
		return;
	board.rtc_intid = fdt32_to_cpu(cells[1]) + SPI_FIRST_INTID;
	tree_region(fdt, node, 0, &board.rtc);
}

const char *board_read(const void *fdt)
{
	const char *trouble;

	board.bootargs = "";
	if (fdt_check_header(fdt) != 0)
		return "there is no device tree at x0";
	tree_console(fdt, &board.console);
	read_bootargs(fdt);
	read_memory(fdt);
	read_gic(fdt);
	read_timer(fdt);
	read_rtc(fdt);
	read_idle_states(fdt);
	/* First what is needed to turn the machine off again. */
	trouble = read_psci(fdt);
	if (!trouble)
		trouble = read_cpus(fdt);
	if (!trouble)
		read_domain(fdt);

	return trouble;
}
