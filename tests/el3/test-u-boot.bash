# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tests/el3/run sets them.
#
# Debian's U-Boot as the next stage: a flat program without the head of an Image.

u_boot=$(tools/fetch package u-boot-qemu)/usr/lib/u-boot/qemu_arm64/u-boot.bin

machine_start "$at_el2" cortex-a72 -m 256 -device "loader,file=$u_boot,addr=0x40200000,force-raw=on"
# It keeps U-Boot from booting by itself.
machine_type " "
ok "U-Boot that a loader has left in RAM comes to its prompt" awaits_prompt "$console" "=> "
machine_type "fdt addr \$fdt_addr; fdt print /psci method"$'\n'
ok "U-Boot finds the monitor's PSCI in the device tree" awaits "$console" '^method = "smc"'
machine_type "poweroff"$'\n'
ok "U-Boot turns the machine off" machine_ends
is "U-Boot's power-off is reported on the secure UART" "$(tail -n 1 "$secure" | tr -d '\r')" \
	"psci-el3: off, by CPU 0"
