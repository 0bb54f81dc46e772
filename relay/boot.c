/* SPDX-License-Identifier: BSD-3-Clause */
/* The way from the entry of the image to that of the OS, on the CPU that booted. */
#include <libfdt.h>
#include <stdatomic.h>

#include "../arch/arm64/cache.h"
#include "../arch/arm64/give-up.h"
#include "../arch/arm64/image.h"
#include "../arch/arm64/kernel-image.h"
#include "../arch/arm64/mmu.h"
#include "../arch/arm64/spinlock.h"
#include "../arch/arm64/string.h"
#include "../arch/arm64/sysreg.h"
#include "relay.h"

/* A device tree is at most 2 MiB, and 8 bytes aligned (booting.rst). */
#define FDT_SIZE_MAX 0x200000
#define FDT_ALIGNMENT 8

/* From start.S. */
void *map_first(void *fdt);
_Noreturn void relay_boot(void *fdt);

struct monitor monitor;
struct cpu cpus[CPU_MAX];
static struct psci_relay_cpu *cpu_index[CPU_MAX];
static atomic_flag relay_lock = ATOMIC_FLAG_INIT;

static const struct kernel_image *os_image(void)
{
	return (const struct kernel_image *)(uintptr_t)(image_start + MONITOR_SIZE);
}

/* Returns @fdt, or NULL if there can be no device tree. */
void *map_first(void *fdt)
{
	const uint64_t tree = (uintptr_t)fdt;

	mmu_prepare();
	mmu_add_ram((uintptr_t)image_start, MONITOR_SIZE);
	mmu_add_ram((uintptr_t)os_image(), sizeof(struct kernel_image));
	if (!tree || tree % FDT_ALIGNMENT || !mmu_add_ram(tree, FDT_SIZE_MAX))
		return NULL;

	return fdt;
}

/* Only the data path of a PL011 is used: the OS takes it over at some time. */
static void use_console(const void *fdt)
{
	struct console console = { .kind = CONSOLE_NONE };

	tree_console(fdt, &console);
	if (console.kind == CONSOLE_PL011)
		console.kind = CONSOLE_SBSA;
	console_use(&console);
}

/* --- what the relay asks of the monitor --- */

static void call_firmware(void *ctx, uint64_t x[4])
{
	x[0] = smc_forward(x);
}

static bool in_memory(uint64_t address)
{
	for (unsigned int i = 0; i < monitor.memory_count; i++) {
		if (address - monitor.memory[i].base < monitor.memory[i].size)
			return true;
	}

	return monitor.more_memory;
}

static bool on_entry_ok(void *ctx, uint64_t pc)
{
	return in_memory(pc) && !is_own(pc);
}

static void on_lock(void *lock)
{
	spin_lock(lock);
}

static void on_unlock(void *lock)
{
	spin_unlock(lock);
}

/* --- the machine, as the device tree describes it --- */

static void check_conduit(const void *fdt)
{
	static const char *const known[] = { "arm,psci-1.0", "arm,psci-0.2", NULL };
	const int node = tree_find(fdt, known);
	const char *method = node < 0 ? NULL : fdt_getprop(fdt, node, "method", NULL);

	if (!method)
		give_up("the device tree has no PSCI of 0.2 or later");
	if (strcmp(method, "smc") != 0)
		give_up("PSCI's conduit is %s, and not smc: there is no firmware below EL2",
			method);
}

static void read_memory(const void *fdt)
{
	struct region region;
	int node = -1;

	for (;;) {
		node = fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7);
		if (node < 0)
			return;
		for (int i = 0; tree_region(fdt, node, i, &region); i++) {
			if (!region.size)
				continue;
			if (monitor.memory_count == MEMORY_REGIONS_MAX)
				monitor.more_memory = true;
			else
				monitor.memory[monitor.memory_count++] = region;
		}
	}
}

static void add_cpu(uint64_t mpidr)
{
	struct cpu *cpu = &cpus[monitor.cpu_count];
	int err;

	if (monitor.cpu_count == CPU_MAX)
		give_up("the device tree lists more than %u CPUs", CPU_MAX);
	cpu->number = monitor.cpu_count;
	cpu->affinity = mpidr;
	cpu->number_shifted = (uint64_t)cpu->number << 32;
	err = psci_relay_cpu_init(&cpu->relay, &monitor.relay, mpidr, cpu->number);
	if (err)
		give_up("CPU %lx of the device tree: %s", mpidr,
			err == PSCI_ERR_EXISTS ? "it is listed twice"
					       : "the firmware cannot start it");
	monitor.cpu_count++;
}

/* Returns the CPU that runs this. */
static struct cpu *read_cpus(const void *fdt)
{
	const uint64_t self = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;
	struct cpu *found = NULL;
	uint64_t mpidr;
	int node = -1;

	while ((node = tree_next_cpu(fdt, node, &mpidr)) >= 0) {
		if (mpidr == self)
			found = &cpus[monitor.cpu_count];
		add_cpu(mpidr);
	}
	if (!found)
		give_up("the device tree does not list the CPU that runs");

	return found;
}

static void init_relay(void)
{
	const struct psci_relay_config config = {
		.size = sizeof(config),
		.firmware = &monitor.firmware,
		.entry = (uintptr_t)monitor_entry,
		.index = cpu_index,
		.index_size = CPU_MAX,
		.ctx = &relay_lock,
		.entry_ok = on_entry_ok,
		.lock = on_lock,
		.unlock = on_unlock,
	};

	if (psci_client_probe(&monitor.firmware, call_firmware, NULL, true))
		give_up("the firmware below EL2 has no PSCI of 0.2 or later");
	if (psci_relay_init(&monitor.relay, &config))
		give_up("PSCI %u.%u of the firmware is none that the relay knows",
			monitor.firmware.version >> 16, monitor.firmware.version & 0xffff);
}

/* --- the OS --- */

static bool overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a < b_end && b < a_end;
}

/* The address of an initrd's start or end; false if there is none. */
static bool read_initrd(const void *fdt, const char *name, uint64_t *address)
{
	const int chosen = fdt_path_offset(fdt, "/chosen");
	int size = 0;
	const fdt32_t *cells = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, name, &size);

	if (!cells || (size != 4 && size != 8))
		return false;
	*address = tree_cells(cells, size / 4);

	return true;
}

static void check_room(const void *fdt)
{
	const uint64_t start = (uintptr_t)image_start;
	const uint64_t os = (uintptr_t)os_image();
	const uint64_t end = os + os_image()->size;
	const uint64_t tree = (uintptr_t)fdt;
	uint64_t initrd;
	uint64_t initrd_end;

	if (!in_memory(start) || !in_memory(end - 1))
		give_up("monitor and kernel, %lx to %lx, are not in the memory of the device tree",
			start, end);
	if (overlap(start, os, tree, tree + fdt_totalsize(fdt)))
		give_up("the device tree, at %lx, lies in the monitor's memory", tree);
	if (read_initrd(fdt, "linux,initrd-start", &initrd) &&
	    read_initrd(fdt, "linux,initrd-end", &initrd_end) &&
	    overlap(start, end, initrd, initrd_end))
		give_up("the initrd, %lx to %lx, lies in the memory of monitor or kernel, %lx to %lx",
			initrd, initrd_end, start, end);
}

static void check_image(void)
{
	if ((uintptr_t)image_start % MONITOR_SIZE)
		give_up("loaded at %lx, which is no multiple of 2 MiB", (uintptr_t)image_start);
	if (os_image()->magic != KERNEL_IMAGE_MAGIC)
		give_up("what lies at %lx is no kernel Image", (uintptr_t)os_image());
	if (os_image()->text_offset != 0)
		give_up("the kernel's text_offset is %lx, and not 0", os_image()->text_offset);
	if (os_image()->size == 0 || os_image()->size > UINT32_MAX)
		give_up("the kernel's image_size, %lx, is invalid", os_image()->size);
}

static void refuse(const char *why)
{
	if (why)
		give_up("%s", why);
}

void relay_boot(void *fdt)
{
	const unsigned int level = sysreg_read(CurrentEL) >> 2 & 3;
	const char *why = NULL;
	const void *tree;
	struct cpu *cpu;
	bool big_endian;

	if (!fdt || fdt_check_header(fdt) || fdt_totalsize(fdt) > FDT_SIZE_MAX)
		give_up("there is no device tree at x0");
	use_console(fdt);
	if (level != 2)
		give_up("entered at EL%u, and it must be EL2", level);
	check_conduit(fdt);
	read_memory(fdt);
	check_image();
	check_room(fdt);
	init_relay();
	cpu = read_cpus(fdt);
	refuse(stage2_make());
	tree = tree_for_os(fdt, &why);
	if (!tree)
		give_up("the device tree cannot be changed: %s", why);
	el2_setup(cpu);
	big_endian = os_image()->flags & KERNEL_IMAGE_BIG_ENDIAN;
	cache_flush(os_image(), sizeof(struct kernel_image));
	print("psci-relay: PSCI %u.%u of the firmware for %u CPUs; the OS starts at %lx\n",
	      monitor.firmware.version >> 16, monitor.firmware.version & 0xffff, monitor.cpu_count,
	      (uintptr_t)os_image());
	os_enter(cpu, (uintptr_t)os_image(), (uintptr_t)tree, big_endian);
}
