# SPDX-License-Identifier: BSD-3-Clause
#
# psci-el3: firmware at EL3 for QEMU's virt, on libpsci. docs/el3.md describes it.

el3_src := $(sort $(wildcard el3/*.[cS]))

# el3_number(name): a number of el3/layout.h, for the linker script
el3_number = $(shell sed -n 's/^#define $1 //p' el3/layout.h)

# At fixed addresses: it starts where the CPUs do.
el3_ld = $(ARM64_CC) -nostdlib -static -no-pie -Wl,-z,noexecstack -Wl,--build-id=none,--no-warn-rwx-segments \
	-Wl,-T,el3/link.ld,--defsym=flash_base=$(call el3_number,FLASH_BASE) \
	-Wl,--defsym=secure_ram_base=$(call el3_number,SECURE_RAM_BASE) \
	-Wl,--defsym=secure_ram_size=$(call el3_number,SECURE_RAM_SIZE)

$(O)/el3/psci-el3.elf: $(call objects,bare,$(el3_src) $(lib_src)) $(O)/bare/kit.a el3/link.ld el3/layout.h
	$(call link,$(el3_ld),$(kit_libs))

$(O)/el3/psci-el3.img: $(O)/el3/psci-el3.elf
	$(call flat,$<,-j .text -j .rodata)

# What looks at it from below, for tests and benchmarks.
$(O)/el3/probe.elf: $(call objects,bare,tests/el3/probe-start.S $(wildcard tests/el3/*.c)) $(O)/bare/kit.a arch/arm64/flat.ld
	$(call link,$(flat_ld),$(O)/bare/kit.a)

$(O)/el3/probe.img: $(O)/el3/probe.elf
	$(call flat,$<)

el3: $(O)/el3/psci-el3.img $(O)/el3/probe.img ## psci-el3.img, firmware at EL3 for QEMU's virt, and its tests' probe

el3-test: el3 relay payload ## psci-el3 under a Debian kernel and psci-relay, and from below
	$(Q)O=$(O) tests/el3/run
	$(Q)O=$(O) tests/el3/conform

.PHONY: el3 el3-test
