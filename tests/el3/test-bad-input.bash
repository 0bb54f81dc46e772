# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tests/el3/run sets them.
#
# What cannot be booted: a sentence on the console, and a stop.

# stops SENTENCE PATTERN PROPERTIES [OPTION]...: it prints it, and waits for ever
stops()
{
	local sentence=$1 pattern=$2 properties=$3

	shift 3
	machine_start "$properties" cortex-a72 -m 128 "$@"
	ok "$sentence" awaits "$console" "^psci-el3: $pattern.*; stopped"
	machine_kill
}

head -c 100000 /dev/zero >"$work/zeros"
truncate -s 200M "$work/huge"
# An Image that says that it takes 1 GiB.
head -c 4096 "$build/el3/probe.img" >"$work/large"
printf '\x00\x00\x00\x40\x00\x00\x00\x00' | dd of="$work/large" bs=1 seek=16 conv=notrunc status=none
printf '/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>; };\n' | dtc -O dtb -o "$work/no-cpus.dtb" -

stops "a kernel that is no Image is refused" "the kernel that QEMU has is no arm64 Image" "$at_el2" \
	-kernel "$work/zeros"
stops "a kernel that does not fit into RAM is refused" "the kernel does not fit into RAM" "$at_el2" \
	-kernel "$work/large"
stops "an initrd that does not fit into RAM is refused" "the initrd does not fit" "$at_el2" \
	-kernel "$build/el3/probe.img" -initrd "$work/huge"
stops "an Image in RAM that does not fit there is refused" "the Image at RAM [+] 2 MiB does not fit" "$at_el2" \
	-device "loader,file=$work/large,addr=0x40200000,force-raw=on"
stops "a machine without a next stage is stopped" "there is no next stage" "$at_el2"
stops "a machine with a GICv2 is refused" "there is no GICv3" gic-version=2,secure=on -kernel "$build/el3/probe.img"
stops "a machine that does not start at EL3 is refused" "this is not EL3" gic-version=3,virtualization=on
stops "a device tree without CPUs is refused" "the device tree lists no CPU" "$at_el2" \
	-dtb "$work/no-cpus.dtb" -kernel "$build/el3/probe.img"
