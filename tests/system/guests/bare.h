/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What guests without an operating system share: how they access devices, the UART, the GIC's
 * distributor and virtio-mmio, and what guest-says.c does.
 */
#ifndef TESTS_GUESTS_BARE_H
#define TESTS_GUESTS_BARE_H

#include <stdint.h>

#define UART 0x09000000UL
#define UART_FR 0x18
#define UART_FR_RXFE 0x10
#define UART_CR 0x30
#define UART_CR_ENABLE 0x301
#define UART_IMSC 0x38
#define UART_IMSC_RX 0x10
#define UART_SPI 1

#define GICD 0x08000000UL
#define GICD_CTLR 0x0
#define GICD_CTLR_ENABLE_GROUP_1 2
#define GICD_IGROUPR 0x80
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ICPENDR 0x280

/* virtio-mmio (virtio 1.2): where devices are, their interrupts, their registers. */
#define VIRTIO 0x0a000000UL
#define VIRTIO_SLOT_SIZE 0x200UL
#define VIRTIO_SLOTS 32
#define VIRTIO_SPI 16
#define DEVICE_ID 0x08
#define DEVICE_FEATURES 0x10
#define DRIVER_FEATURES 0x20
#define DRIVER_FEATURES_SEL 0x24
#define QUEUE_SEL 0x30
#define QUEUE_NUM_MAX 0x34
#define QUEUE_NUM 0x38
#define QUEUE_READY 0x44
#define QUEUE_NOTIFY 0x50
#define INTERRUPT_STATUS 0x60
#define INTERRUPT_ACK 0x64
#define STATUS 0x70
#define STATUS_BEFORE_FEATURES 3 /* ACKNOWLEDGE, DRIVER */
#define STATUS_FEATURES_OK 11
#define STATUS_DRIVER_OK 15
#define QUEUE_DESC 0x80
#define QUEUE_DRIVER 0x90
#define QUEUE_DEVICE 0xa0
#define CONFIG 0x100
#define FEATURE_HIGH_VERSION_1 1
#define DESC_NEXT 1
#define DESC_WRITE 2

#define SYSTEM_OFF 0x84000008
#define SYSTEM_SUSPEND 0xc400000e
#define CPU_ON 0xc4000003

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

/* By instructions that leave a syndrome: a compiler is free to choose others. */
static inline uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return value;
}

static inline uint8_t read8(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");

	return (uint8_t)value;
}

static inline void write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

/*
 * Where anything lies in the image: not by a table of addresses, which would need
 * relocation.
 */
#pragma GCC visibility push(hidden)

void say(const char *text);
void say_number(uint64_t value);
_Noreturn void off(void);

#pragma GCC visibility pop

#endif
