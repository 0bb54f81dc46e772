# SPDX-License-Identifier: BSD-3-Clause
#
# What each image for the bare machine is made of, beside its own sources: nothing in here
# knows PSCI. The link editor takes of kit.a what an image uses.

kit_src := $(sort $(wildcard arch/arm64/*.[cS]))

# A flat image, at any address. Where a script of its own says where it lies: ld=FILE
flat_ld = $(ARM64_CC) -nostdlib -static-pie -Wl,-z,norelro,-z,noexecstack -Wl,--build-id=none,--no-warn-rwx-segments \
	-Wl,-Bsymbolic,-T,$(or $(1),arch/arm64/flat.ld)

$(O)/bare/kit.a: $(call objects,bare,$(kit_src))

# libfdt takes what it needs of the kit, so that it is named before and behind it.
kit_libs = $(LDFLAGS_SYSROOT) -lfdt $(O)/bare/kit.a
