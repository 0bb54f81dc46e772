/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/device-tree.h"

#include <psci/abi.h>

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "board/board.h"
#include "board/idle-states.h"

#define PHANDLE_GIC 1
#define PHANDLE_CLOCK 2
/* And on, one for each. */
#define PHANDLE_IDLE_STATES 3
#define PHANDLE_CLUSTERS 0x100
#define PHANDLE_CPU_DOMAINS 0x200

/* Interrupt cells of the GIC binding. */
#define GIC_SPI 0
#define GIC_PPI 1
#define IRQ_EDGE_RISING 1
#define IRQ_LEVEL_HIGH 4

/*
 * libfdt's calls return errors one by one; collecting the first keeps the
 * description of the board readable.
 */
struct writer {
	void *fdt;
	int err;
};

static void collect(struct writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

static void begin(struct writer *w, const char *name)
{
	collect(w, fdt_begin_node(w->fdt, name));
}

static void begin_at(struct writer *w, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	begin(w, full);
}

static void begin_numbered(struct writer *w, const char *name, unsigned int number)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%u", name, number);
	begin(w, full);
}

static void end(struct writer *w)
{
	collect(w, fdt_end_node(w->fdt));
}

static void flag(struct writer *w, const char *name)
{
	collect(w, fdt_property(w->fdt, name, NULL, 0));
}

static void cell(struct writer *w, const char *name, uint32_t value)
{
	collect(w, fdt_property_u32(w->fdt, name, value));
}

static void text(struct writer *w, const char *name, const char *value)
{
	collect(w, fdt_property(w->fdt, name, value, (int)strlen(value) + 1));
}

/* A property of several strings, given with a NUL between each two. */
static void texts(struct writer *w, const char *name, const char *values, size_t size)
{
	collect(w, fdt_property(w->fdt, name, values, (int)size));
}

static void cells(struct writer *w, const char *name, const uint32_t *values, size_t count)
{
	fdt32_t *to;

	collect(w,
		fdt_property_placeholder(w->fdt, name, (int)(count * sizeof(*to)), (void **)&to));
	for (size_t i = 0; i < count && !w->err; i++)
		to[i] = cpu_to_fdt32(values[i]);
}

#define CELLS(w, name, ...)                               \
	cells(w, name, (const uint32_t[]){ __VA_ARGS__ }, \
	      sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* An address or size as two cells. */
#define PAIR(value) (uint32_t)((uint64_t)(value) >> 32), (uint32_t)(value)

static void seed(struct writer *w, const char *name, size_t size)
{
	void *to;

	collect(w, fdt_property_placeholder(w->fdt, name, (int)size, &to));
	if (!w->err && random_fill(to, size) < 0)
		memset(to, 0, size);
}

static void chosen(struct writer *w, const struct device_tree *tree)
{
	const struct image *image = tree->image;

	begin(w, "chosen");
	text(w, "stdout-path", "/pl011@9000000");
	text(w, "bootargs", tree->config->append);
	if (image->initrd_size) {
		const uint64_t last = image->initrd_address + image->initrd_size;

		CELLS(w, "linux,initrd-start", PAIR(image->initrd_address));
		CELLS(w, "linux,initrd-end", PAIR(last));
	}
	seed(w, "kaslr-seed", 8);
	seed(w, "rng-seed", 64);
	end(w);
}

static void memory_node(struct writer *w, const struct device_tree *tree)
{
	begin_at(w, "memory", MEMORY_BASE);
	text(w, "device_type", "memory");
	CELLS(w, "reg", PAIR(MEMORY_BASE), PAIR(tree->config->memory));
	end(w);
}

/*
 * Without local-timer-stop: KVM keeps the timer counting and firing. The latency
 * of a wake-up is that of the exit.
 */
static void idle_state_node(struct writer *w, uint32_t number, const char *compatible,
			    const struct config *config)
{
	const struct idle_state *state = &idle_states[number];

	begin(w, state->name);
	text(w, "compatible", compatible);
	text(w, "idle-state-name", state->name);
	cell(w, "arm,psci-suspend-param",
	     idle_state_value(state, config->psci_test.extended_state_id));
	cell(w, "entry-latency-us", state->entry_latency);
	cell(w, "exit-latency-us", state->exit_latency);
	cell(w, "min-residency-us", state->min_residency);
	cell(w, "phandle", PHANDLE_IDLE_STATES + number);
	end(w);
}

static void idle_state_nodes(struct writer *w, const struct config *config)
{
	begin(w, "idle-states");
	text(w, "entry-method", "psci");
	for (uint32_t i = 0; i < IDLE_STATE_COUNT; i++)
		idle_state_node(w, i, "arm,idle-state", config);
	end(w);
	if (!config->idle_clusters)
		return;
	begin(w, "domain-idle-states");
	for (uint32_t i = IDLE_STATE_COUNT; i < IDLE_STATE_ALL_COUNT; i++)
		idle_state_node(w, i, "domain-idle-state", config);
	end(w);
}

static void idle_state_list(struct writer *w, const char *name, uint32_t first, uint32_t end_at)
{
	uint32_t phandles[IDLE_STATE_ALL_COUNT];
	uint32_t count = 0;

	for (uint32_t i = first; i < end_at; i++)
		phandles[count++] = PHANDLE_IDLE_STATES + i;
	cells(w, name, phandles, count);
}

/* Aff1 and above are a cluster's; the node of the CPU's own lies in its cluster's. */
static void power_domains(struct writer *w, const struct device_tree *tree)
{
	uint32_t cluster = 0;

	for (unsigned int i = 0; i < tree->config->cpus; i++) {
		const bool first = i == 0 || IDLE_CLUSTER_OF(tree->mpidrs[i]) !=
						     IDLE_CLUSTER_OF(tree->mpidrs[i - 1]);

		if (first) {
			cluster += i > 0;
			begin_numbered(w, "power-domain-cluster", cluster);
			cell(w, "#power-domain-cells", 0);
			idle_state_list(w, "domain-idle-states", IDLE_STATE_COUNT,
					IDLE_STATE_ALL_COUNT);
			cell(w, "phandle", PHANDLE_CLUSTERS + cluster);
			end(w);
		}
		begin_numbered(w, "power-domain-cpu", i);
		cell(w, "#power-domain-cells", 0);
		cell(w, "power-domains", PHANDLE_CLUSTERS + cluster);
		cell(w, "phandle", PHANDLE_CPU_DOMAINS + i);
		end(w);
	}
}

static void cpus(struct writer *w, const struct device_tree *tree)
{
	begin(w, "cpus");
	cell(w, "#address-cells", 2);
	cell(w, "#size-cells", 0);
	for (unsigned int i = 0; i < tree->config->cpus; i++) {
		begin_at(w, "cpu", tree->mpidrs[i]);
		text(w, "device_type", "cpu");
		text(w, "compatible", "arm,armv8");
		CELLS(w, "reg", PAIR(tree->mpidrs[i]));
		text(w, "enable-method", "psci");
		if (tree->config->idle_states)
			idle_state_list(w, "cpu-idle-states", 0, IDLE_STATE_COUNT);
		if (tree->config->idle_clusters) {
			cell(w, "power-domains", PHANDLE_CPU_DOMAINS + i);
			text(w, "power-domain-names", "psci");
		}
		end(w);
	}
	if (tree->config->idle_states)
		idle_state_nodes(w, tree->config);
	end(w);
}

static void psci(struct writer *w, const struct device_tree *tree)
{
	static const char since_1_0[] = "arm,psci-1.0\0arm,psci-0.2";
	static const char since_0_2[] = "arm,psci-0.2";

	begin(w, "psci");
	if (tree->psci_version >= PSCI_VERSION_1_0)
		texts(w, "compatible", since_1_0, sizeof(since_1_0));
	else
		texts(w, "compatible", since_0_2, sizeof(since_0_2));
	text(w, "method", "hvc");
	if (tree->config->idle_clusters)
		power_domains(w, tree);
	end(w);
}

static void gic(struct writer *w, unsigned int cpu_count)
{
	begin_at(w, "intc", BOARD_GIC_DIST_BASE);
	text(w, "compatible", "arm,gic-v3");
	flag(w, "interrupt-controller");
	cell(w, "#interrupt-cells", 3);
	cell(w, "#address-cells", 2);
	cell(w, "#size-cells", 2);
	cell(w, "#redistributor-regions", 1);
	cell(w, "phandle", PHANDLE_GIC);
	CELLS(w, "reg", PAIR(BOARD_GIC_DIST_BASE), PAIR(BOARD_GIC_DIST_SIZE),
	      PAIR(BOARD_GIC_REDIST_BASE), PAIR(BOARD_GIC_REDIST_SIZE * cpu_count));
	end(w);
}

static void timer(struct writer *w)
{
	begin(w, "timer");
	text(w, "compatible", "arm,armv8-timer");
	/* KVM keeps it counting and firing whatever state the vCPU is in. */
	flag(w, "always-on");
	CELLS(w, "interrupts", GIC_PPI, BOARD_TIMER_SECURE_PPI, IRQ_LEVEL_HIGH, GIC_PPI,
	      BOARD_TIMER_PHYSICAL_PPI, IRQ_LEVEL_HIGH, GIC_PPI, BOARD_TIMER_VIRTUAL_PPI,
	      IRQ_LEVEL_HIGH, GIC_PPI, BOARD_TIMER_HYP_PPI, IRQ_LEVEL_HIGH);
	end(w);
}

static void clock(struct writer *w)
{
	begin(w, "apb-pclk");
	text(w, "compatible", "fixed-clock");
	cell(w, "#clock-cells", 0);
	cell(w, "clock-frequency", 24000000);
	text(w, "clock-output-names", "clk24mhz");
	cell(w, "phandle", PHANDLE_CLOCK);
	end(w);
}

static void uart(struct writer *w)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char clocks[] = "uartclk\0apb_pclk";

	begin_at(w, "pl011", BOARD_UART_BASE);
	texts(w, "compatible", compatible, sizeof(compatible));
	CELLS(w, "reg", PAIR(BOARD_UART_BASE), PAIR(BOARD_UART_SIZE));
	CELLS(w, "interrupts", GIC_SPI, BOARD_UART_SPI, IRQ_LEVEL_HIGH);
	CELLS(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	texts(w, "clock-names", clocks, sizeof(clocks));
	end(w);
}

static void rtc(struct writer *w)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	begin_at(w, "pl031", BOARD_RTC_BASE);
	texts(w, "compatible", compatible, sizeof(compatible));
	CELLS(w, "reg", PAIR(BOARD_RTC_BASE), PAIR(BOARD_RTC_SIZE));
	CELLS(w, "interrupts", GIC_SPI, BOARD_RTC_SPI, IRQ_LEVEL_HIGH);
	CELLS(w, "clocks", PHANDLE_CLOCK);
	text(w, "clock-names", "apb_pclk");
	end(w);
}

/* Only slots that hold a device: each empty one would cost the guest a probe. */
static void virtio(struct writer *w, unsigned int slot)
{
	const uint64_t base = BOARD_VIRTIO_BASE + slot * BOARD_VIRTIO_SIZE;

	begin_at(w, "virtio_mmio", base);
	text(w, "compatible", "virtio,mmio");
	CELLS(w, "reg", PAIR(base), PAIR(BOARD_VIRTIO_SIZE));
	CELLS(w, "interrupts", GIC_SPI, BOARD_VIRTIO_SPI + slot, IRQ_EDGE_RISING);
	flag(w, "dma-coherent");
	end(w);
}

/* By this name and word systemd-detect-virt and others know where they run. */
static void hypervisor(struct writer *w)
{
	begin(w, "hypervisor");
	text(w, "compatible", "linux,kvm");
	end(w);
}

static void board(struct writer *w, const struct device_tree *tree)
{
	begin(w, "");
	text(w, "compatible", "dormouse,virt");
	text(w, "model", "dormouse,virt");
	cell(w, "#address-cells", 2);
	cell(w, "#size-cells", 2);
	cell(w, "interrupt-parent", PHANDLE_GIC);
	flag(w, "dma-coherent");
	chosen(w, tree);
	memory_node(w, tree);
	cpus(w, tree);
	psci(w, tree);
	if (tree->config->machine_version != BOARD_VERSION_1)
		hypervisor(w);
	gic(w, tree->config->cpus);
	timer(w);
	clock(w);
	uart(w);
	rtc(w);
	for (unsigned int i = 0; i < tree->config->disk_count; i++)
		virtio(w, i);
	virtio(w, BOARD_VIRTIO_RNG_SLOT);
	end(w);
}

int device_tree_write(const struct device_tree *tree, const struct memory *memory,
		      struct error *error)
{
	struct writer w = { .fdt = memory_at(memory, tree->image->device_tree_address,
					     IMAGE_DEVICE_TREE_SIZE) };

	if (!w.fdt)
		return error_set(error, -ENOSPC, "the device tree does not fit in memory");
	collect(&w, fdt_create(w.fdt, IMAGE_DEVICE_TREE_SIZE));
	collect(&w, fdt_finish_reservemap(w.fdt));
	board(&w, tree);
	collect(&w, fdt_finish(w.fdt));
	if (w.err == -FDT_ERR_NOSPACE)
		return error_set(error, -E2BIG, "the kernel's command line is too long");
	if (w.err)
		return error_set(error, -EIO, "cannot build the device tree: %s",
				 fdt_strerror(w.err));

	return 0;
}
