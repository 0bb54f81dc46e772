/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm/memory-map.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* KVM's slots have fewer than 2^31 pages, whatever size these are. */
#define SLOT_SIZE_MAX (4ULL << 40)

static int add(int vm_fd, const struct kvm_userspace_memory_region *region, struct error *error)
{
	if (ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, region) < 0)
		return error_set(error, -errno,
				 "KVM_SET_USER_MEMORY_REGION of %llu MiB at %#llx: %s",
				 (unsigned long long)region->memory_size >> 20,
				 (unsigned long long)region->guest_phys_addr, strerror(errno));

	return 0;
}

int memory_map_attach(int vm_fd, const struct memory *memory, const struct device *devices,
		      size_t count, struct error *error)
{
	struct kvm_userspace_memory_region region = { .slot = 0 };
	int err = 0;

	for (uint64_t at = 0; at < memory->size && !err; at += region.memory_size) {
		region.guest_phys_addr = MEMORY_BASE + at;
		region.userspace_addr = (uint64_t)(uintptr_t)(memory->host + at);
		region.memory_size =
			memory->size - at < SLOT_SIZE_MAX ? memory->size - at : SLOT_SIZE_MAX;
		err = add(vm_fd, &region, error);
		region.slot++;
	}
	region.flags = KVM_MEM_READONLY;
	for (size_t i = 0; i < count && !err; i++) {
		if (!devices[i].rom)
			continue;
		region.guest_phys_addr = devices[i].base;
		region.userspace_addr = (uint64_t)(uintptr_t)devices[i].rom;
		region.memory_size = devices[i].size;
		err = add(vm_fd, &region, error);
		region.slot++;
	}

	return err;
}
