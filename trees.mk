# SPDX-License-Identifier: BSD-3-Clause
#
# How objects are made: the flags, and the trees, each of which is one compiler with its
# flags. Objects depend on this file alone of the build's, so that a change of it rebuilds
# them, and a change of another part does not.
#
#   native            this machine's: the library, the examples, the models
#   asan, tsan        this machine's, with sanitizers, where libpsci and dormouse are tested
#   fuzzed            this machine's, for libFuzzer, which comes with clang
#   arm64             what runs
#   bare              arm64 without an operating system
#   monitor           the same, optimised as a whole when it is linked: the relay
#   fake-machine      the payload for this machine, on a fake CPU

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wvla -Wcast-qual -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough -Wformat=2 \
	-Wwrite-strings -Wno-unused-parameter $(if $(WERROR),-Werror)
CPPFLAGS_ALL := -Iinclude -MMD -MP $(CPPFLAGS)
CFLAGS_ALL := -std=c11 -g -O2 $(WARN) $(CFLAGS)
# The library is freestanding everywhere, also when it is tested on a host. A stack
# protector would need a symbol of its user.
CFLAGS_LIB := -ffreestanding -fno-stack-protector
CPPFLAGS_VMM := -Ivmm -I$(O)/asl/vmm -D_GNU_SOURCE
CPPFLAGS_TESTS := $(CPPFLAGS_VMM) -Itests/unit -Itests/unit/lib -Itests/model -Itests/fuzz
# Bare metal is GNU C: inline assembly and statement expressions. Floating-point registers
# belong to guests.
WARN_BARE := $(filter-out -Wpedantic,$(WARN))
CFLAGS_BARE := -g -O2 $(WARN_BARE) $(CFLAGS) -std=gnu11 -ffreestanding -fno-builtin -fPIE \
	-mgeneral-regs-only -mstrict-align -mno-outline-atomics -fno-stack-protector -fvisibility=hidden \
	-fno-asynchronous-unwind-tables -fomit-frame-pointer
CFLAGS_FAKE := -g -O1 $(WARN_BARE) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -fno-builtin -fno-pie \
	-include tests/payload/fake-sysreg.h

# What a sanitizer reports has lines, and needs no more of -g, which takes an eighth of the
# time of these trees; for a debugger: make CFLAGS_DEBUG=-g.
CFLAGS_DEBUG := -g1
SAN := -O1 $(CFLAGS_DEBUG) -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN := -O1 $(CFLAGS_DEBUG) -fsanitize=thread
FUZZ_SAN := -O1 $(CFLAGS_DEBUG) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

# What makes a fault of dormouse's harder to exploit. HARDENING_LD is its link editor's
# half; tools/check-hardening reads all of it back. libpsci is in the same program, so its
# arm64 objects have PIE_BRANCH too; on CPUs without BTI and PAC that is a few NOPs.
PIE_BRANCH := -fPIE -mbranch-protection=standard
# takes(flags): the flags, if the compiler has them without a warning
takes = $(shell $(ARM64_CC) $1 -Werror -c -o /dev/null -x c /dev/null 2>/dev/null && echo '$1')
init_zero := -ftrivial-auto-var-init=zero
# clang 14 wants to be told that clang 18 no longer has to be.
init_zero_clang := -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
# Asked for once, and only if something is compiled with it.
HARDENING = $(eval HARDENING := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
	$(call takes,-fstack-clash-protection) \
	$(or $(call takes,$(init_zero)),$(call takes,$(init_zero) $(init_zero_clang))))$(HARDENING)
HARDENING_LD_ALL := -Wl,-z,relro,-z,now,-z,noexecstack,-z,text
HARDENING_LD := -static-pie $(HARDENING_LD_ALL)
HARDENING_LD_SHARED := -pie -Wl,--as-needed $(HARDENING_LD_ALL)

# Static arm64 libraries for cross building; fetched on demand, see tools/fetch.
SYSROOT ?= $(if $(CROSS),$(O)/sysroot)
# A file of the library that came last: without it, the sysroot is an old one.
sysroot_file := $(if $(CROSS),$(SYSROOT)/usr/include/zstd.h)
CPPFLAGS_SYSROOT := $(if $(CROSS),-isystem $(SYSROOT)/usr/include)
LDFLAGS_SYSROOT := $(if $(CROSS),-L$(SYSROOT)/usr/lib/aarch64-linux-gnu -L$(SYSROOT)/lib/aarch64-linux-gnu)
ifneq ($(CROSS),)
$(sysroot_file):
	@mkdir -p $(dir $(SYSROOT))
	$(Q)ln -sfn "$$(tools/fetch sysroot)" $(SYSROOT)
endif

# What speaks KVM's arm64 ABI is tested natively too, on a KVM of which nothing runs
# (tests/fuzz/fake-kvm.c): these headers of arm64's are found in front of this machine's, and no
# others, since <asm/unistd.h> has the numbers of the calls that tests make.
CPPFLAGS_KVM := -isystem $(O)/kvm-arm64
kvm_headers := $(O)/kvm-arm64/asm/kvm.h
$(kvm_headers):
	@mkdir -p $(@D)
	$(Q)for header in ptrace hwcap sve_context kvm; do \
		ln -sfn "$$(echo "#include <asm/$$header.h>" | $(ARM64_CC) -E - | \
			sed -n "s|^# 1 \"\(.*/asm/$$header.h\)\".*|\1|p" | head -n 1)" $(@D)/$$header.h; done

# ACPI source language becomes C headers, which are found like those beside their source.
asl_headers := $(patsubst %,$(O)/asl/%.h,$(sort $(wildcard vmm/*/*.asl vmm/*/*/*.asl)))
$(asl_headers): $(O)/asl/%.h: % tools/compile-asl
	@echo '  ASL     $@'
	$(Q)tools/compile-asl $< $@

# Folders, each made once. Neither that nor what is printed starts a program for each object.
.SECONDEXPANSION:
$(O)/%/.:
	$(Q)mkdir -p $@

# objects(tree, sources): an object's name is its source's and .o
objects = $(2:%=$(O)/$(1)/%.o)

# compile(tree, folder, command, what must be there): a tree's objects of the C and the
# assembly that are in a folder
define compile
$(O)/$(1)/$(2)%.o: $(2)% trees.mk | $(4) $$$$(@D)/.
	$$(info $$(empty)  $$(if $$(filter %.S,$$<),AS,CC)      $$@)
	$(Q)$(3) -c -o $$@ $$<
trees := $(sort $(trees) $(1))
endef

# tree(name, compiler, extra flags, what must be there, flags of vmm/ alone, of tests/ alone):
# the objects of the library, dormouse and the tests
define tree
$(call compile,$(1),lib/,$(2) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(CFLAGS_LIB) $(3))
$(call compile,$(1),vmm/,$(2) $(CPPFLAGS_ALL) $(CPPFLAGS_VMM) $(CFLAGS_ALL) $(3) $(5),$(4) $(asl_headers))
$(call compile,$(1),tests/,$(2) $(CPPFLAGS_ALL) $(CPPFLAGS_TESTS) $(CFLAGS_ALL) $(3) $(6),$(4) $(asl_headers))
$(O)/$(1)/libpsci.a: $(call objects,$(1),$(lib_src))
endef

$(eval $(call tree,native,$(CC)))
# Tests themselves are compiled more often than they run.
$(eval $(call tree,asan,$(CC),$(SAN) $(CPPFLAGS_KVM),$(kvm_headers),,-O0))
$(eval $(call tree,tsan,$(CC),$(TSAN) $(CPPFLAGS_KVM),$(kvm_headers),,-O0))
$(eval $(call tree,fuzzed,$(FUZZ_CC),$(FUZZ_SAN) $(CPPFLAGS_KVM),$(kvm_headers)))
$(eval $(call tree,arm64,$(ARM64_CC),$(PIE_BRANCH),$(sysroot_file),$$(HARDENING) $(CPPFLAGS_SYSROOT)))
$(eval $(call compile,bare,,$(ARM64_CC) $(CPPFLAGS_ALL) $(CFLAGS_BARE)))
$(foreach folder,arch/ el3/ payload/ tests/relay/,$(eval $(call compile,bare,$(folder),$(ARM64_CC) $(CPPFLAGS_ALL) \
	$(CPPFLAGS_SYSROOT) $(CFLAGS_BARE),$(sysroot_file))))
$(eval $(call compile,monitor,,$(ARM64_CC) $(CPPFLAGS_ALL) $(CPPFLAGS_SYSROOT) $(CFLAGS_BARE) -flto,$(sysroot_file)))
$(eval $(call compile,native,examples/,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL)))
$(eval $(call compile,native,tools/,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL)))
$(eval $(call compile,arm64,examples/,$(ARM64_CC) $(CPPFLAGS_ALL) -D_GNU_SOURCE -DWITH_KVM $(CFLAGS_ALL)))
$(eval $(call compile,fake-machine,,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_FAKE)))
