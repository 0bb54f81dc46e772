# SPDX-License-Identifier: BSD-3-Clause
#
# The conformance payload: a flat arm64 image, bare metal. Its tests are in tests/tests.mk.

payload_src := $(sort $(wildcard payload/*.[cS] payload/runtime/*.[cS])) arch/arm64/memory.c

# flat_ld(linker script)
flat_ld = $(ARM64_CC) -nostdlib -static-pie -Wl,-z,norelro,-z,noexecstack -Wl,--build-id=none,--no-warn-rwx-segments \
	-Wl,-Bsymbolic,-T,$(1)

$(O)/payload/psci-conform.elf: $(call objects,bare,$(payload_src)) payload/link.ld
	$(call link,$(call flat_ld,payload/link.ld),$(LDFLAGS_SYSROOT) -lfdt)

$(O)/payload/psci-conform.img: $(O)/payload/psci-conform.elf
	$(call flat,$<)

payload: $(O)/payload/psci-conform.img ## psci-conform.img, the conformance payload

.PHONY: payload
