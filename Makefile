# SPDX-License-Identifier: BSD-3-Clause
#
# The only build file: no recursion, no configure step. Two trees of objects:
# this machine's ($(O)/native, with sanitizers in $(O)/asan), where libpsci and
# the portable half of dormouse are tested, and arm64's ($(O)/arm64), which is
# what runs. On an arm64 machine both come from the same compiler.
#
#   O=DIR      build there (default: build)
#   V=1        show the commands
#   WERROR=1   warnings are errors
#   CC=clang   another compiler for this machine's tree
#
# and for make install:
#
#   DESTDIR=DIR     in front of every path, for packages
#   PREFIX=DIR      where everything goes (default: /usr/local); BINDIR, LIBDIR,
#                   INCLUDEDIR, DATADIR, DOCDIR and MANDIR are below it
#   LIBRARY=arm64   install libpsci.a for arm64 (default: for this machine)

O ?= build
MACHINE := $(shell uname -m)
CROSS ?= $(if $(filter aarch64,$(MACHINE)),,aarch64-linux-gnu-)
ifeq ($(origin CC),default)
CC := gcc
endif
ARM64_CC ?= $(CROSS)gcc
# Static arm64 libraries for cross building; fetched on demand, see tools/fetch.
SYSROOT ?= $(if $(CROSS),$(O)/sysroot)
# A file of the library that came last: without it, the sysroot is an old one.
sysroot_file = $(SYSROOT)/usr/include/zstd.h
Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wvla -Wcast-qual -Wpointer-arith \
	-Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough -Wformat=2 \
	-Wwrite-strings -Wno-unused-parameter $(if $(WERROR),-Werror)
CPPFLAGS_ALL = -Iinclude -MMD -MP $(CPPFLAGS)
CFLAGS_ALL = -std=c11 -g -O2 $(WARN) $(CFLAGS)
# The library is freestanding everywhere, also when it is tested on a host. A stack
# protector would need a symbol of its user.
CFLAGS_LIB := -ffreestanding -fno-stack-protector
CPPFLAGS_VMM := -Ivmm -D_GNU_SOURCE
SAN := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN := -O1 -fsanitize=thread

# What makes a fault of dormouse's harder to exploit. Its link editor's half is below, at
# the rule; tools/check-hardening reads all of it back. libpsci is in the same program,
# so its arm64 objects have PIE_BRANCH too; on CPUs without BTI and PAC that is a few NOPs.
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
HARDENING_LD := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,text

lib_src := $(sort $(wildcard lib/*.c))
vmm_src := $(sort $(wildcard vmm/*/*.c vmm/*/*/*.c))
# What speaks KVM's arm64 ABI compiles for arm64 only; the rest is unit-tested here.
vmm_kvm_src := $(filter vmm/machine/vm.c vmm/machine/vcpu.c vmm/machine/guest-clock.c \
	vmm/host/memory-error.c vmm/kvm/gic.c vmm/kvm/counter.c vmm/kvm/registers.c vmm/kvm/vcpu.c vmm/kvm/reset-state.c vmm/kvm/smccc-filter.c \
	vmm/vpsci/% vmm/save/vcpu-state.c vmm/save/gic-state.c vmm/save/machine.c vmm/save/file.c vmm/save/psci-state.c \
	vmm/control/control.c vmm/control/act.c vmm/control/report.c vmm/control/qmp/monitor.c vmm/control/qmp/event.c \
	vmm/control/qmp/commands.c vmm/run/run.c vmm/cli/%,$(vmm_src))
vmm_portable_src := $(filter-out $(vmm_kvm_src),$(vmm_src))
test_src := $(sort $(wildcard $(addprefix tests/unit/,lib/test-*.c vmm/*/test-*.c)))
# Each folder of tests has what its test programs share, if anything, in other files.
test_support_src := $(filter-out $(test_src),$(sort $(wildcard $(addprefix tests/unit/,lib/*.c support/*.c vmm/*/*.c))))

all: lib $(O)/arm64/dormouse system-programs ## the library for this machine and dormouse for arm64

lib: $(O)/native/libpsci.a $(O)/arm64/libpsci.a ## libpsci.a for this machine and for arm64

# --- one set of rules for each tree ---

# What speaks KVM's arm64 ABI is tested natively too, on a KVM of which nothing runs
# (tests/fuzz/fake-kvm.c): these headers of arm64's are found in front of this machine's, and no
# others, since <asm/unistd.h> has the numbers of the calls that tests make.
fake_kvm := -isystem $(O)/kvm-arm64
fake_kvm_headers := $(O)/kvm-arm64/asm/kvm.h

$(fake_kvm_headers):
	@mkdir -p $(@D)
	$(Q)for header in ptrace hwcap sve_context kvm; do \
		ln -sfn "$$(echo "#include <asm/$$header.h>" | $(ARM64_CC) -E - | \
			sed -n "s|^# 1 \"\(.*/asm/$$header.h\)\".*|\1|p" | head -n 1)" $(@D)/$$header.h; done

# tree(name, compiler, extra flags, what must be there before, flags of vmm/ alone)
define tree
$(O)/$(1)/lib/%.o: lib/%.c Makefile
	@mkdir -p $$(@D)
	@echo '  CC      $$@'
	$(Q)$(2) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $(CFLAGS_LIB) $(3) -c -o $$@ $$<

$(O)/$(1)/vmm/%.o: vmm/%.c Makefile $(4)
	@mkdir -p $$(@D)
	@echo '  CC      $$@'
	$(Q)$(2) $$(CPPFLAGS_ALL) $(CPPFLAGS_VMM) $$(CFLAGS_ALL) $(3) $(5) -c -o $$@ $$<

$(O)/$(1)/tests/%.o: tests/%.c Makefile $(4)
	@mkdir -p $$(@D)
	@echo '  CC      $$@'
	$(Q)$(2) $$(CPPFLAGS_ALL) $(CPPFLAGS_VMM) -Itests/unit -Itests/unit/lib -Itests/model -Itests/fuzz $$(CFLAGS_ALL) $(3) -c -o $$@ $$<

$(O)/$(1)/libpsci.a: $(lib_src:%.c=$(O)/$(1)/%.o)
	@echo '  AR      $$@'
	$(Q)rm -f $$@ && ar rcs $$@ $$^

# The portable half of dormouse, for its unit tests.
$(O)/$(1)/libvmm.a: $(vmm_portable_src:%.c=$(O)/$(1)/%.o)
	@rm -f $$@ && ar rcs $$@ $$^

$(test_src:%.c=$(O)/$(1)/%): %: %.o $(test_support_src:%.c=$(O)/$(1)/%.o) \
		$(O)/$(1)/libvmm.a $(O)/$(1)/libpsci.a
	@echo '  LD      $$@'
	$(Q)$(2) $(3) -o $$@ $$^ $(LDFLAGS) -lcmocka -lfdt -ljansson -lz -lzstd -pthread

-include $$(wildcard $(foreach d,* */* */*/* */*/*/*,$(O)/$(1)/$(d)/*.d))
endef

$(eval $(call tree,native,$(CC),))
$(eval $(call tree,asan,$(CC),$(SAN) $(fake_kvm),| $(fake_kvm_headers)))
$(eval $(call tree,tsan,$(CC),$(TSAN) $(fake_kvm),| $(fake_kvm_headers)))
$(eval $(call tree,arm64,$(ARM64_CC),$(PIE_BRANCH),$(if $(CROSS),| $(sysroot_file)),$$(HARDENING) $(if $(CROSS),-isystem $(SYSROOT)/usr/include)))
.SECONDARY:

# Static, so that one file runs in any arm64 Linux, the emulated host's initramfs included.
$(O)/arm64/dormouse: $(vmm_src:%.c=$(O)/arm64/%.o) $(O)/arm64/libpsci.a
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) $(HARDENING_LD) -pthread -o $@ $^ $(LDFLAGS) \
		$(if $(CROSS),-L$(SYSROOT)/usr/lib/aarch64-linux-gnu) -lfdt -ljansson -lz -lzstd

ifneq ($(CROSS),)
$(sysroot_file):
	@mkdir -p $(dir $(SYSROOT))
	$(Q)ln -sfn "$$(tools/fetch sysroot)" $(SYSROOT)
endif

dormouse: $(O)/arm64/dormouse ## the VMM, a static arm64 program

# --- the conformance payload: a flat arm64 image, bare metal ---

bare_src := arch/arm64/memory.c
payload_src := $(sort $(wildcard payload/*.c payload/runtime/*.c payload/*.S payload/runtime/*.S))
payload_obj := $(patsubst %,$(O)/%.o,$(payload_src)) $(bare_src:%=$(O)/bare/%.o)
PAYLOAD_CFLAGS := -std=gnu11 -ffreestanding -fno-builtin -fPIE -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics -fno-stack-protector -fvisibility=hidden -fno-asynchronous-unwind-tables
# GNU C here: inline assembly and statement expressions.
PAYLOAD_WARN = $(filter-out -Wpedantic,$(WARN))
PAYLOAD_LDFLAGS := -nostdlib -static-pie -Wl,-z,norelro,-z,noexecstack \
	-Wl,--build-id=none,--no-warn-rwx-segments,-Bsymbolic -Wl,-T,payload/link.ld

$(O)/payload/%.c.o: payload/%.c Makefile $(if $(CROSS),| $(sysroot_file))
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) $(if $(CROSS),-isystem $(SYSROOT)/usr/include) -g -O2 $(PAYLOAD_WARN) \
		$(CFLAGS) $(PAYLOAD_CFLAGS) -c -o $@ $<

$(O)/payload/%.S.o: payload/%.S Makefile
	@mkdir -p $(@D)
	@echo '  AS      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -g -c -o $@ $<

# What bare-metal images share: what is in arch/, and libpsci without the
# floating-point registers, which belong to guests.
$(O)/bare/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -g -O2 $(PAYLOAD_WARN) $(CFLAGS) $(PAYLOAD_CFLAGS) -c -o $@ $<

$(O)/bare/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	@echo '  AS      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -g -c -o $@ $<

$(O)/payload/psci-conform.elf: $(payload_obj) payload/link.ld
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) $(PAYLOAD_LDFLAGS) -o $@ $(payload_obj) \
		$(if $(CROSS),-L$(SYSROOT)/usr/lib/aarch64-linux-gnu) -lfdt

$(O)/payload/psci-conform.img: $(O)/payload/psci-conform.elf
	@echo '  OBJCOPY $@'
	$(Q)$(CROSS)objcopy -O binary $< $@

-include $(payload_obj:.o=.d)

payload: $(O)/payload/psci-conform.img ## psci-conform.img, the conformance payload

payload-broken: $(O)/arm64/dormouse payload ## that the payload finds faults of libpsci, each of which is put in
	$(Q)O=$(O) tests/payload/test-broken $(ARM64_CC) $(vmm_src:%.c=$(O)/arm64/%.o) $(lib_src:%.c=$(O)/arm64/%.o) \
		-- $(LDFLAGS) $(if $(CROSS),-L$(SYSROOT)/usr/lib/aarch64-linux-gnu) -lfdt -ljansson -lz -lzstd

# --- what system tests run besides dormouse, where tools/arm64-host looks for programs ---

system-programs: $(O)/arm64/board.img $(O)/arm64/echo.img $(O)/arm64/psci-calls.img $(O)/arm64/hostile.img \
	$(O)/arm64/test-kvm-psci $(O)/arm64/on-terminal $(O)/arm64/on-socket $(O)/arm64/at-call \
	$(O)/arm64/example-guest.img $(O)/arm64/example-kvm

$(O)/arm64/board.img $(O)/arm64/echo.img $(O)/arm64/clock.img: $(O)/arm64/%.img: tests/system/guests/%.S
	@mkdir -p $(@D)
	@echo '  AS      $@'
	$(Q)$(ARM64_CC) -c -o $@.o $<
	$(Q)$(CROSS)objcopy -O binary -j .text $@.o $@ && rm $@.o && chmod +x $@

hostile_obj := $(patsubst %,$(O)/arm64/%.o,$(wildcard tests/system/guests/hostile*.c tests/system/guests/hostile*.S))

$(O)/arm64/tests/system/guests/%.c.o: tests/system/guests/%.c Makefile
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -g -O2 $(PAYLOAD_WARN) $(CFLAGS) $(PAYLOAD_CFLAGS) -c -o $@ $<

$(O)/arm64/tests/system/guests/%.S.o: tests/system/guests/%.S Makefile
	@mkdir -p $(@D)
	@echo '  AS      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -c -o $@ $<

$(O)/arm64/hostile.img: $(hostile_obj) tests/system/guests/hostile.ld
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) $(subst payload/link.ld,tests/system/guests/hostile.ld,$(PAYLOAD_LDFLAGS)) -o $@.elf $(hostile_obj)
	$(Q)$(CROSS)objcopy -O binary -j .text $@.elf $@ && rm $@.elf && chmod +x $@

$(O)/arm64/on-terminal $(O)/arm64/on-socket $(O)/arm64/at-call: $(O)/arm64/%: $(O)/arm64/tests/system/programs/%.o
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) -static -o $@ $^ $(LDFLAGS)

# For tests/bench.
$(O)/arm64/stopwatch $(O)/arm64/wakes: $(O)/arm64/%: $(O)/arm64/tests/bench/%.o
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) -static -o $@ $^ $(LDFLAGS)

system-programs: $(O)/arm64/psci-suspend.img $(O)/arm64/psci-registers.img $(O)/arm64/psci-pause.img

$(O)/arm64/psci-%.img: tests/system/guests/%.S tests/system/guests/bare.S tests/system/guests/calls.ld
	@mkdir -p $(@D)
	@echo '  AS      $@'
	$(Q)$(ARM64_CC) -nostdlib -static -Wl,--build-id=none -Wl,-T,tests/system/guests/calls.ld -o $@.elf $<
	$(Q)$(CROSS)objcopy -O binary $@.elf $@ && rm $@.elf

$(O)/arm64/test-kvm-psci: $(O)/arm64/tests/system/programs/kvm-psci.o $(O)/arm64/libpsci.a
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) -static -o $@ $^ $(LDFLAGS)

# --- examples: what an author of a hypervisor, or of a guest, starts from ---

# For arm64 whatever this machine is, and static: a program for system tests.
$(O)/arm64/example-kvm: examples/embed.c $(wildcard examples/*.h) $(O)/arm64/libpsci.a
	@echo '  CC      $@'
	$(Q)$(ARM64_CC) $(CPPFLAGS_ALL) -D_GNU_SOURCE -DWITH_KVM $(CFLAGS_ALL) -static -o $@ $< $(O)/arm64/libpsci.a \
		$(LDFLAGS) -pthread

$(O)/native/examples/%: examples/%.c $(wildcard examples/*.h) $(O)/native/libpsci.a
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $< $(O)/native/libpsci.a $(LDFLAGS) -pthread

bare_lib_obj := $(lib_src:%=$(O)/bare/%.o) $(bare_src:%=$(O)/bare/%.o)
guest_obj := $(patsubst %,$(O)/bare/examples/%.o,guest-start.S guest.c bare.c)
el2_obj := $(patsubst %,$(O)/bare/examples/%.o,el2-start.S embed-el2.c bare.c)
# Not position-independent: each has its address.
BARE_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments,-T,examples/bare.ld

guest_lib_obj := $(O)/bare/lib/client.c.o $(bare_src:%=$(O)/bare/%.o)

$(O)/arm64/example-guest.elf: $(guest_obj) $(guest_lib_obj) examples/bare.ld
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) $(BARE_LDFLAGS) -Wl,--defsym=load_address=0x40080000 -o $@ \
		$(guest_obj) $(guest_lib_obj)

$(O)/arm64/example-guest.img: $(O)/arm64/example-guest.elf
	@echo '  OBJCOPY $@'
	$(Q)$(CROSS)objcopy -O binary $< $@ && chmod +x $@

$(O)/arm64/example-el2.elf: $(el2_obj) $(bare_lib_obj) examples/bare.ld
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(Q)$(ARM64_CC) $(BARE_LDFLAGS) -Wl,--defsym=load_address=0x80000000 -o $@ $(el2_obj) $(bare_lib_obj)

-include $(wildcard $(O)/bare/*/*.d $(O)/bare/*/*/*.d)

examples: $(O)/native/examples/embed $(O)/native/examples/embed-record $(O)/arm64/example-kvm $(O)/arm64/example-guest.img $(O)/arm64/example-el2.elf ## the examples

examples-test: examples lib dormouse payload ## run them and look at what they say
	$(Q)O=$(O) tests/examples/run

# --- psci_hibernate, a module for guests with older kernels ---

KERNELS ?= 6.12 6.1

module: ## psci_hibernate.ko for Debian's kernels KERNELS="6.12 6.1"
	$(Q)$(foreach series,$(KERNELS),tools/build-module $(series) &&) true

deb: ## the Debian package that has DKMS build it
	$(Q)tools/make-deb

# --- tests and gates ---

# Those of what speaks KVM's arm64 ABI.
kvm_test_src := $(sort $(wildcard tests/kvm/test-*.c))
kvm_tests := $(kvm_test_src:%.c=$(O)/asan/%)
kvm_support_src := $(filter-out $(kvm_test_src),$(sort $(wildcard tests/kvm/*.c))) tests/fuzz/fake-kvm.c
kvm_vmm_src := $(filter-out vmm/cli/% vmm/run/run.c vmm/kvm/counter.c vmm/control/qmp/%,$(vmm_src))

$(O)/asan/libvmm-kvm.a: $(kvm_vmm_src:%.c=$(O)/asan/%.o)
	@rm -f $@ && ar rcs $@ $^

$(kvm_tests): %: %.o $(kvm_support_src:%.c=$(O)/asan/%.o) $(O)/asan/libvmm-kvm.a $(O)/asan/libpsci.a
	@echo '  LD      $@'
	$(Q)$(CC) $(SAN) -Wl,--wrap=ioctl -o $@ $^ $(LDFLAGS) -lcmocka -lfdt -ljansson -lz -lzstd -pthread

unit: $(test_src:%.c=$(O)/asan/%) $(kvm_tests) ## unit tests, natively, under ASan and UBSan
	$(Q)tests/run-unit $^

# Those in which there are threads, of their own or a disk's.
threaded_test_src := $(shell grep -lE '<pthread\.h>|<threads\.h>|"blk-rig\.h"|virtio.blk' $(test_src))

tsan: $(threaded_test_src:%.c=$(O)/tsan/%) ## those that have threads, under ThreadSanitizer
	$(Q)tests/run-unit $^

# All at once, so that no object is made twice.
test-programs-fast: $(test_src:%.c=$(O)/asan/%) $(kvm_tests) $(threaded_test_src:%.c=$(O)/tsan/%) $(O)/native/test-model \
	$(O)/native/test-lifecycle-model $(O)/native/test-cost $(O)/tsan/stress ## what the native tests run

test-programs: test-programs-fast examples ## what all tests run

freestanding: $(O)/native/libpsci.a $(O)/arm64/libpsci.a ## libpsci needs nothing and has no writable data
	$(Q)tools/check-freestanding $^

hardening: $(O)/arm64/dormouse ## that dormouse is compiled and linked with what makes faults harder to exploit
	$(Q)tools/check-hardening $< $(vmm_src:%.c=$(O)/arm64/%.o) $(O)/arm64/libpsci.a

lint: freestanding hardening ## layout, static analysis, spelling of includes, scripts, man pages, calls to the kernel
	$(Q)tools/lint
	$(Q)tools/check-system-calls $(O)/arm64

# --- proof: what goes over the whole of something ---

model_src := $(sort $(wildcard tests/model/*.c))

$(O)/native/test-model: $(model_src:%.c=$(O)/native/%.o) $(O)/native/libpsci.a
	@echo '  LD      $@'
	$(Q)$(CC) -o $@ $^ $(LDFLAGS)

model: $(O)/native/test-model ## every state of small machines, against a second implementation
	$(Q)$<

lifecycle_model_src := $(sort $(wildcard tests/lifecycle/*.c)) tests/model/graph.c

$(O)/native/test-lifecycle-model: $(lifecycle_model_src:%.c=$(O)/native/%.o) \
		$(O)/native/vmm/control/lifecycle-step.o $(O)/native/vmm/record/lifecycle.o
	@echo '  LD      $@'
	$(Q)$(CC) -o $@ $^ $(LDFLAGS)

lifecycle: $(O)/native/test-lifecycle-model ## every order of what can happen to a VM: its life cycle, to a fixed point
	$(Q)$<

lifecycle-broken: ## that it finds faults, each of which is put in
	$(Q)CC='$(CC)' tests/lifecycle/test-broken

.PHONY: lifecycle lifecycle-broken

# A run's real threads, on the same KVM, which calls at random.
stress_src := $(sort $(wildcard tests/stress/*.c)) tests/fuzz/fake-kvm.c $(lib_src) \
	$(filter-out vmm/cli/% vmm/kvm/counter.c,$(vmm_src))
stress_wraps := ioctl kvm_open record_save save_file_publish

$(O)/tsan/stress: $(stress_src:%.c=$(O)/tsan/%.o)
	@echo '  LD      $@'
	$(Q)$(CC) $(TSAN) $(stress_wraps:%=-Wl,--wrap=%) -o $@ $^ $(LDFLAGS) \
		-lfdt -ljansson -lz -lzstd -pthread

stress: T := 20
stress: $(O)/tsan/stress ## the threads of a run under ThreadSanitizer, with a random guest, user and failures; T=20 seconds
	$(Q)$< $(T)

.PHONY: stress

model-broken: $(model_src:%.c=$(O)/native/%.o) ## that it finds faults, each of which is put in
	$(Q)CC='$(CC)' tests/model/test-broken $^

$(O)/native/test-cost: $(O)/native/tests/cost/test-cost.o $(O)/native/libpsci.a
	@echo '  LD      $@'
	$(Q)$(CC) -o $@ $^ $(LDFLAGS)

cost: $(O)/native/test-cost ## what calls take in instructions; fails above SPECIFICATION.md's budgets
	$(Q)$<

prove: ## no undefined behaviour whatever a guest calls with, by Frama-C; see docs/prove.md
	$(Q)O=$(O) tools/prove

size: ## what libpsci takes on arm64; fails if a budget of SPECIFICATION.md is exceeded
	$(Q)tools/size $(ARM64_CC)

bench: all $(addprefix $(O)/arm64/,clock.img psci-wake.img stopwatch wakes) $(O)/native/test-cost ## what calls, starts and guests cost, and whether targets are met
	$(Q)O=$(O) tests/bench/run

.PHONY: bench

spec-map: ## docs/spec-map.md, from docs/spec-map.txt and the ids in the tests
	$(Q)tools/spec-map

# A mutant is another libpsci.so under the same test programs.
mutation_test_src := $(filter tests/unit/lib/%,$(test_src))
mutation_support_src := $(sort $(wildcard tests/unit/lib/psci-*.c))
mutation_tests := $(mutation_test_src:tests/unit/lib/%.c=$(O)/mutation/tests/%) $(O)/mutation/tests/test-model

$(O)/mutation/link/libpsci.so: $(lib_src)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -Iinclude $(CFLAGS_LIB) -fPIC -shared -o $@ $(lib_src)

$(O)/mutation/tests/test-model: $(model_src:%.c=$(O)/native/%.o) | $(O)/mutation/link/libpsci.so
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -L$(O)/mutation/link -lpsci

$(O)/mutation/tests/%: $(O)/native/tests/unit/lib/%.o $(mutation_support_src:%.c=$(O)/native/%.o) \
		| $(O)/mutation/link/libpsci.so
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -L$(O)/mutation/link -lpsci -lcmocka -pthread

mutate: $(mutation_tests) ## change the library in one place at a time: does a test notice?
	$(Q)tests/mutation/mutate

# The payload's tests on a fake machine, which takes each mutant's libpsci.so.
fake_machine_src := $(sort $(wildcard payload/*.c tests/payload/*.c)) \
	$(patsubst %,payload/runtime/%.c,call exception report smp timer)
fake_machine_obj := $(fake_machine_src:%.c=$(O)/fake-machine/%.o) $(O)/fake-machine/tests/payload/fake-context.o
# At an address that fits in 32 bits, as a guest's image is.
FAKE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -fno-builtin -fno-pie -include tests/payload/fake-sysreg.h

$(O)/fake-machine/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '  CC      $@'
	$(Q)$(CC) $(CPPFLAGS_ALL) -g -O1 $(PAYLOAD_WARN) $(CFLAGS) $(FAKE_CFLAGS) -c -o $@ $<

$(O)/fake-machine/%.o: %.S Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -c -o $@ $<

$(O)/fake-machine/fake-machine: $(fake_machine_obj) | $(O)/mutation/link/libpsci.so
	@echo '  LD      $@'
	$(Q)$(CC) -no-pie -o $@ $^ -L$(O)/mutation/link -lpsci -pthread

-include $(fake_machine_obj:.o=.d)

payload-mutate: $(O)/fake-machine/fake-machine payload ## change the library in one place at a time: does the payload notice?
	$(Q)O=$(O) tests/payload/mutate

# Fuzz targets need libFuzzer, which comes with clang; their corpora need nothing.
FUZZ_CC ?= clang
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
$(eval $(call tree,fuzzed,$(FUZZ_CC),-O1 $(FUZZ_SAN) $(fake_kvm),| $(fake_kvm_headers)))
T ?= 30
fuzz_names := $(patsubst tests/fuzz/fuzz-%.c,%,$(sort $(wildcard tests/fuzz/fuzz-*.c)))
fuzz_support_src := $(filter-out tests/model/test-%,$(model_src))
fuzz_vmm_src := $(filter-out $(vmm_kvm_src),$(wildcard vmm/base/*.c vmm/devices/virtio/*.c)) vmm/board/bus.c vmm/board/memory.c \
	vmm/host/disk.c vmm/host/disk-lock.c vmm/boot/tree-writer.c $(addprefix vmm/control/qmp/,scan.c command.c dialect.c)

# A saved VM is restored whole, by all that has a part in it.
$(O)/fuzz/fuzz-saved: $(O)/fuzzed/tests/fuzz/fuzz-saved.o $(O)/fuzzed/tests/fuzz/fake-kvm.o \
		$(kvm_vmm_src:%.c=$(O)/fuzzed/%.o) $(lib_src:%.c=$(O)/fuzzed/%.o)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -Wl,--wrap=ioctl -o $@ $^ -lfdt -ljansson -lz -lzstd -pthread

$(O)/asan/replay-saved: $(addprefix $(O)/asan/tests/fuzz/,fuzz-saved.o replay.o fake-kvm.o) \
		$(O)/asan/libvmm-kvm.a $(O)/asan/libpsci.a
	@echo '  LD      $@'
	$(Q)$(CC) $(SAN) -Wl,--wrap=ioctl -o $@ $^ $(LDFLAGS) -lfdt -ljansson -lz -lzstd -pthread

$(O)/fuzz/fuzz-%: $(O)/fuzzed/tests/fuzz/fuzz-%.o $(fuzz_support_src:%.c=$(O)/fuzzed/%.o) \
		$(lib_src:%.c=$(O)/fuzzed/%.o) $(fuzz_vmm_src:%.c=$(O)/fuzzed/%.o)
	@mkdir -p $(@D)
	@echo '  LD      $@'
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ -lfdt -ljansson -lzstd -pthread

test-programs-fast: $(fuzz_names:%=$(O)/asan/replay-%)
test-programs: $(fuzz_names:%=$(O)/fuzz/fuzz-%)

fuzz: $(fuzz_names:%=$(O)/fuzz/fuzz-%) ## fuzz everything that reads a guest's bytes, T=30 seconds each
	$(Q)tests/fuzz/run-fuzz $(T) $^

$(O)/asan/replay-%: $(O)/asan/tests/fuzz/fuzz-%.o $(O)/asan/tests/fuzz/replay.o \
		$(fuzz_support_src:%.c=$(O)/asan/%.o) $(O)/asan/libvmm.a $(O)/asan/libpsci.a
	@echo '  LD      $@'
	$(Q)$(CC) $(SAN) -o $@ $^ $(LDFLAGS) -lfdt -ljansson -lz -lzstd -pthread

replay: $(fuzz_names:%=$(O)/asan/replay-%) ## what fuzzing has found, once more
	$(Q)tests/run-unit $^

# --- installation ---

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/dormouse
DOCDIR ?= $(PREFIX)/share/doc/dormouse
MANDIR ?= $(PREFIX)/share/man
LIBRARY ?= native

version := $(or $(shell sed -n 's/^.define DORMOUSE_VERSION "\(.*\)"$$/\1/p' vmm/base/version.h), \
	$(error vmm/base/version.h does not define DORMOUSE_VERSION))
man_pages := $(sort $(wildcard man/*.[1-9]))
# FILE:WHERE, of what is copied as it is.
installed := $(foreach f,$(sort $(wildcard include/psci/*.h)),$(f):$(INCLUDEDIR)/psci/$(notdir $f)) \
	$(O)/$(LIBRARY)/libpsci.a:$(LIBDIR)/libpsci.a \
	$(O)/libpsci.pc:$(LIBDIR)/pkgconfig/libpsci.pc \
	$(O)/payload/psci-conform.img:$(DATADIR)/psci-conform.img \
	$(foreach f,$(man_pages),$(f):$(MANDIR)/man$(subst .,,$(suffix $f))/$(notdir $f)) \
	$(foreach f,README.md CHANGELOG.md LICENSE $(sort $(wildcard docs/*.md)),$(f):$(DOCDIR)/$(notdir $f)) \
	$(foreach f,$(sort $(wildcard examples/*)),$(f):$(DOCDIR)/examples/$(notdir $f))
installed_programs := $(O)/arm64/dormouse:$(BINDIR)/dormouse

# From and to, of each FILE:WHERE.
from = $(firstword $(subst :, ,$1))
to = $(DESTDIR)$(lastword $(subst :, ,$1))

.PHONY: $(O)/libpsci.pc
$(O)/libpsci.pc: libpsci.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(PREFIX)|; s|@includedir@|$(INCLUDEDIR)|; s|@libdir@|$(LIBDIR)|' \
		-e 's|@version@|$(version)|' $< >$@

install: $(foreach f,$(installed) $(installed_programs),$(call from,$f)) ## headers, libpsci, dormouse, psci-conform.img, man pages, documents
	$(Q)set -e; $(foreach f,$(installed),install -D -m 644 $(call from,$f) $(call to,$f);) \
		$(foreach f,$(installed_programs),install -D -m 755 $(call from,$f) $(call to,$f);)

uninstall: ## remove what install with the same variables put there
	$(Q)rm -f $(foreach f,$(installed) $(installed_programs),$(call to,$f))
	$(Q)for dir in $(INCLUDEDIR)/psci $(DATADIR) $(DOCDIR)/examples $(DOCDIR); do \
		if [ -d "$(DESTDIR)$$dir" ]; then rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$dir"; fi; done

check: ## everything ./check runs, without installing anything
	$(Q)tests/run-all

check-long: ## check, with all pairs of host and guest kernel
	$(Q)tests/run-all --long

N ?= 30
BUSY ?= 10

demo-often: ## ./demo N=30 times in a row, BUSY=10 of them on a busy machine
	$(Q)tests/demo-often $(N) $(BUSY)

clean: ## remove what was built
	$(Q)rm -rf $(O)

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: model model-broken payload-broken payload-mutate cost prove size spec-map mutate fuzz replay
.PHONY: examples examples-test install uninstall
.PHONY: module deb demo-often test-programs test-programs-fast
.PHONY: all lib dormouse system-programs payload unit tsan freestanding hardening lint check check-long clean help
.DELETE_ON_ERROR:
