/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/smbios.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "config/config.h"

#define PACKED __attribute__((packed))

static_assert(CONFIG_CPUS_MAX < 256, "a byte has the number of cores");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are written as they are");

/* DMTF's DSP0134, version 3.0: each structure's handle is its number here. */
enum handle {
	FIRMWARE = 0x0000,
	SYSTEM = 0x0100,
	CHASSIS = 0x0300,
	PROCESSOR = 0x0400,
	MEMORY_ARRAY = 0x1000,
	MEMORY_DEVICE = 0x1100,
	MEMORY_ADDRESSES = 0x1300,
	BOOT = 0x2000,
	END = 0x7f00,
};

/* Handles, and enumerations, that say that there is none, or that it is not known. */
#define NO_HANDLE 0xfffe
#define OTHER 1
#define UNKNOWN 2

struct anchor {
	char text[5];
	uint8_t checksum;
	uint8_t length;
	uint8_t major;
	uint8_t minor;
	uint8_t revision;
	uint8_t entry_point_revision;
	uint8_t reserved;
	uint32_t tables_size;
	uint64_t tables;
} PACKED;

static_assert(sizeof(struct anchor) == SMBIOS_ANCHOR_SIZE, "DSP0134, 5.2.2");

struct header {
	uint8_t type;
	uint8_t length;
	uint16_t handle;
} PACKED;

struct firmware {
	struct header header;
	uint8_t vendor;
	uint8_t version;
	uint16_t segment;
	uint8_t date;
	uint8_t rom_size;
	uint64_t characteristics;
	uint8_t extension[2];
	uint8_t release[2];
	uint8_t controller_release[2];
} PACKED;

static_assert(sizeof(struct firmware) == 24, "DSP0134, 7.1");

#define FIRMWARE_NO_CHARACTERISTICS (1ULL << 3)
#define FIRMWARE_UEFI (1U << 3)
#define FIRMWARE_VIRTUAL_MACHINE (1U << 4)
#define FIRMWARE_NO_RELEASE 0xff

struct system {
	struct header header;
	uint8_t manufacturer;
	uint8_t product;
	uint8_t version;
	uint8_t serial_number;
	uint8_t uuid[16]; /* Zero: there is none. */
	uint8_t wake_up;
	uint8_t sku;
	uint8_t family;
} PACKED;

static_assert(sizeof(struct system) == 27, "DSP0134, 7.2");

#define SYSTEM_POWER_SWITCH 6

struct chassis {
	struct header header;
	uint8_t manufacturer;
	uint8_t type;
	uint8_t version;
	uint8_t serial_number;
	uint8_t asset_tag;
	uint8_t states[4]; /* At boot, of power, heat, security. */
	uint32_t oem;
	uint8_t height;
	uint8_t cord_count;
	uint8_t element_count;
	uint8_t element_size;
	uint8_t sku;
} PACKED;

static_assert(sizeof(struct chassis) == 22, "DSP0134, 7.4");

#define STATE_SAFE 3

struct processor {
	struct header header;
	uint8_t socket;
	uint8_t type;
	uint8_t family;
	uint8_t manufacturer;
	uint64_t id;
	uint8_t version;
	uint8_t voltage;
	uint16_t clocks[3]; /* External, highest, present. */
	uint8_t status;
	uint8_t upgrade;
	uint16_t caches[3];
	uint8_t texts[3]; /* Serial number, asset tag, part number. */
	uint8_t cores;
	uint8_t enabled;
	uint8_t threads;
	uint16_t characteristics;
	uint16_t family_2;
	uint16_t counts_2[3]; /* Cores, those that are enabled, threads. */
} PACKED;

static_assert(sizeof(struct processor) == 48, "DSP0134, 7.5");

#define PROCESSOR_CENTRAL 3
#define PROCESSOR_FAMILY_2 0xfe /* Its number is in another field: */
#define PROCESSOR_ARMV8 0x101
#define PROCESSOR_ENABLED 0x41 /* And there is one. */
#define PROCESSOR_64_BIT (1U << 2)
#define NO_CACHE 0xffff

struct memory_array {
	struct header header;
	uint8_t location;
	uint8_t use;
	uint8_t error_correction;
	uint32_t capacity; /* KiB */
	uint16_t error_handle;
	uint16_t device_count;
	uint64_t extended_capacity; /* Bytes */
} PACKED;

static_assert(sizeof(struct memory_array) == 23, "DSP0134, 7.17");

#define ARRAY_OF_SYSTEM 3
#define ARRAY_MULTI_BIT 6
#define ARRAY_EXTENDED 0x80000000U

struct memory_device {
	struct header header;
	uint16_t array;
	uint16_t error_handle;
	uint16_t widths[2];
	uint16_t size; /* MiB */
	uint8_t form;
	uint8_t set;
	uint8_t locator;
	uint8_t bank;
	uint8_t type;
	uint16_t details;
	uint16_t speed;
	uint8_t texts[4]; /* Manufacturer, serial number, asset tag, part number. */
	uint8_t attributes;
	uint32_t extended_size; /* MiB */
	uint16_t configured_speed;
	uint16_t voltages[3];
} PACKED;

static_assert(sizeof(struct memory_device) == 40, "DSP0134, 7.18");

#define MEMORY_WIDTH_UNKNOWN 0xffff
#define MEMORY_EXTENDED 0x7fff
#define MEMORY_DIMM 9
#define MEMORY_RAM 7
#define MEMORY_DETAILS_OTHER (1U << 1)

struct memory_addresses {
	struct header header;
	uint32_t begin; /* KiB, as is the end. */
	uint32_t end;
	uint16_t array;
	uint8_t width;
	uint64_t extended_begin; /* Bytes, as is the end. */
	uint64_t extended_end;
} PACKED;

static_assert(sizeof(struct memory_addresses) == 31, "DSP0134, 7.20");

#define ADDRESSES_EXTENDED UINT32_MAX

struct boot {
	struct header header;
	uint8_t reserved[6];
	uint8_t status;
} PACKED;

static_assert(sizeof(struct boot) == 11, "DSP0134, 7.33");

/*
 * Behind a structure are its texts, each with its end, and the end of all, which
 * is two bytes if there is no text. @texts have their ends: a string of C.
 */
static void add(struct smbios *smbios, const void *structure, const char *texts, size_t size)
{
	struct header header;

	memcpy(&header, structure, sizeof(header));
	/* All texts are constants: it suffices. */
	if (smbios->tables_size + header.length + size + 1 > sizeof(smbios->tables))
		return;
	memcpy(smbios->tables + smbios->tables_size, structure, header.length);
	smbios->tables_size += header.length;
	memcpy(smbios->tables + smbios->tables_size, texts, size);
	smbios->tables_size += size;
	smbios->tables[smbios->tables_size++] = 0;
}

#define ADD(smbios, structure, texts) add(smbios, &(structure), texts, sizeof(texts))

static void add_machine(struct smbios *smbios)
{
	const struct firmware firmware = {
		.header = { 0, sizeof(firmware), FIRMWARE },
		.vendor = 1,
		.version = 2,
		.date = 3,
		.characteristics = FIRMWARE_NO_CHARACTERISTICS,
		.extension = { 0, FIRMWARE_UEFI | FIRMWARE_VIRTUAL_MACHINE },
		.release = { FIRMWARE_NO_RELEASE, FIRMWARE_NO_RELEASE },
		.controller_release = { FIRMWARE_NO_RELEASE, FIRMWARE_NO_RELEASE },
	};
	const struct system system = {
		.header = { 1, sizeof(system), SYSTEM },
		.manufacturer = 1,
		.product = 2,
		.version = 3,
		.wake_up = SYSTEM_POWER_SWITCH,
	};
	const struct chassis chassis = {
		.header = { 3, sizeof(chassis), CHASSIS },
		.manufacturer = 1,
		.type = OTHER,
		.states = { STATE_SAFE, STATE_SAFE, STATE_SAFE, UNKNOWN },
	};

	/* No date of a build: each build gives a guest the same. */
	ADD(smbios, firmware,
	    "Dormouse\0virt-3\0"
	    "01/01/2026");
	/* systemd, and others, detect KVM by how the product's name begins. */
	ADD(smbios, system, "Dormouse\0KVM Virtual Machine\0virt-3");
	ADD(smbios, chassis, "Dormouse");
}

static void add_processor(struct smbios *smbios, unsigned int cpu_count)
{
	const uint16_t cores = (uint16_t)cpu_count;
	const struct processor processor = {
		.header = { 4, sizeof(processor), PROCESSOR },
		.socket = 1,
		.type = PROCESSOR_CENTRAL,
		.family = PROCESSOR_FAMILY_2,
		.manufacturer = 2,
		.status = PROCESSOR_ENABLED,
		.upgrade = OTHER,
		.caches = { NO_CACHE, NO_CACHE, NO_CACHE },
		.cores = (uint8_t)cores,
		.enabled = (uint8_t)cores,
		.threads = (uint8_t)cores,
		.characteristics = PROCESSOR_64_BIT,
		.family_2 = PROCESSOR_ARMV8,
		.counts_2 = { cores, cores, cores },
	};

	ADD(smbios, processor, "CPU 0\0Dormouse");
}

static void add_memory(struct smbios *smbios, uint64_t base, uint64_t size)
{
	const uint64_t mib = size >> 20;
	const uint64_t last = base + size - 1;
	const bool large = size >> 10 >= ARRAY_EXTENDED;
	const bool high = last >> 10 >= ADDRESSES_EXTENDED;
	const struct memory_array array = {
		.header = { 16, sizeof(array), MEMORY_ARRAY },
		.location = OTHER,
		.use = ARRAY_OF_SYSTEM,
		.error_correction = ARRAY_MULTI_BIT,
		.capacity = large ? ARRAY_EXTENDED : (uint32_t)(size >> 10),
		.error_handle = NO_HANDLE,
		.device_count = 1,
		.extended_capacity = large ? size : 0,
	};
	const struct memory_device device = {
		.header = { 17, sizeof(device), MEMORY_DEVICE },
		.array = MEMORY_ARRAY,
		.error_handle = NO_HANDLE,
		.widths = { MEMORY_WIDTH_UNKNOWN, MEMORY_WIDTH_UNKNOWN },
		.size = mib < MEMORY_EXTENDED ? (uint16_t)mib : MEMORY_EXTENDED,
		.form = MEMORY_DIMM,
		.locator = 1,
		.type = MEMORY_RAM,
		.details = MEMORY_DETAILS_OTHER,
		.extended_size = mib < MEMORY_EXTENDED ? 0 : (uint32_t)mib,
	};
	const struct memory_addresses addresses = {
		.header = { 19, sizeof(addresses), MEMORY_ADDRESSES },
		.begin = high ? ADDRESSES_EXTENDED : (uint32_t)(base >> 10),
		.end = high ? ADDRESSES_EXTENDED : (uint32_t)(last >> 10),
		.array = MEMORY_ARRAY,
		.width = 1,
		.extended_begin = high ? base : 0,
		.extended_end = high ? last : 0,
	};

	ADD(smbios, array, "");
	ADD(smbios, device, "DIMM 0");
	ADD(smbios, addresses, "");
}

static void add_end(struct smbios *smbios)
{
	const struct boot boot = { .header = { 32, sizeof(boot), BOOT } };
	const struct header end = { 127, sizeof(end), END };

	ADD(smbios, boot, "");
	ADD(smbios, end, "");
}

static void make_anchor(struct smbios *smbios)
{
	const struct anchor anchor = {
		.text = { '_', 'S', 'M', '3', '_' },
		.length = sizeof(anchor),
		.major = 3,
		.entry_point_revision = 1,
		.tables_size = (uint32_t)smbios->tables_size,
	};
	uint8_t sum = 0;

	memcpy(smbios->anchor, &anchor, sizeof(anchor));
	for (size_t i = 0; i < sizeof(anchor); i++)
		sum = (uint8_t)(sum + smbios->anchor[i]);
	/* A firmware that writes the address of the tables sums up again. */
	smbios->anchor[offsetof(struct anchor, checksum)] = (uint8_t)-sum;
}

void smbios_make(unsigned int cpu_count, uint64_t base, uint64_t memory, struct smbios *smbios)
{
	memset(smbios, 0, sizeof(*smbios));
	add_machine(smbios);
	add_processor(smbios, cpu_count);
	add_memory(smbios, base, memory);
	add_end(smbios);
	make_anchor(smbios);
}
