/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of ACPI 6.3, as far as the machine has them, by the specification's
 * names. All values are little-endian, as everything that runs dormouse is.
 */
#ifndef VMM_ACPI_LAYOUT_H
#define VMM_ACPI_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are written as they are");

/** Global system interrupts are the GIC's INTIDs. */
#define ACPI_GSI_OF_SPI(spi) (32 + (spi))
#define ACPI_GSI_OF_PPI(ppi) (16 + (ppi))

#define ACPI_PACKED __attribute__((packed))

/** 5.2.6, the header of every table but the RSDP and the FACS. */
struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} ACPI_PACKED;

static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.3, table 5-29");

/** 5.2.3.2, Generic Address Structure. */
struct acpi_address {
	uint8_t space; /**< ACPI_SPACE_MEMORY */
	uint8_t bits;
	uint8_t bit_offset;
	uint8_t access_size; /**< ACPI_ACCESS_DWORD */
	uint64_t address;
} ACPI_PACKED;

#define ACPI_SPACE_MEMORY 0
#define ACPI_ACCESS_DWORD 3

static_assert(sizeof(struct acpi_address) == 12, "ACPI 6.3, table 5-25");

/** 5.2.5.3, Root System Description Pointer. */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum; /**< Of the first 20 bytes. */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} ACPI_PACKED;

#define ACPI_RSDP_1_0_SIZE 20

static_assert(sizeof(struct acpi_rsdp) == 36, "ACPI 6.3, table 5-27");

/** 5.2.9, Fixed ACPI Description Table: what hardware-reduced ACPI has of it. */
struct acpi_fadt {
	struct acpi_header header;
	uint8_t fixed_hardware[76];
	uint32_t flags;
	struct acpi_address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_version;
	uint64_t x_firmware_ctrl;
	uint64_t x_dsdt;
	uint8_t x_fixed_hardware[120];
	char hypervisor_vendor[8];
} ACPI_PACKED;

#define ACPI_FADT_PWR_BUTTON (1U << 4) /**< There is none that is fixed hardware. */
#define ACPI_FADT_SLP_BUTTON (1U << 5) /**< Likewise. */
#define ACPI_FADT_HW_REDUCED (1U << 20)
#define ACPI_FADT_PSCI_COMPLIANT (1U << 0)
#define ACPI_FADT_PSCI_USE_HVC (1U << 1)

static_assert(sizeof(struct acpi_fadt) == 276, "ACPI 6.3, table 5-33");
static_assert(offsetof(struct acpi_fadt, flags) == 112, "ACPI 6.3, table 5-33");
static_assert(offsetof(struct acpi_fadt, x_firmware_ctrl) == 132, "ACPI 6.3, table 5-33");

/** 5.2.10, Firmware ACPI Control Structure. */
struct acpi_facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature;
	uint32_t firmware_waking_vector;
	uint32_t global_lock;
	uint32_t flags;
	uint64_t x_firmware_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} ACPI_PACKED;

static_assert(sizeof(struct acpi_facs) == 64, "ACPI 6.3, table 5-39");

/** 5.2.12, Multiple APIC Description Table, and its structures. */
struct acpi_madt {
	struct acpi_header header;
	uint32_t local_address;
	uint32_t flags;
} ACPI_PACKED;

struct acpi_gicc {
	uint8_t type;
	uint8_t length;
	uint16_t reserved;
	uint32_t interface_number;
	uint32_t processor_uid;
	uint32_t flags;
	uint32_t parking_version;
	uint32_t performance_interrupt;
	uint64_t parked_address;
	uint64_t base;
	uint64_t gicv;
	uint64_t gich;
	uint32_t maintenance_interrupt;
	uint64_t gicr_base;
	uint64_t mpidr;
	uint8_t efficiency_class;
	uint8_t reserved2;
	uint16_t spe_interrupt;
} ACPI_PACKED;

#define ACPI_MADT_GICC 0xb
#define ACPI_GICC_ENABLED 1U

static_assert(sizeof(struct acpi_gicc) == 80, "ACPI 6.3, table 5-60");

struct acpi_gicd {
	uint8_t type;
	uint8_t length;
	uint16_t reserved;
	uint32_t id;
	uint64_t base;
	uint32_t vector_base;
	uint8_t version;
	uint8_t reserved2[3];
} ACPI_PACKED;

#define ACPI_MADT_GICD 0xc

static_assert(sizeof(struct acpi_gicd) == 24, "ACPI 6.3, table 5-62");

struct acpi_gicr {
	uint8_t type;
	uint8_t length;
	uint16_t reserved;
	uint64_t base;
	uint32_t range_length;
} ACPI_PACKED;

#define ACPI_MADT_GICR 0xe

static_assert(sizeof(struct acpi_gicr) == 16, "ACPI 6.3, table 5-65");

/** 5.2.24, Generic Timer Description Table. */
struct acpi_gtdt {
	struct acpi_header header;
	uint64_t counter_control_base;
	uint32_t reserved;
	uint32_t secure_interrupt;
	uint32_t secure_flags;
	uint32_t physical_interrupt;
	uint32_t physical_flags;
	uint32_t virtual_interrupt;
	uint32_t virtual_flags;
	uint32_t hyp_interrupt;
	uint32_t hyp_flags;
	uint64_t counter_read_base;
	uint32_t platform_timer_count;
	uint32_t platform_timer_offset;
} ACPI_PACKED;

#define ACPI_GTDT_NONE UINT64_MAX
#define ACPI_GTDT_ALWAYS_ON (1U << 2) /**< And level-triggered, active high. */

static_assert(sizeof(struct acpi_gtdt) == 96, "ACPI 5.1, table 5-118");

/** Serial Port Console Redirection Table, revision 2. */
struct acpi_spcr {
	struct acpi_header header;
	uint8_t interface_type;
	uint8_t reserved[3];
	struct acpi_address base;
	uint8_t interrupt_type;
	uint8_t irq;
	uint32_t gsi;
	uint8_t baud_rate;
	uint8_t parity;
	uint8_t stop_bits;
	uint8_t flow_control;
	uint8_t terminal_type;
	uint8_t language;
	uint16_t pci_device_id; /**< UINT16_MAX: it is no PCI device. */
	uint16_t pci_vendor_id;
	uint8_t pci_bus;
	uint8_t pci_device;
	uint8_t pci_function;
	uint32_t pci_flags;
	uint8_t pci_segment;
	uint32_t reserved2;
} ACPI_PACKED;

#define ACPI_SERIAL_PL011 3
#define ACPI_SPCR_GIC (1U << 3)
#define ACPI_SPCR_115200 7
#define ACPI_SPCR_VT_UTF8 2

static_assert(sizeof(struct acpi_spcr) == 80, "SPCR, revision 2");

/** Debug Port Table 2, with one port. */
struct acpi_dbg2 {
	struct acpi_header header;
	uint32_t info_offset;
	uint32_t info_count;
	struct {
		uint8_t revision;
		uint16_t length;
		uint8_t address_count;
		uint16_t name_length;
		uint16_t name_offset;
		uint16_t oem_length;
		uint16_t oem_offset;
		uint16_t port_type;
		uint16_t port_subtype;
		uint16_t reserved;
		uint16_t address_offset;
		uint16_t size_offset;
		struct acpi_address address;
		uint32_t size;
		char name[10];
	} ACPI_PACKED port;
} ACPI_PACKED;

#define ACPI_DBG2_SERIAL 0x8000

/** 5.2.29, Processor Properties Topology Table: a node without resources. */
struct acpi_pptt_node {
	uint8_t type;
	uint8_t length;
	uint16_t reserved;
	uint32_t flags;
	uint32_t parent;
	uint32_t processor_uid;
	uint32_t resource_count;
} ACPI_PACKED;

#define ACPI_PPTT_PHYSICAL_PACKAGE (1U << 0)
#define ACPI_PPTT_UID_VALID (1U << 1)
#define ACPI_PPTT_LEAF (1U << 3)
#define ACPI_PPTT_IDENTICAL (1U << 4)

static_assert(sizeof(struct acpi_pptt_node) == 20, "ACPI 6.3, table 5-150");

#endif
