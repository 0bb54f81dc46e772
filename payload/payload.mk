# SPDX-License-Identifier: BSD-3-Clause
#
# The conformance payload: a flat arm64 image, bare metal. Its tests are in tests/tests.mk.

payload_src := $(sort $(wildcard payload/*.[cS] payload/runtime/*.[cS]))

$(O)/payload/psci-conform.elf: $(call objects,bare,$(payload_src)) $(O)/bare/kit.a arch/arm64/flat.ld
	$(call link,$(flat_ld),$(kit_libs))

$(O)/payload/psci-conform.img: $(O)/payload/psci-conform.elf
	$(call flat,$<)

payload: $(O)/payload/psci-conform.img ## psci-conform.img, the conformance payload

.PHONY: payload
