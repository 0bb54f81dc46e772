# SPDX-License-Identifier: BSD-3-Clause
#
# Tests and gates. tests/run-all runs those that are in tests/suites.

# --- programs of the trees asan, tsan and fuzzed ---

# All of dormouse but its commands and what reads a register; programs take out of the
# archive what they need.
vmm_tested_src := $(filter-out vmm/cli/% vmm/kvm/counter.c,$(vmm_src)) vmm/cli/option.c
$(foreach tree,asan tsan fuzzed,$(eval $(O)/$(tree)/libvmm.a: $(call objects,$(tree),$(vmm_tested_src))))

# --- unit tests: tests/unit/lib, tests/unit/vmm/ROOM, and tests/kvm on the KVM of ours ---

# Each folder of tests has what its test programs share, if anything, in other files.
unit_src := $(sort $(wildcard tests/unit/*/*.c tests/unit/vmm/*/*.c))
unit_tests := $(filter $(addsuffix test-%.c,$(sort $(dir $(unit_src)))),$(unit_src))
unit_support := $(filter-out $(unit_tests),$(unit_src))
$(foreach tree,asan tsan,$(eval $(O)/$(tree)/libunit.a: $(call objects,$(tree),$(unit_support))))
kvm_tests := $(sort $(wildcard tests/kvm/test-*.c))
kvm_support := $(filter-out $(kvm_tests),$(wildcard tests/kvm/*.c)) tests/fuzz/fake-kvm.c
# Those in which there are threads, of their own or a disk's; looked for when they are wanted.
threaded_tests = $(eval threaded_tests := $(shell \
	grep -lE '<pthread\.h>|<threads\.h>|"(blk|net)-rig\.h"|virtio.blk' $(unit_tests)))$(threaded_tests)

# programs(tree, sources)
programs = $(2:%.c=$(O)/$(1)/%)

$(O)/asan/tests/unit/%: $(O)/asan/tests/unit/%.c.o $(O)/asan/libunit.a $(O)/asan/libvmm.a $(O)/asan/libpsci.a
	$(call link,$(CC) $(SAN),$(LDFLAGS) -lcmocka $(VMM_LIBS))

$(O)/tsan/tests/unit/%: $(O)/tsan/tests/unit/%.c.o $(O)/tsan/libunit.a $(O)/tsan/libvmm.a $(O)/tsan/libpsci.a
	$(call link,$(CC) $(TSAN),$(LDFLAGS) -lcmocka $(VMM_LIBS))

fake_ioctl := -Wl,--wrap=ioctl

$(O)/asan/tests/kvm/%: $(O)/asan/tests/kvm/%.c.o $(call objects,asan,$(kvm_support)) $(O)/asan/libvmm.a $(O)/asan/libpsci.a
	$(call link,$(CC) $(SAN) $(fake_ioctl),$(LDFLAGS) -lcmocka $(VMM_LIBS))

unit: $(call programs,asan,$(unit_tests) $(kvm_tests)) ## unit tests, natively, under ASan and UBSan
	$(Q)tests/run-unit $^

tsan: $$(call programs,tsan,$$(threaded_tests)) ## those that have threads, under ThreadSanitizer
	$(Q)tests/run-unit $^

# A run's real threads, on the same KVM, which calls at random.
stress_src := $(sort $(wildcard tests/stress/*.c)) tests/fuzz/fake-kvm.c
stress_wraps := -Wl,--wrap=ioctl,--wrap=kvm_open,--wrap=record_save,--wrap=save_file_publish
stress_wraps += -Wl,--wrap=pthread_create

$(O)/tsan/stress: $(call objects,tsan,$(stress_src)) $(O)/tsan/libvmm.a $(O)/tsan/libpsci.a
	$(call link,$(CC) $(TSAN) $(stress_wraps),$(LDFLAGS) $(VMM_LIBS))

stress: T := 20
stress: $(O)/tsan/stress ## the threads of a run under ThreadSanitizer, with a random guest, user and failures; T=20 seconds
	$(Q)$< $(T)

# --- fuzzing ---

FUZZ_LD := -fsanitize=fuzzer,address,undefined
T ?= 30
fuzz_names := $(patsubst tests/fuzz/fuzz-%.c,%,$(sort $(wildcard tests/fuzz/fuzz-*.c)))
model_src := $(sort $(wildcard tests/model/*.c))
fuzz_support := $(filter-out tests/model/test-%,$(model_src))

$(O)/fuzz/fuzz-%: $(O)/fuzzed/tests/fuzz/fuzz-%.c.o $(call objects,fuzzed,$(fuzz_support)) \
		$(O)/fuzzed/libvmm.a $(O)/fuzzed/libpsci.a
	$(call link,$(FUZZ_CC) $(FUZZ_LD) $(wrap),$(VMM_LIBS))

$(O)/asan/replay-%: $(O)/asan/tests/fuzz/fuzz-%.c.o $(call objects,asan,tests/fuzz/replay.c $(fuzz_support)) \
		$(O)/asan/libvmm.a $(O)/asan/libpsci.a
	$(call link,$(CC) $(SAN) $(wrap),$(LDFLAGS) $(VMM_LIBS))

# A saved VM is restored whole, by all that has a part in it.
$(O)/fuzz/fuzz-saved: $(O)/fuzzed/tests/fuzz/fake-kvm.c.o
$(O)/asan/replay-saved: $(O)/asan/tests/fuzz/fake-kvm.c.o
$(O)/fuzz/fuzz-saved $(O)/asan/replay-saved: wrap := $(fake_ioctl)

fuzz: $(fuzz_names:%=$(O)/fuzz/fuzz-%) ## fuzz everything that reads a guest's bytes, T=30 seconds each
	$(Q)tests/fuzz/run-fuzz $(T) $^

replay: $(fuzz_names:%=$(O)/asan/replay-%) ## what fuzzing has found, once more
	$(Q)tests/run-unit $^

# --- proof: what goes over the whole of something ---

lifecycle_model_src := $(sort $(wildcard tests/lifecycle/*.c)) tests/model/graph.c vmm/record/lifecycle.c vmm/control/lifecycle-park.c vmm/control/lifecycle-action.c

$(O)/native/test-model: $(call objects,native,$(model_src)) $(O)/native/libpsci.a
$(O)/native/test-lifecycle-model: $(call objects,native,$(lifecycle_model_src) vmm/control/lifecycle-step.c)
$(O)/native/test-cost: $(call objects,native,tests/cost/test-cost.c) $(O)/native/libpsci.a
$(addprefix $(O)/native/,test-model test-lifecycle-model test-cost):
	$(call link,$(CC),$(LDFLAGS))

model: $(O)/native/test-model ## every state of small machines, against a second implementation
	$(Q)$<

model-broken: $(call objects,native,$(model_src)) $(O)/native/libpsci.a ## that it finds faults, each of which is put in
	$(Q)CC='$(CC)' tests/model/test-broken $^

lifecycle: $(O)/native/test-lifecycle-model ## every order of what can happen to a VM: its life cycle, to a fixed point
	$(Q)$<

lifecycle-broken: $(call objects,native,$(lifecycle_model_src)) ## that it finds faults, each of which is put in
	$(Q)CC='$(CC)' tests/lifecycle/test-broken $^

cost: $(O)/native/test-cost ## what calls take in instructions; fails above SPECIFICATION.md's budgets
	$(Q)$<

prove: ## no undefined behaviour whatever a guest calls with, by Frama-C; see docs/prove.md
	$(Q)O=$(O) tools/prove

size: ## what libpsci takes on arm64; fails if a budget of SPECIFICATION.md is exceeded
	$(Q)tools/size $(ARM64_CC)

bench: all el3 relay $(addprefix $(O)/arm64/,clock.img psci-wake.img psci-sweep.img net-frames.img net-peer stopwatch wakes) $(O)/native/test-cost ## what calls, starts and guests cost, and whether targets are met
	$(Q)O=$(O) tests/bench/run

$(O)/native/support-table: $(call objects,native,tools/support-table.c) $(O)/native/libpsci.a
	$(call link,$(CC),$(LDFLAGS))

spec-map: ## docs/spec-map.md, from docs/spec-map.txt and the ids in the tests
	$(Q)tools/spec-map

# --- mutants: another libpsci.so under the same test programs ---

mutation_tests := $(filter tests/unit/lib/%,$(unit_tests))
mutation_programs := $(mutation_tests:tests/unit/lib/%.c=$(O)/mutation/tests/%) $(O)/mutation/tests/test-model
mutation_link := -L$(O)/mutation/link -lpsci

$(O)/mutation/link/libpsci.so: $(lib_src)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -Iinclude $(CFLAGS_LIB) -fPIC -shared -o $@ $(lib_src)

$(O)/mutation/tests/test-model: $(call objects,native,$(model_src)) | $(O)/mutation/link/libpsci.so
	$(call link,$(CC),$(mutation_link))

$(O)/mutation/tests/%: $(O)/native/tests/unit/lib/%.c.o $(call objects,native,$(filter tests/unit/lib/%,$(unit_support))) \
		| $(O)/mutation/link/libpsci.so
	$(call link,$(CC),$(mutation_link) -lcmocka -pthread)

mutate: $(mutation_programs) ## change the library in one place at a time: does a test notice?
	$(Q)tests/mutation/mutate

# The payload's tests on a fake machine, which takes each mutant's libpsci.so, at an
# address that fits in 32 bits, as a guest's image is.
fake_machine_src := $(sort $(wildcard payload/*.c tests/payload/*.c)) tests/payload/fake-context.S \
	$(patsubst %,payload/runtime/%.c,call exception report smp) arch/arm64/timer.c

$(O)/fake-machine/fake-machine: $(call objects,fake-machine,$(fake_machine_src)) | $(O)/mutation/link/libpsci.so
	$(call link,$(CC) -no-pie,$(mutation_link) -pthread)

payload-mutate: $(O)/fake-machine/fake-machine payload ## change the library in one place at a time: does the payload notice?
	$(Q)O=$(O) tests/payload/mutate

payload-broken: $(O)/arm64/dormouse payload ## that the payload finds faults of libpsci, each of which is put in
	$(Q)O=$(O) tests/payload/test-broken $(ARM64_CC) $(call objects,arm64,$(vmm_src) $(lib_src)) \
		-- $(LDFLAGS) $(LDFLAGS_SYSROOT) $(VMM_LIBS)

# --- gates, and all of it ---

freestanding: $(O)/native/libpsci.a $(O)/arm64/libpsci.a ## libpsci needs nothing and has no writable data
	$(Q)tools/check-freestanding $^

hardening: $(O)/arm64/dormouse ## that dormouse is compiled and linked with what makes faults harder to exploit
	$(Q)tools/check-hardening $< $(call objects,arm64,$(vmm_src)) $(O)/arm64/libpsci.a

# How each source is compiled, for clang-tidy and clangd: what make would run to make all
# objects that there are.
compile_commands.json: $(sysroot_file) $(kvm_headers) ## how each source is compiled, for editors and clang-tidy
	$(Q)$(MAKE) --no-print-directory -Bn all payload el3 relay test-programs bench payload-mutate \
		$(call objects,native,$(wildcard tests/prove/*.c)) >$(O)/compile-commands.make
	$(Q)tools/compile-commands <$(O)/compile-commands.make >$@

lint: freestanding hardening compile_commands.json ## layout, static analysis, spelling of includes, scripts, man pages, calls to the kernel
	$(Q)tools/lint
	$(Q)tools/check-system-calls $(O)/arm64

# All at once, so that no object is made twice.
test-programs-fast: $(call programs,asan,$(unit_tests) $(kvm_tests)) $$(call programs,tsan,$$(threaded_tests)) \
	$(addprefix $(O)/native/,test-model test-lifecycle-model test-cost support-table) $(O)/tsan/stress \
	$(fuzz_names:%=$(O)/asan/replay-%) ## what the native tests run

test-programs: test-programs-fast examples $(fuzz_names:%=$(O)/fuzz/fuzz-%) ## what all tests run

check: ## everything ./check runs, without installing anything
	$(Q)tests/run-all

check-long: ## check, with all pairs of host and guest kernel
	$(Q)tests/run-all --long

N ?= 30
BUSY ?= 10

demo-often: ## ./demo N=30 times in a row, BUSY=10 of them on a busy machine
	$(Q)tests/demo-often $(N) $(BUSY)

.PHONY: unit tsan stress fuzz replay model model-broken lifecycle lifecycle-broken cost prove size bench spec-map mutate
.PHONY: compile_commands.json payload-mutate payload-broken freestanding hardening lint test-programs test-programs-fast check check-long demo-often
