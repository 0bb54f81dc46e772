# SPDX-License-Identifier: BSD-3-Clause
#
# psci-relay.img: a monitor at EL2 between an OS and its PSCI firmware. Its tests are in
# tests/relay.

# Each call of the OS runs through it.
relay_src := $(sort $(wildcard relay/*.[cS])) lib/relay.c lib/relay-call.c lib/client.c

$(O)/relay/psci-relay.elf: $(call objects,monitor,$(relay_src)) $(O)/bare/kit.a arch/arm64/flat.ld
	$(call link,$(call flat_ld),$(kit_libs))

$(O)/relay/psci-relay.img: $(O)/relay/psci-relay.elf
	$(call flat,$<)

relay: $(O)/relay/psci-relay.img $(O)/relay/relay-guest.img ## psci-relay.img, a monitor at EL2 that passes an OS's PSCI calls on

# What tests/relay boots behind it.
relay_guest_src := $(sort $(wildcard tests/relay/guest/*.[cS]))

$(O)/bare/relay-guest.elf: $(call objects,bare,$(relay_guest_src)) $(O)/bare/kit.a arch/arm64/flat.ld
	$(call link,$(call flat_ld),$(kit_libs))

$(O)/relay/relay-guest.img: $(O)/bare/relay-guest.elf
	$(call flat,$<)

relay-test: relay el3 payload ## boot relays and what runs behind them
	$(Q)O=$(O) tests/relay/run
	$(Q)O=$(O) tests/relay/on-el3
	$(Q)O=$(O) tests/relay/u-boot

.PHONY: relay relay-test
