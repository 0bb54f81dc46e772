/* SPDX-License-Identifier: BSD-3-Clause */
#include "acpi/tables.h"

#include <errno.h>
#include <string.h>

#include "acpi/aml.h"
#include "acpi/cpu.asl.h"
#include "acpi/events.asl.h"
#include "acpi/layout.h"
#include "board/board.h"

#define TABLE_ALIGNMENT 16
#define FACS_ALIGNMENT 64

/** Tables are put one behind the other. */
struct writer {
	const struct acpi_place *place;
	size_t used; /**< More than the place's size if it did not suffice. */
};

/* --- one table after the other --- */

static uint8_t checksum(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);

	return (uint8_t)-sum;
}

/* Its length and checksum are set at its end. */
static struct acpi_header header_of(const char *signature, uint8_t revision)
{
	struct acpi_header header = {
		.revision = revision,
		.oem_id = "DORMSE",
		.oem_table_id = "VIRT    ",
		.oem_revision = 1,
		.creator_id = "DORM",
		.creator_revision = 1,
	};

	memcpy(header.signature, signature, sizeof(header.signature));

	return header;
}

/* Begin a table. Returns its address. */
static uint64_t begin(struct writer *w, size_t alignment)
{
	w->used = (w->used + alignment - 1) & ~(alignment - 1);

	return w->place->address + w->used;
}

static void add(struct writer *w, const void *part, size_t size)
{
	if (w->used <= w->place->size && size <= w->place->size - w->used)
		memcpy(w->place->bytes + w->used, part, size);
	w->used += size;
}

/* Set the length and the checksum of a table that began at @address. */
static void end(const struct writer *w, uint64_t address)
{
	const size_t offset = (size_t)(address - w->place->address);
	const size_t length = w->used - offset;
	struct acpi_header header;

	if (w->used > w->place->size)
		return;
	memcpy(&header, w->place->bytes + offset, sizeof(header));
	header.length = (uint32_t)length;
	header.checksum = 0;
	memcpy(w->place->bytes + offset, &header, sizeof(header));
	header.checksum = checksum(w->place->bytes + offset, length);
	memcpy(w->place->bytes + offset, &header, sizeof(header));
}

static uint64_t add_table(struct writer *w, const void *table, size_t size)
{
	const uint64_t address = begin(w, TABLE_ALIGNMENT);

	add(w, table, size);
	end(w, address);

	return address;
}

/* --- where addresses are --- */

/* The table that begins at @address, and is complete, has addresses. */
static void note_table(const struct writer *w, uint64_t address)
{
	struct acpi_pointers *pointers = w->place->pointers;
	const size_t begins = (size_t)(address - w->place->address);

	if (pointers)
		pointers->tables[pointers->table_count++] =
			(struct acpi_extent){ begins, w->used - begins };
}

static void note_pointer(const struct writer *w, size_t at, unsigned int size,
			 bool to_generation_id)
{
	struct acpi_pointers *pointers = w->place->pointers;

	if (pointers)
		pointers->list[pointers->count++] =
			(struct acpi_pointer){ at, size, to_generation_id };
}

/* The address of a table, @offset bytes behind the start of the one at @address. */
static void note_table_pointer(const struct writer *w, uint64_t address, size_t offset)
{
	note_pointer(w, (size_t)(address - w->place->address) + offset, sizeof(uint64_t), false);
}

/* --- the namespace --- */

static void add_cpus(struct aml *aml, const struct acpi_machine *machine)
{
	uint8_t terms[sizeof(cpu_aml)];

	memcpy(terms, cpu_aml, sizeof(terms));
	for (unsigned int i = 0; i < machine->cpu_count; i++) {
		aml_set_name(terms + CPU_C000_NAME, 3, i);
		aml_set_byte(terms + CPU_C000__UID_BYTE, (uint8_t)i);
		aml_add(aml, terms, sizeof(terms));
	}
}

static void add_events(struct aml *aml, const struct acpi_machine *machine)
{
	const uint64_t generation_id = machine->generation_id_address;
	uint8_t terms[sizeof(events_aml)];

	memcpy(terms, events_aml, sizeof(terms));
	aml_set_dword(terms + EVENTS_GED0_GENI_DWORD, ACPI_GSI_OF_SPI(BOARD_GENERATION_ID_SPI));
	aml_set_interrupt(terms + EVENTS_GED0_GENR_INTERRUPT, BOARD_GENERATION_ID_SPI);
	aml_set_dword(terms + EVENTS_VGEN_ADRL_DWORD, (uint32_t)generation_id);
	aml_set_dword(terms + EVENTS_VGEN_ADRH_DWORD, (uint32_t)(generation_id >> 32));
	aml_add(aml, terms, sizeof(terms));
}

/* Sleep states are PSCI's: there is no \_S4 and no \_S5. */
static uint64_t add_dsdt(struct writer *w, const struct acpi_machine *machine)
{
	const struct acpi_header header = header_of("DSDT", 2);
	const uint64_t address = begin(w, TABLE_ALIGNMENT);

	add(w, &header, sizeof(header));

	struct aml aml = { .bytes = w->place->bytes, .size = w->place->size, .used = w->used };

	add_cpus(&aml, machine);
	for (size_t i = 0; i < machine->device_count; i++) {
		const struct device *device = &machine->devices[i];

		if (device->ops->describe_acpi)
			device->ops->describe_acpi(device, &aml);
	}
	/* A firmware is asked for a place that 32 bits can reach. */
	note_pointer(w, aml.used + EVENTS_VGEN_ADRL_DWORD, sizeof(uint32_t), true);
	add_events(&aml, machine);
	w->used = aml.used;
	end(w, address);
	note_table(w, address);

	return address;
}

/* --- the tables with a fixed form --- */

static uint64_t add_facs(struct writer *w, uint32_t hardware_signature)
{
	const struct acpi_facs facs = {
		.signature = "FACS",
		.length = sizeof(facs),
		.hardware_signature = hardware_signature,
		.version = 2,
	};
	const uint64_t address = begin(w, FACS_ALIGNMENT);

	add(w, &facs, sizeof(facs));

	return address;
}

static uint64_t add_fadt(struct writer *w, uint64_t facs, uint64_t dsdt)
{
	const struct acpi_fadt fadt = {
		.header = header_of("FACP", 6),
		.flags = ACPI_FADT_HW_REDUCED | ACPI_FADT_PWR_BUTTON | ACPI_FADT_SLP_BUTTON,
		.arm_boot_flags = ACPI_FADT_PSCI_COMPLIANT | ACPI_FADT_PSCI_USE_HVC,
		.minor_version = 3,
		.x_firmware_ctrl = facs,
		.x_dsdt = dsdt,
		.hypervisor_vendor = "DORMOUSE",
	};
	const uint64_t address = add_table(w, &fadt, sizeof(fadt));

	note_table(w, address);
	note_table_pointer(w, address, offsetof(struct acpi_fadt, x_firmware_ctrl));
	note_table_pointer(w, address, offsetof(struct acpi_fadt, x_dsdt));

	return address;
}

static uint64_t add_madt(struct writer *w, const struct acpi_machine *machine)
{
	const struct acpi_madt madt = { .header = header_of("APIC", 5) };
	const struct acpi_gicd gicd = {
		.type = ACPI_MADT_GICD,
		.length = sizeof(gicd),
		.base = BOARD_GIC_DIST_BASE,
		.version = 3,
	};
	const struct acpi_gicr gicr = {
		.type = ACPI_MADT_GICR,
		.length = sizeof(gicr),
		.base = BOARD_GIC_REDIST_BASE,
		.range_length = (uint32_t)(BOARD_GIC_REDIST_SIZE * machine->cpu_count),
	};
	const uint64_t address = begin(w, TABLE_ALIGNMENT);

	add(w, &madt, sizeof(madt));
	add(w, &gicd, sizeof(gicd));
	for (unsigned int i = 0; i < machine->cpu_count; i++) {
		const struct acpi_gicc gicc = {
			.type = ACPI_MADT_GICC,
			.length = sizeof(gicc),
			.interface_number = i,
			.processor_uid = i,
			.flags = ACPI_GICC_ENABLED,
			.performance_interrupt = machine->pmu ? ACPI_GSI_OF_PPI(BOARD_PMU_PPI) : 0,
			.mpidr = machine->mpidrs[i],
		};

		add(w, &gicc, sizeof(gicc));
	}
	add(w, &gicr, sizeof(gicr));
	end(w, address);

	return address;
}

/* KVM keeps the timer counting and firing in every state of the vCPU. */
static uint64_t add_gtdt(struct writer *w)
{
	const struct acpi_gtdt gtdt = {
		.header = header_of("GTDT", 2),
		.counter_control_base = ACPI_GTDT_NONE,
		.secure_interrupt = ACPI_GSI_OF_PPI(BOARD_TIMER_SECURE_PPI),
		.secure_flags = ACPI_GTDT_ALWAYS_ON,
		.physical_interrupt = ACPI_GSI_OF_PPI(BOARD_TIMER_PHYSICAL_PPI),
		.physical_flags = ACPI_GTDT_ALWAYS_ON,
		.virtual_interrupt = ACPI_GSI_OF_PPI(BOARD_TIMER_VIRTUAL_PPI),
		.virtual_flags = ACPI_GTDT_ALWAYS_ON,
		.hyp_interrupt = ACPI_GSI_OF_PPI(BOARD_TIMER_HYP_PPI),
		.hyp_flags = ACPI_GTDT_ALWAYS_ON,
		.counter_read_base = ACPI_GTDT_NONE,
	};

	return add_table(w, &gtdt, sizeof(gtdt));
}

static const struct acpi_address uart = {
	.space = ACPI_SPACE_MEMORY,
	.bits = 32,
	.access_size = ACPI_ACCESS_DWORD,
	.address = BOARD_UART_BASE,
};

static uint64_t add_spcr(struct writer *w)
{
	const struct acpi_spcr spcr = {
		.header = header_of("SPCR", 2),
		.interface_type = ACPI_SERIAL_PL011,
		.base = uart,
		.interrupt_type = ACPI_SPCR_GIC,
		.gsi = ACPI_GSI_OF_SPI(BOARD_UART_SPI),
		.baud_rate = ACPI_SPCR_115200,
		.stop_bits = 1,
		.terminal_type = ACPI_SPCR_VT_UTF8,
		.pci_device_id = UINT16_MAX,
		.pci_vendor_id = UINT16_MAX,
	};

	return add_table(w, &spcr, sizeof(spcr));
}

static uint64_t add_dbg2(struct writer *w)
{
	const struct acpi_dbg2 dbg2 = {
		.header = header_of("DBG2", 0),
		.info_offset = offsetof(struct acpi_dbg2, port),
		.info_count = 1,
		.port = {
			.length = sizeof(dbg2.port),
			.address_count = 1,
			.name_length = sizeof(dbg2.port.name),
			.name_offset = offsetof(struct acpi_dbg2, port.name) -
				       offsetof(struct acpi_dbg2, port),
			.port_type = ACPI_DBG2_SERIAL,
			.port_subtype = ACPI_SERIAL_PL011,
			.address_offset = offsetof(struct acpi_dbg2, port.address) -
					  offsetof(struct acpi_dbg2, port),
			.size_offset = offsetof(struct acpi_dbg2, port.size) -
				       offsetof(struct acpi_dbg2, port),
			.address = uart,
			.size = BOARD_UART_SIZE,
			.name = "\\_SB.COM0",
		},
	};

	return add_table(w, &dbg2, sizeof(dbg2));
}

/* One package, whose parts are the CPUs: what KVM lets a guest know. */
static uint64_t add_pptt(struct writer *w, unsigned int cpu_count)
{
	const struct acpi_header header = header_of("PPTT", 2);
	const struct acpi_pptt_node package = {
		.length = sizeof(package),
		.flags = ACPI_PPTT_PHYSICAL_PACKAGE | ACPI_PPTT_IDENTICAL,
	};
	const uint64_t address = begin(w, TABLE_ALIGNMENT);

	add(w, &header, sizeof(header));
	add(w, &package, sizeof(package));
	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct acpi_pptt_node cpu = {
			.length = sizeof(cpu),
			.flags = ACPI_PPTT_UID_VALID | ACPI_PPTT_LEAF | ACPI_PPTT_IDENTICAL,
			.parent = sizeof(header),
			.processor_uid = i,
		};

		add(w, &cpu, sizeof(cpu));
	}
	end(w, address);

	return address;
}

/* --- their root --- */

static uint64_t add_xsdt(struct writer *w, const uint64_t *tables, size_t count)
{
	const struct acpi_header header = header_of("XSDT", 1);
	const uint64_t address = begin(w, TABLE_ALIGNMENT);

	add(w, &header, sizeof(header));
	add(w, tables, count * sizeof(*tables));
	end(w, address);
	note_table(w, address);
	for (size_t i = 0; i < count; i++)
		note_table_pointer(w, address, sizeof(header) + i * sizeof(*tables));

	return address;
}

static struct acpi_rsdp root(uint64_t xsdt)
{
	struct acpi_rsdp rsdp = {
		.signature = "RSD PTR ",
		.oem_id = "DORMSE",
		.revision = 2,
		.length = sizeof(rsdp),
		.xsdt = xsdt,
	};

	rsdp.checksum = checksum((const uint8_t *)&rsdp, ACPI_RSDP_1_0_SIZE);
	rsdp.extended_checksum = checksum((const uint8_t *)&rsdp, sizeof(rsdp));

	return rsdp;
}

int acpi_tables_write(const struct acpi_machine *machine, const struct acpi_place *place,
		      struct error *error)
{
	struct writer w = { .place = place, .used = sizeof(struct acpi_rsdp) };

	if (place->pointers)
		*place->pointers = (struct acpi_pointers){ 0 };

	const uint64_t facs = add_facs(&w, machine->hardware_signature);
	const uint64_t dsdt = add_dsdt(&w, machine);
	uint64_t tables[6];
	size_t count = 0;
	struct acpi_rsdp rsdp;

	tables[count++] = add_fadt(&w, facs, dsdt);
	tables[count++] = add_madt(&w, machine);
	tables[count++] = add_gtdt(&w);
	tables[count++] = add_spcr(&w);
	tables[count++] = add_dbg2(&w);
	tables[count++] = add_pptt(&w, machine->cpu_count);
	rsdp = root(add_xsdt(&w, tables, count));
	if (w.used > place->size)
		return error_set(error, -ENOSPC, "the ACPI tables need %zu bytes, and have %zu",
				 w.used, place->size);
	memcpy(place->bytes, &rsdp, sizeof(rsdp));
	if (place->pointers)
		place->pointers->end = w.used;

	return 0;
}
