# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tests/el3/run sets them.
#
# What a program at EL2 or EL1 finds, tests/el3/probe.c.

probe=$build/el3/probe.img

# finds LEVEL: the probe's own verdicts, of which none may be missing
finds()
{
	local line count=0

	while read -r line; do
		line=${line%$'\r'}
		count=$((count + 1))
		ok "from $1: ${line#*: }" [ "${line%%:*}" = yes ]
	done < <(grep -aE '^(yes|NO): ' "$console" || true)
	is "from $1 the probe gives all of its verdicts" "$count" "$2"
}

# costs LEVEL CALL LIMIT: instructions from SMC to the caller's next one
costs()
{
	local seen=none

	! nth_match "$console" "^cost $2 ([0-9]+)" || seen=${BASH_REMATCH[1]}
	echo "# from $1: $2 takes $seen instructions, at most $3 are wanted"
	ok "from $1: $2 takes at most $3 instructions" [ "$seen" -le "$3" ]
}

# probes LEVEL PROPERTIES CPU
probes()
{
	machine_start "$2" "$3" -icount shift=0 -smp 4 -m 128 -kernel "$probe"
	machine_type cmratq
	ok "from $1: SYSTEM_OFF ends QEMU with status 0" machine_ends
	ok "from $1: the probe is started there" has_line "$console" "^probe at $1"
	finds "$1" 11
	costs "$1" PSCI_VERSION 200
	costs "$1" PSCI_FEATURES 215
	costs "$1" AFFINITY_INFO 290
	costs "$1" CPU_ON 1500
}

probes EL2 "$at_el2" cortex-a72
is "firmware flushes a Cortex-A72's predictors, and has done with Spectre-v4" \
	"$(tr -d '\r' <"$console" | grep workarounds)" "workarounds 0 -2 0"
probes EL1 "$secure_v3" max

# --- what is typed, and resets that come from outside ---

# In streaming mode such a CPU refuses SIMD.
machine_start "$at_el2" max,sme_fa64=off -smp 4 -m 128 \
	-device "loader,file=$probe,addr=0x40200000,force-raw=on"
ok "an Image that a loader has left in RAM is started" awaits "$console" '^probe at EL2'
ok "the source of the next stage is reported on the secure UART" \
	has_line "$secure" '^psci-el3: boot, cold, 4 CPUs, next stage at EL2 40200000 from RAM'
machine_type a
ok "calls of four CPUs that run at once have their answers" \
	awaits "$console" '^yes: calls from all CPUs at once'
machine_type s
ok "a CPU that was turned off in streaming mode is started again" \
	awaits "$console" '^yes: a CPU that streamed vectors'
machine_type u
ok "a machine with nothing to do sleeps in SYSTEM_SUSPEND" awaits "$secure" '^psci-el3: suspended'
machine_type x
ok "a byte wakes a machine whose CPU interface is closed" awaits "$console" '^yes: the UART wakes'
ok "the byte that woke the machine is not lost" awaits "$console" '^byte x'
ok "the wake-up is reported on the secure UART" has_line "$secure" '^psci-el3: running'

machine_type w
awaits "$console" '^pattern written' || true
machine_reset
awaits "$console" '^probe at EL2' 2 || true
machine_type l
ok "an unexpected reset keeps memory that is not protected" awaits "$console" '^pattern kept'
machine_type wp
awaits "$console" '^protected 0' || true
machine_reset
ok "an unexpected reset with MEM_PROTECT overwrites memory" \
	awaits "$secure" '^psci-el3: memory overwritten after an unexpected reset'
awaits "$console" '^probe at EL2' 3 || true
machine_type lpq
ok "of protected memory nothing is left after an unexpected reset" awaits "$console" '^pattern gone'
ok "a power cycle begins with memory that is not protected" awaits "$console" '^protected 0' 2
machine_ends || true
ok "memory that is protected is overwritten when the machine is turned off" \
	has_line "$secure" '^psci-el3: memory overwritten.?$'
