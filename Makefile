# SPDX-License-Identifier: BSD-3-Clause
#
# The build: this file and the parts that it includes; no recursion, no configure step.
# trees.mk says how objects are made, the other parts, each beside what it builds, of which
# objects a program is linked. docs/design.md, "The build", says where to add what.
#
#   O=DIR      build there (default: build)
#   V=1        show the commands
#   WERROR=1   warnings are errors
#   CC=clang   another compiler for what runs on this machine
#
# and for make install:
#
#   DESTDIR=DIR     in front of every path, for packages
#   PREFIX=DIR      where everything goes (default: /usr/local); BINDIR, LIBDIR,
#                   INCLUDEDIR, DATADIR, DOCDIR, MANDIR, LIBEXECDIR, SYSTEMDDIR, SYSUSERSDIR and
#                   COMPLETIONDIR are below it
#   LIBRARY=arm64   install libpsci.a for arm64 (default: for this machine)
#   LINKED=shared   install dormouse with shared libraries (default: static)

O ?= build
Q := $(if $(V),,@)
MACHINE := $(shell uname -m)
CROSS ?= $(if $(filter aarch64,$(MACHINE)),,aarch64-linux-gnu-)
ifeq ($(origin CC),default)
CC := gcc
endif
ARM64_CC ?= $(CROSS)gcc
FUZZ_CC ?= clang

lib_src := $(sort $(wildcard lib/*.c))
vmm_src := $(sort $(wildcard vmm/*/*.c vmm/*/*/*.c))
VMM_LIBS := -lfdt -ljansson -lz -lzstd -pthread

all: lib dormouse system-programs ## the library for this machine and dormouse for arm64

lib: $(O)/native/libpsci.a $(O)/arm64/libpsci.a ## libpsci.a for this machine and for arm64

dormouse: $(O)/arm64/dormouse ## the VMM, a static arm64 program

parts := trees.mk arch/arm64/kit.mk payload/payload.mk el3/el3.mk relay/relay.mk tests/system/system.mk examples/examples.mk guest/guest.mk tests/tests.mk \
	dist/dist.mk
include $(parts)

# Static, so that one file runs in any arm64 Linux, the emulated host's initramfs included.
$(O)/arm64/dormouse: $(call objects,arm64,$(vmm_src)) $(O)/arm64/libpsci.a
	$(call link,$(ARM64_CC) $(HARDENING_LD),$(LDFLAGS) $(LDFLAGS_SYSROOT) $(VMM_LIBS))

# For a distribution, which replaces libraries that have faults. What debugging information has
# would give each directory another build id.
VMM_LIBS_SHARED := $(subst -lz ,-l:libz.so.1 ,$(VMM_LIBS))
$(O)/arm64/shared/dormouse: $(call objects,arm64,$(vmm_src)) $(O)/arm64/libpsci.a
	$(call link,$(ARM64_CC) $(HARDENING_LD_SHARED) -s,$(LDFLAGS) $(LDFLAGS_SYSROOT) $(VMM_LIBS_SHARED))

# --- how things are made of objects ---

# link(command, libraries): a program of the objects and archives that it depends on
define link
@mkdir -p $(@D)
@echo '  LD      $@'
$(Q)$(1) -o $@ $(filter %.o %.a,$^) $(2)
endef

# flat(program, options): the bytes of a program, as what boots them wants
define flat
@mkdir -p $(@D)
@echo '  OBJCOPY $@'
$(Q)$(CROSS)objcopy -O binary $(2) $(1) $@ && chmod +x $@
endef

$(O)/%.a:
	@echo '  AR      $@'
	$(Q)rm -f $@ && ar rcs $@ $^

clean: ## remove what was built
	$(Q)rm -rf $(O) compile_commands.json

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9._-]*\):.*## /\1\t/p' Makefile $(parts) | expand -t 24

.PHONY: all lib dormouse clean help
.SECONDARY:
.DELETE_ON_ERROR:
# Which headers each object depends on is in a file beside it.
-include $(shell find $(trees:%=$(O)/%) -name '*.d' 2>/dev/null)
