/* SPDX-License-Identifier: BSD-3-Clause */
#include "board.h"

#include <libfdt.h>

#include "string.h"

#define PPI_FIRST_INTID 16
#define SPI_FIRST_INTID 32
#define INTERRUPT_CELLS 3
#define INTERRUPT_SPI 0
#define TIMER_VIRTUAL_INDEX 2
#define PATH_SIZE 256
#define DOMAIN_DEPTH_MAX 4 /* There are no more power levels. */

struct board board;

/* Returns the number that @count cells make. */
static uint64_t read_cells(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_to_cpu(cells[i]);

	return value;
}

static bool read_cell(const void *fdt, int node, const char *name, uint32_t *value)
{
	int size;
	const fdt32_t *cell = fdt_getprop(fdt, node, name, &size);

	if (!cell || size < (int)sizeof(*cell))
		return false;
	*value = fdt32_to_cpu(*cell);

	return true;
}

/* Translate an address of @node's bus to one of the CPUs. */
static uint64_t translate(const void *fdt, int node, uint64_t address)
{
	int bus = fdt_parent_offset(fdt, node);

	while (bus > 0) {
		const int parent = fdt_parent_offset(fdt, bus);
		const int own = fdt_address_cells(fdt, bus);
		const int above = fdt_address_cells(fdt, parent);
		const int sizes = fdt_size_cells(fdt, bus);
		const int row = own + above + sizes;
		int size;
		const fdt32_t *ranges = fdt_getprop(fdt, bus, "ranges", &size);

		for (int i = 0; ranges && (i + row) * (int)sizeof(*ranges) <= size; i += row) {
			const uint64_t from = read_cells(ranges + i, own);
			const uint64_t length = read_cells(ranges + i + own + above, sizes);

			if (address < from || address - from >= length)
				continue;
			address = address - from + read_cells(ranges + i + own, above);
			break;
		}
		bus = parent;
	}

	return address;
}

static bool read_region(const void *fdt, int node, int index, struct region *region)
{
	const int parent = fdt_parent_offset(fdt, node);
	const int addresses = fdt_address_cells(fdt, parent);
	const int sizes = fdt_size_cells(fdt, parent);
	int size;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);

	if (!reg || addresses < 1 || sizes < 0)
		return false;
	if ((index + 1) * (addresses + sizes) * (int)sizeof(*reg) > size)
		return false;
	reg += (ptrdiff_t)index * (addresses + sizes);
	region->base = translate(fdt, node, read_cells(reg, addresses));
	region->size = read_cells(reg + addresses, sizes);

	return true;
}

static bool is_compatible(const void *fdt, int node, const char *with)
{
	return fdt_node_check_compatible(fdt, node, with) == 0;
}

static int find_compatible(const void *fdt, const char *const *names)
{
	int node = -FDT_ERR_NOTFOUND;

	for (; *names && node < 0; names++)
		node = fdt_node_offset_by_compatible(fdt, -1, *names);

	return node;
}

/* --- each part --- */

static enum console_kind console_kind(const void *fdt, int node)
{
	if (is_compatible(fdt, node, "arm,pl011"))
		return CONSOLE_PL011;
	if (is_compatible(fdt, node, "arm,sbsa-uart"))
		return CONSOLE_SBSA;
	if (is_compatible(fdt, node, "ns16550a") || is_compatible(fdt, node, "ns16550") ||
	    is_compatible(fdt, node, "snps,dw-apb-uart"))
		return CONSOLE_8250;

	return CONSOLE_NONE;
}

/* stdout-path is a path or an alias; ":" and a speed may follow. */
static int find_stdout(const void *fdt)
{
	const int chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", NULL);
	const char *end;

	if (!path)
		return -FDT_ERR_NOTFOUND;
	end = strchr(path, ':');

	return fdt_path_offset_namelen(fdt, path, (int)(end ? (size_t)(end - path) : strlen(path)));
}

static void read_console(const void *fdt)
{
	static const char *const known[] = { "arm,pl011", "arm,sbsa-uart", "ns16550a",
					     "snps,dw-apb-uart", NULL };
	struct region region;
	uint32_t value = 0;
	int node = find_stdout(fdt);

	if (node < 0 || console_kind(fdt, node) == CONSOLE_NONE)
		node = find_compatible(fdt, known);
	if (node < 0 || !read_region(fdt, node, 0, &region))
		return;
	board.console.kind = console_kind(fdt, node);
	board.console.base = region.base;
	if (read_cell(fdt, node, "reg-shift", &value))
		board.console.reg_shift = value;
	if (read_cell(fdt, node, "reg-io-width", &value))
		board.console.reg_32 = value == 4;
}

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
	const int node = find_compatible(fdt, known);
	const char *method;

	if (node < 0 && find_compatible(fdt, old) >= 0)
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

static bool is_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);
	const char *status = fdt_getprop(fdt, node, "status", NULL);

	return type && strcmp(type, "cpu") == 0 &&
	       (!status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

static const char *read_cpus(const void *fdt)
{
	const int cpus = fdt_path_offset(fdt, "/cpus");
	const int cells = cpus < 0 ? 0 : fdt_address_cells(fdt, cpus);
	int node;

	if (cells < 1)
		return "the device tree has no /cpus node";
	fdt_for_each_subnode(node, fdt, cpus)
	{
		int size;
		const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &size);

		if (!is_cpu(fdt, node) || !reg || size < cells * (int)sizeof(*reg))
			continue;
		if (board.cpu_count == CPU_MAX)
			break;
		board.affinities[board.cpu_count++] = read_cells(reg, cells) & MPIDR_AFFINITY;
	}

	return board.cpu_count ? NULL : "the device tree lists no CPU";
}

static void read_idle_states(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,idle-state");

	while (node >= 0 && board.idle_state_count < BOARD_IDLE_STATES_MAX) {
		if (read_cell(fdt, node, "arm,psci-suspend-param",
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
	const int cells = fdt_address_cells(fdt, fdt_path_offset(fdt, "/cpus"));
	int node;

	*to = (struct domain){ 0 };
	fdt_for_each_subnode(node, fdt, fdt_path_offset(fdt, "/cpus"))
	{
		const fdt32_t *reg = fdt_getprop(fdt, node, "reg", NULL);

		if (is_cpu(fdt, node) && reg && to->cpu_count < CPU_MAX &&
		    lies_in(fdt, node, domain))
			to->affinities[to->cpu_count++] = read_cells(reg, cells) & MPIDR_AFFINITY;
	}
	for (int i = 0; to->state_count < BOARD_DOMAIN_STATES_MAX; i++) {
		node = nth_node(fdt, domain, "domain-idle-states", i);
		if (node < 0)
			break;
		if (read_cell(fdt, node, "arm,psci-suspend-param", &to->states[to->state_count]))
			to->state_count++;
	}
}

static void read_domain(const void *fdt)
{
	int cpu;

	fdt_for_each_subnode(cpu, fdt, fdt_path_offset(fdt, "/cpus"))
	{
		int node = is_cpu(fdt, cpu) ? nth_node(fdt, cpu, "power-domains", 0) : -1;

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
		read_region(fdt, node, 0, &board.memory);
}

static void read_gic(const void *fdt)
{
	static const char *const v3[] = { "arm,gic-v3", NULL };
	static const char *const v2[] = { "arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic",
					  NULL };
	int node = find_compatible(fdt, v3);
	uint32_t regions = 1;
	uint32_t stride = 0;

	if (node >= 0 && read_region(fdt, node, 0, &board.gic_distributor)) {
		board.gic_version = 3;
		read_cell(fdt, node, "#redistributor-regions", &regions);
		for (uint32_t i = 0; i < regions && i < BOARD_REDISTRIBUTORS_MAX; i++) {
			if (read_region(fdt, node, 1 + (int)i, &board.gic_redistributors[i]))
				board.gic_redistributor_count++;
		}
		if (read_cell(fdt, node, "redistributor-stride", &stride))
			board.gic_redistributor_stride = stride;

		return;
	}
	node = find_compatible(fdt, v2);
	if (node >= 0 && read_region(fdt, node, 0, &board.gic_distributor) &&
	    read_region(fdt, node, 1, &board.gic_cpu))
		board.gic_version = 2;
}

static void read_timer(const void *fdt)
{
	static const char *const known[] = { "arm,armv8-timer", "arm,armv7-timer", NULL };
	const int node = find_compatible(fdt, known);
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
	read_region(fdt, node, 0, &board.rtc);
}

const char *board_read(const void *fdt)
{
	const char *trouble;

	board.bootargs = "";
	if (fdt_check_header(fdt) != 0)
		return "there is no device tree at x0";
	read_console(fdt);
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
