# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # Scripts that source it set and read them.
#
# relay.bash - QEMU's virt with psci-relay, and what it prints
#
# To be sourced, behind tap.bash, in the top folder. $work is a directory, O what was built.

relay=$O/relay/psci-relay.img guest=$O/relay/relay-guest.img output=$work/output

# Only turns a hang into a failure.
readonly patience=120

tap_context()
{
	tail -n 30 "$output" | tr -d '\r'
}

# board OPTION...: QEMU's virt with EL2, to its end
board()
{
	timeout "$patience" qemu-system-aarch64 -nodefaults -display none -serial stdio \
		-monitor none "$@" </dev/null >"$output" 2>&1
}

readonly el2=virt,virtualization=on,gic-version=3

# behind SITUATION BOARD-OPTION...: relay-guest's verdicts, each as one of ours
behind()
{
	local situation=$1 line verdicts

	shift
	board "$@" || true
	mapfile -t verdicts < <(tr -d '\r' <"$output" | grep -E '^(not )?ok ' || true)
	for line in "${verdicts[@]}"; do
		ok "$situation, ${line#* - psci-relay: }" [ "${line%% *}" = ok ]
	done
	ok "$situation, relay-guest comes to its end" grep -q "^1\.\.${#verdicts[@]}" "$output"
}

# loaded FILE: the options for a kernel that QEMU loads beside the relay
loaded()
{
	echo "-kernel $relay -device loader,file=$1,addr=0x40400000,force-raw=on"
}

# said PATTERN: what the guest said, a line each
said()
{
	tr -d '\r' <"$output" | sed -n "s/^GUEST: //p" | grep -o "$1" || true
}

# linux SERIES: a file of relay and kernel, $work/linux, and its $initrd
linux()
{
	local guest_folder

	guest_folder=$(tools/guest-initrd "$1")
	initrd=$guest_folder/initrd
	tools/relay-image --relay "$relay" "$guest_folder/Image" "$work/linux"
	truncate -s 512M "$work/swap"
	truncate -s 1M "$work/scratch"
}

# linux_boots STEPS BOARD-OPTION...: swap is vda, and what remembers a reboot is vdb. One thread
# emulates all CPUs, and where nothing is to be done time is skipped. To compress an image would take
# longer than to write it.
linux_boots()
{
	local steps=$1

	shift
	board "$@" -icount shift=3,sleep=off -rtc clock=vm -kernel "$work/linux" -initrd "$initrd" \
		-append "console=ttyAMA0 loglevel=4 hibernate=nocompress swap=vda scratch=vdb do=$steps" \
		-global virtio-mmio.force-legacy=false \
		-drive "file=$work/scratch,format=raw,if=none,id=scratch,cache=unsafe" \
		-device virtio-blk-device,drive=scratch \
		-drive "file=$work/swap,format=raw,if=none,id=swap,cache=unsafe" \
		-device virtio-blk-device,drive=swap
}
