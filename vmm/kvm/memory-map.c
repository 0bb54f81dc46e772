/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/memory-map.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "board/board.h"
#include "board/rom.h"

/* KVM's slots have fewer than 2^31 pages, whatever size these are. */
#define SLOT_SIZE_MAX (4ULL << 40)

/* Each bank of flash has the slot of its number; those of RAM follow. */
#define SLOT_OF_RAM BOARD_FLASH_BANKS

static int add(int vm_fd, const struct kvm_userspace_memory_region *region, struct error *error)
{
	if (ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, region) < 0)
		return error_set(error, -errno,
				 "KVM_SET_USER_MEMORY_REGION of %llu MiB at %#llx: %s",
				 (unsigned long long)region->memory_size >> 20,
				 (unsigned long long)region->guest_phys_addr, strerror(errno));

	return 0;
}

static struct kvm_userspace_memory_region region_of_rom(uint64_t base, uint64_t size, void *host)
{
	return (struct kvm_userspace_memory_region){
		.slot = (uint32_t)((base - BOARD_FLASH_BASE) / BOARD_FLASH_BANK_SIZE),
		.flags = KVM_MEM_READONLY,
		.guest_phys_addr = base,
		.memory_size = size,
		.userspace_addr = (uint64_t)(uintptr_t)host,
	};
}

int memory_map_attach(int vm_fd, const struct memory *memory, const struct device *devices,
		      size_t count, struct error *error)
{
	struct kvm_userspace_memory_region region = { .slot = SLOT_OF_RAM };
	int err = 0;

	for (uint64_t at = 0; at < memory->size && !err; at += region.memory_size) {
		region.guest_phys_addr = MEMORY_BASE + at;
		region.userspace_addr = (uint64_t)(uintptr_t)(memory->host + at);
		region.memory_size =
			memory->size - at < SLOT_SIZE_MAX ? memory->size - at : SLOT_SIZE_MAX;
		err = add(vm_fd, &region, error);
		region.slot++;
	}
	for (size_t i = 0; i < count && !err; i++) {
		if (!devices[i].rom)
			continue;
		region = region_of_rom(devices[i].base, devices[i].size, devices[i].rom);
		err = add(vm_fd, &region, error);
	}

	return err;
}

int rom_show(const struct rom *rom, bool shown)
{
	struct kvm_userspace_memory_region region = region_of_rom(rom->base, rom->size, rom->host);

	/* KVM deletes a slot whose size becomes 0, and changes none in place. */
	if (!shown)
		region.memory_size = 0;
	if (*rom->vm_fd < 0)
		return 0;

	return ioctl(*rom->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}
