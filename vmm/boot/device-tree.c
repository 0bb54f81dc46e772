/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/device-tree.h"

#include <psci/abi.h>

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "board/idle-states.h"
#include "boot/tree-writer.h"

/* From here on, one for each; tree-writer.h has those below. */
#define PHANDLE_IDLE_STATES 3
#define PHANDLE_CLUSTERS 0x100
#define PHANDLE_CPU_DOMAINS 0x200

/*
 * In front, so that the user's own acpi=off counts: Linux heeds the last. It
 * ignores ACPI if there is a device tree and nothing asks for ACPI.
 */
#define ACPI_ON "acpi=on "

static void command_line(struct tree_writer *w, const struct device_tree *tree)
{
	const char *append = tree->config->append;
	const char *first = tree->efi && tree->config->kernel ? ACPI_ON : "";
	const char *second = tree->no_resume ? IMAGE_NO_RESUME : "";
	const size_t size = strlen(first) + strlen(second) + strlen(append) + 1;
	void *to;

	tree_collect(w, fdt_property_placeholder(w->fdt, "bootargs", (int)size, &to));
	if (!w->err)
		snprintf(to, size, "%s%s%s", first, second, append);
}

/*
 * Kernels of distributions want to know about secure boot as well: 2 is
 * "disabled".
 */
static void efi(struct tree_writer *w, const struct efi *efi)
{
	TREE_CELLS(w, "linux,uefi-system-table", TREE_PAIR(efi->system_table));
	TREE_CELLS(w, "linux,uefi-mmap-start", TREE_PAIR(efi->memory_map));
	tree_cell(w, "linux,uefi-mmap-size", efi->memory_map_size);
	tree_cell(w, "linux,uefi-mmap-desc-size", efi->descriptor_size);
	tree_cell(w, "linux,uefi-mmap-desc-ver", efi->descriptor_version);
	tree_cell(w, "linux,uefi-secure-boot", 2);
}

static void chosen(struct tree_writer *w, const struct device_tree *tree)
{
	const struct image *image = tree->image;

	tree_begin(w, "chosen");
	tree_text(w, "stdout-path", "/pl011@9000000");
	command_line(w, tree);
	if (image->initrd_size) {
		const uint64_t last = image->initrd_address + image->initrd_size;

		TREE_CELLS(w, "linux,initrd-start", TREE_PAIR(image->initrd_address));
		TREE_CELLS(w, "linux,initrd-end", TREE_PAIR(last));
	}
	if (tree->efi)
		efi(w, tree->efi);
	tree_seed(w, "kaslr-seed", 8);
	tree_seed(w, "rng-seed", 64);
	tree_end(w);
}

static void memory_node(struct tree_writer *w, const struct device_tree *tree)
{
	tree_begin_at(w, "memory", MEMORY_BASE);
	tree_text(w, "device_type", "memory");
	TREE_CELLS(w, "reg", TREE_PAIR(MEMORY_BASE), TREE_PAIR(tree->config->memory));
	tree_end(w);
}

/*
 * Without local-timer-stop: KVM keeps the timer counting and firing. The
 * latency of a wake-up is that of the exit.
 */
static void idle_state_node(struct tree_writer *w, uint32_t number, const char *compatible,
			    const struct config *config)
{
	const struct idle_state *state = &idle_states[number];

	tree_begin(w, state->name);
	tree_text(w, "compatible", compatible);
	tree_text(w, "idle-state-name", state->name);
	tree_cell(w, "arm,psci-suspend-param",
		  idle_state_value(state, config->psci_test.extended_state_id));
	tree_cell(w, "entry-latency-us", state->entry_latency);
	tree_cell(w, "exit-latency-us", state->exit_latency);
	tree_cell(w, "min-residency-us", state->min_residency);
	tree_cell(w, "phandle", PHANDLE_IDLE_STATES + number);
	tree_end(w);
}

static void idle_state_nodes(struct tree_writer *w, const struct config *config)
{
	tree_begin(w, "idle-states");
	tree_text(w, "entry-method", "psci");
	for (uint32_t i = 0; i < IDLE_STATE_COUNT; i++)
		idle_state_node(w, i, "arm,idle-state", config);
	tree_end(w);
	if (!config->idle_clusters)
		return;
	tree_begin(w, "domain-idle-states");
	for (uint32_t i = IDLE_STATE_COUNT; i < IDLE_STATE_ALL_COUNT; i++)
		idle_state_node(w, i, "domain-idle-state", config);
	tree_end(w);
}

static void idle_state_list(struct tree_writer *w, const char *name, uint32_t first,
			    uint32_t end_at)
{
	uint32_t phandles[IDLE_STATE_ALL_COUNT];
	uint32_t count = 0;

	for (uint32_t i = first; i < end_at; i++)
		phandles[count++] = PHANDLE_IDLE_STATES + i;
	tree_cells(w, name, phandles, count);
}

/* Aff1 and above are a cluster's; the CPU's own node lies in its cluster's. */
static void power_domains(struct tree_writer *w, const struct device_tree *tree)
{
	uint32_t cluster = 0;

	for (unsigned int i = 0; i < tree->config->cpus; i++) {
		const bool first = i == 0 || IDLE_CLUSTER_OF(tree->mpidrs[i]) !=
						     IDLE_CLUSTER_OF(tree->mpidrs[i - 1]);

		if (first) {
			cluster += i > 0;
			tree_begin_numbered(w, "power-domain-cluster", cluster);
			tree_cell(w, "#power-domain-cells", 0);
			idle_state_list(w, "domain-idle-states", IDLE_STATE_COUNT,
					IDLE_STATE_ALL_COUNT);
			tree_cell(w, "phandle", PHANDLE_CLUSTERS + cluster);
			tree_end(w);
		}
		tree_begin_numbered(w, "power-domain-cpu", i);
		tree_cell(w, "#power-domain-cells", 0);
		tree_cell(w, "power-domains", PHANDLE_CLUSTERS + cluster);
		tree_cell(w, "phandle", PHANDLE_CPU_DOMAINS + i);
		tree_end(w);
	}
}

static void cpus(struct tree_writer *w, const struct device_tree *tree)
{
	tree_begin(w, "cpus");
	tree_cell(w, "#address-cells", 2);
	tree_cell(w, "#size-cells", 0);
	for (unsigned int i = 0; i < tree->config->cpus; i++) {
		tree_begin_at(w, "cpu", tree->mpidrs[i]);
		tree_text(w, "device_type", "cpu");
		tree_text(w, "compatible", "arm,armv8");
		TREE_CELLS(w, "reg", TREE_PAIR(tree->mpidrs[i]));
		tree_text(w, "enable-method", "psci");
		if (tree->config->idle_states)
			idle_state_list(w, "cpu-idle-states", 0, IDLE_STATE_COUNT);
		if (tree->config->idle_clusters) {
			tree_cell(w, "power-domains", PHANDLE_CPU_DOMAINS + i);
			tree_text(w, "power-domain-names", "psci");
		}
		tree_end(w);
	}
	if (tree->config->idle_states)
		idle_state_nodes(w, tree->config);
	tree_end(w);
}

static void psci(struct tree_writer *w, const struct device_tree *tree)
{
	static const char since_1_0[] = "arm,psci-1.0\0arm,psci-0.2";
	static const char since_0_2[] = "arm,psci-0.2";

	tree_begin(w, "psci");
	if (tree->psci_version >= PSCI_VERSION_1_0)
		tree_texts(w, "compatible", since_1_0, sizeof(since_1_0));
	else
		tree_texts(w, "compatible", since_0_2, sizeof(since_0_2));
	tree_text(w, "method", "hvc");
	if (tree->config->idle_clusters)
		power_domains(w, tree);
	tree_end(w);
}

static void gic(struct tree_writer *w, unsigned int cpu_count)
{
	tree_begin_at(w, "intc", BOARD_GIC_DIST_BASE);
	tree_text(w, "compatible", "arm,gic-v3");
	tree_flag(w, "interrupt-controller");
	tree_cell(w, "#interrupt-cells", 3);
	tree_cell(w, "#address-cells", 2);
	tree_cell(w, "#size-cells", 2);
	tree_cell(w, "#redistributor-regions", 1);
	tree_cell(w, "phandle", TREE_PHANDLE_GIC);
	TREE_CELLS(w, "reg", TREE_PAIR(BOARD_GIC_DIST_BASE), TREE_PAIR(BOARD_GIC_DIST_SIZE),
		   TREE_PAIR(BOARD_GIC_REDIST_BASE), TREE_PAIR(BOARD_GIC_REDIST_SIZE * cpu_count));
	tree_end(w);
}

static void timer(struct tree_writer *w)
{
	tree_begin(w, "timer");
	tree_text(w, "compatible", "arm,armv8-timer");
	/* KVM keeps it counting and firing in every state of the vCPU. */
	tree_flag(w, "always-on");
	TREE_CELLS(w, "interrupts", TREE_GIC_PPI, BOARD_TIMER_SECURE_PPI, TREE_IRQ_LEVEL_HIGH,
		   TREE_GIC_PPI, BOARD_TIMER_PHYSICAL_PPI, TREE_IRQ_LEVEL_HIGH, TREE_GIC_PPI,
		   BOARD_TIMER_VIRTUAL_PPI, TREE_IRQ_LEVEL_HIGH, TREE_GIC_PPI, BOARD_TIMER_HYP_PPI,
		   TREE_IRQ_LEVEL_HIGH);
	tree_end(w);
}

static void pmu(struct tree_writer *w)
{
	tree_begin(w, "pmu");
	tree_text(w, "compatible", "arm,armv8-pmuv3");
	TREE_CELLS(w, "interrupts", TREE_GIC_PPI, BOARD_PMU_PPI, TREE_IRQ_LEVEL_HIGH);
	tree_end(w);
}

static void clock(struct tree_writer *w)
{
	tree_begin(w, "apb-pclk");
	tree_text(w, "compatible", "fixed-clock");
	tree_cell(w, "#clock-cells", 0);
	tree_cell(w, "clock-frequency", 24000000);
	tree_text(w, "clock-output-names", "clk24mhz");
	tree_cell(w, "phandle", TREE_PHANDLE_CLOCK);
	tree_end(w);
}

/* In the order of addresses, whatever the order in which they were made. */
static void devices(struct tree_writer *w, const struct device_tree *tree)
{
	uint64_t from = 0;
	const struct device *next;

	do {
		next = NULL;
		for (size_t i = 0; i < tree->device_count; i++) {
			const struct device *device = &tree->devices[i];

			if (device->base >= from && (!next || device->base < next->base))
				next = device;
		}
		if (next && next->ops->describe)
			next->ops->describe(next, w);
		if (next)
			from = next->base + next->size;
	} while (next);
}

/* systemd-detect-virt and other programs detect KVM by this name and value. */
static void hypervisor(struct tree_writer *w)
{
	tree_begin(w, "hypervisor");
	tree_text(w, "compatible", "linux,kvm");
	tree_end(w);
}

static void board(struct tree_writer *w, const struct device_tree *tree)
{
	tree_begin(w, "");
	tree_text(w, "compatible", "dormouse,virt");
	tree_text(w, "model", "dormouse,virt");
	tree_cell(w, "#address-cells", 2);
	tree_cell(w, "#size-cells", 2);
	tree_cell(w, "interrupt-parent", TREE_PHANDLE_GIC);
	tree_flag(w, "dma-coherent");
	chosen(w, tree);
	memory_node(w, tree);
	cpus(w, tree);
	psci(w, tree);
	if (tree->config->machine_version != BOARD_VERSION_1)
		hypervisor(w);
	gic(w, tree->config->cpus);
	timer(w);
	if (tree->pmu)
		pmu(w);
	clock(w);
	devices(w, tree);
	tree_end(w);
}

int device_tree_write(const struct device_tree *tree, const struct memory *memory,
		      struct error *error)
{
	struct tree_writer w = { .fdt = memory_at(memory, tree->image->device_tree_address,
						  IMAGE_DEVICE_TREE_SIZE) };

	if (!w.fdt)
		return error_set(error, -ENOSPC, "the device tree does not fit in memory");
	tree_collect(&w, fdt_create(w.fdt, IMAGE_DEVICE_TREE_SIZE));
	tree_collect(&w, fdt_finish_reservemap(w.fdt));
	board(&w, tree);
	tree_collect(&w, fdt_finish(w.fdt));
	if (w.err == -FDT_ERR_NOSPACE)
		return error_set(error, -E2BIG, "the kernel's command line is too long");
	if (w.err)
		return error_set(error, -EIO, "cannot build the device tree: %s",
				 fdt_strerror(w.err));

	return 0;
}
