/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/gic.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "board/board.h"
#include "board/irq.h"
#include "kvm/kvm.h"

#define PPI_FIRST_INTID 16
#define SPI_FIRST_INTID 32

#define GICD_ISENABLER 0x0100
#define GICR_ISENABLER0 0x10100 /* In the frame of SGIs and PPIs. */

static int set_attribute(int gic_fd, uint32_t group, uint64_t attribute, const void *value,
			 const char *name, struct error *error)
{
	const struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uint64_t)(uintptr_t)value,
	};

	if (ioctl(gic_fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return error_set(error, -errno, "KVM_SET_DEVICE_ATTR %s of the GICv3: %s", name,
				 strerror(errno));

	return 0;
}

static int lay_out(int gic_fd, struct error *error)
{
	const uint64_t dist = BOARD_GIC_DIST_BASE;
	const uint64_t redist = BOARD_GIC_REDIST_BASE;
	const uint32_t interrupts = BOARD_INTERRUPTS;
	int err;

	err = set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist,
			    "ADDR_TYPE_DIST", error);
	if (!err)
		err = set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST,
				    &redist, "ADDR_TYPE_REDIST", error);
	if (!err)
		err = set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &interrupts,
				    "GRP_NR_IRQS", error);

	return err;
}

bool gic_offered(int vm_fd)
{
	struct kvm_create_device device = {
		.type = KVM_DEV_TYPE_ARM_VGIC_V3,
		.flags = KVM_CREATE_DEVICE_TEST,
	};

	return ioctl(vm_fd, KVM_CREATE_DEVICE, &device) == 0;
}

int gic_create(int vm_fd, struct error *error)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	int err;

	if (ioctl(vm_fd, KVM_CREATE_DEVICE, &device) < 0) {
		if (errno == ENODEV)
			return error_set(error, -errno,
					 "this host's KVM has no GICv3 for guests: its own "
					 "interrupt controller is older");

		return error_set(error, -errno, "KVM_CREATE_DEVICE of a GICv3: %s",
				 strerror(errno));
	}
	err = lay_out((int)device.fd, error);
	if (err) {
		close((int)device.fd);

		return err;
	}

	return (int)device.fd;
}

int gic_init(int gic_fd, struct error *error)
{
	return set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL,
			     "CTRL_INIT", error);
}

int gic_attach(int vm_fd, int irq_fd, uint32_t spi, struct error *error)
{
	/* By default, KVM routes global interrupt n to SPI n. */
	const struct kvm_irqfd irqfd = { .fd = (uint32_t)irq_fd, .gsi = spi };

	if (ioctl(vm_fd, KVM_IRQFD, &irqfd) < 0)
		return error_set(error, -errno, "KVM_IRQFD of SPI %u: %s", spi, strerror(errno));

	return 0;
}

/* KVM reads and writes as many bytes as a register of the group has. */
static int access_register(int gic_fd, bool set, uint32_t group, uint64_t attribute,
			   uint64_t *value)
{
	uint32_t narrow = (uint32_t)*value;
	const bool wide = gic_is_wide(group);
	const struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = wide ? (uint64_t)(uintptr_t)value : (uint64_t)(uintptr_t)&narrow,
	};

	if (ioctl(gic_fd, set ? KVM_SET_DEVICE_ATTR : KVM_GET_DEVICE_ATTR, &attr) < 0)
		return -errno;
	if (!wide)
		*value = narrow;

	return 0;
}

bool gic_is_wide(uint32_t group)
{
	return group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
}

int gic_get_register(int gic_fd, uint32_t group, uint64_t attribute, uint64_t *value)
{
	*value = 0;

	return access_register(gic_fd, false, group, attribute, value);
}

int gic_set_register(int gic_fd, uint32_t group, uint64_t attribute, uint64_t value)
{
	return access_register(gic_fd, true, group, attribute, &value);
}

/* Or 0, as an interrupt controller that is not there would read. */
static uint32_t read_register(int gic_fd, uint32_t group, uint64_t attribute)
{
	uint64_t value;

	return gic_get_register(gic_fd, group, attribute, &value) == 0 ? (uint32_t)value : 0;
}

uint64_t gic_affinity(uint64_t mpidr)
{
	return ((mpidr & 0xffffff) | (mpidr >> 8 & 0xff000000)) << 32;
}

size_t gic_enabled(int gic_fd, uint64_t mpidr, uint16_t *intids, size_t max)
{
	size_t count = 0;

	for (uint32_t word = 0; word < BOARD_INTERRUPTS / 32; word++) {
		const uint32_t enabled =
			word == 0 ? read_register(gic_fd, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
						  gic_affinity(mpidr) | GICR_ISENABLER0)
				  : read_register(gic_fd, KVM_DEV_ARM_VGIC_GRP_DIST_REGS,
						  GICD_ISENABLER + 4ULL * word);

		for (uint32_t bit = word == 0 ? PPI_FIRST_INTID : 0; bit < 32; bit++) {
			if (enabled >> bit & 1 && count < max)
				intids[count++] = (uint16_t)(32 * word + bit);
		}
	}

	return count;
}

void irq_line_set(const struct irq_line *line, bool level)
{
	const struct kvm_irq_level irq = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT |
		       (line->spi + SPI_FIRST_INTID) << KVM_ARM_IRQ_NUM_SHIFT,
		.level = level,
	};

	/*
	 * Between two power cycles, when devices are reset, there is no GIC:
	 * the devices lower their lines then, and the lines of the next GIC are
	 * low.
	 */
	if (*line->vm_fd < 0)
		return;
	/* Cannot fail for an SPI that the GIC was sized for. */
	ioctl(*line->vm_fd, KVM_IRQ_LINE, &irq);
}
