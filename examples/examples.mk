# SPDX-License-Identifier: BSD-3-Clause
#
# What an author of a hypervisor, or of a guest, starts from.

example_names := native/examples/embed native/examples/embed-record arm64/example-kvm arm64/example-guest.img \
	arm64/example-el2.elf

examples: $(example_names:%=$(O)/%) ## the examples

examples-test: examples lib dormouse payload ## run them and look at what they say
	$(Q)O=$(O) tests/examples/run

$(O)/native/examples/%: $(O)/native/examples/%.c.o $(O)/native/libpsci.a
	$(call link,$(CC),$(LDFLAGS) -pthread)

# For arm64 whatever this machine is, and static: a program for system tests.
$(O)/arm64/example-kvm: $(O)/arm64/examples/embed.c.o $(O)/arm64/libpsci.a
	$(call link,$(ARM64_CC) -static,$(LDFLAGS) -pthread)

# Not position-independent: each has its address. example_ld(address)
example_ld = $(ARM64_CC) -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments,-T,examples/bare.ld \
	-Wl,--defsym=load_address=$(1)

$(O)/arm64/example-guest.elf: $(call objects,bare,$(addprefix examples/,guest-start.S guest.c bare.c) lib/client.c \
		arch/arm64/memory.c) examples/bare.ld
	$(call link,$(call example_ld,0x40080000))

$(O)/arm64/example-guest.img: $(O)/arm64/example-guest.elf
	$(call flat,$<)

$(O)/arm64/example-el2.elf: $(call objects,bare,$(addprefix examples/,el2-start.S embed-el2.c bare.c) $(lib_src) \
		arch/arm64/memory.c) examples/bare.ld
	$(call link,$(call example_ld,0x80000000))

.PHONY: examples examples-test
