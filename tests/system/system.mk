# SPDX-License-Identifier: BSD-3-Clause
#
# Guests and programs of the host that system tests run besides dormouse. tools/arm64-host
# looks for them in $(O)/arm64.

guests := tests/system/guests
system_guests := board echo hostile psci-calls psci-suspend psci-registers psci-pause psci-facs psci-features example-guest net-sleeper net-frames pattern
system_programs := test-kvm-psci on-terminal on-socket net-peer at-call own-tap park-often faults example-kvm wake-peer saved-registers

system-programs: $(system_guests:%=$(O)/arm64/%.img) $(system_programs:%=$(O)/arm64/%)

# Only instructions, wherever they are.
$(addprefix $(O)/arm64/,board.img echo.img clock.img): $(O)/arm64/%.img: $(O)/bare/$(guests)/%.S.o
	$(call flat,$<,-j .text)

$(O)/bare/hostile.elf: $(call objects,bare,$(sort $(wildcard $(guests)/hostile*.[cS])) $(guests)/guest-says.c) $(guests)/hostile.ld
	$(call link,$(call flat_ld,$(guests)/hostile.ld))

$(O)/arm64/hostile.img: $(O)/bare/hostile.elf
	$(call flat,$<,-j .text)

# It needs no vectors: an exception is a bug of its own.
$(O)/bare/net-sleeper.elf: $(call objects,bare,$(addprefix $(guests)/,net-sleeper.c sleeper-start.S net-driver.c guest-says.c)) $(guests)/hostile.ld
	$(call link,$(call flat_ld,$(guests)/hostile.ld))

$(O)/arm64/net-sleeper.img: $(O)/bare/net-sleeper.elf
	$(call flat,$<,-j .text)

$(O)/bare/pattern.elf: $(call objects,bare,$(addprefix $(guests)/,pattern.c sleeper-start.S guest-says.c)) $(guests)/hostile.ld
	$(call link,$(call flat_ld,$(guests)/hostile.ld))

$(O)/arm64/pattern.img: $(O)/bare/pattern.elf
	$(call flat,$<,-j .text)

$(O)/bare/net-frames.elf: $(call objects,bare,$(sort $(wildcard $(guests)/net-frames*.[cS])) $(guests)/net-driver.c $(guests)/guest-says.c) $(guests)/hostile.ld
	$(call link,$(call flat_ld,$(guests)/hostile.ld))

$(O)/arm64/net-frames.img: $(O)/bare/net-frames.elf
	$(call flat,$<,-j .text)

calls_ld := $(ARM64_CC) -nostdlib -static -Wl,--build-id=none,-T,$(guests)/calls.ld

$(O)/bare/psci-%.elf: $(O)/bare/$(guests)/%.S.o $(guests)/calls.ld
	$(call link,$(calls_ld))

$(O)/arm64/psci-%.img: $(O)/bare/psci-%.elf
	$(call flat,$<)

$(O)/arm64/test-kvm-psci: $(O)/arm64/tests/system/programs/kvm-psci.c.o $(O)/arm64/libpsci.a
$(addprefix $(O)/arm64/,on-terminal on-socket net-peer at-call own-tap park-often): $(O)/arm64/%: $(O)/arm64/tests/system/programs/%.c.o
$(O)/arm64/faults: $(call objects,arm64,$(sort $(wildcard tests/system/programs/faults/*.c)))
$(O)/arm64/wake-peer: $(call objects,arm64,$(sort $(wildcard tests/system/programs/wake-peer/*.c)))
# It reads a saved file as dormouse does.
$(O)/arm64/saved-registers: $(O)/arm64/tests/system/programs/saved-registers.c.o \
	$(call objects,arm64,$(filter-out vmm/cli/%,$(vmm_src))) $(O)/arm64/libpsci.a
	$(call link,$(ARM64_CC) -static,$(LDFLAGS) $(LDFLAGS_SYSROOT) $(VMM_LIBS))
# For tests/bench.
$(addprefix $(O)/arm64/,stopwatch wakes): $(O)/arm64/%: $(O)/arm64/tests/bench/%.c.o
$(addprefix $(O)/arm64/,test-kvm-psci on-terminal on-socket net-peer at-call own-tap park-often wake-peer faults stopwatch wakes):
	$(call link,$(ARM64_CC) -static,$(LDFLAGS))

.PHONY: system-programs
