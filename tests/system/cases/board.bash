# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# What a guest can start with, and the machine that it finds: a flat binary and
# a firmware (tests/system/guests/board.S, which says where it woke up), a compressed
# kernel, disks in their order, as many CPUs and as much memory as there can be.

. "$here/lib/calls.bash"

board=$(command -v board.img)
vm_console=/dev/null vm_messages=/dev/null

# The guest prints where it runs and what x0 was: woke_up_at ADDRESS TREE
woke_up_at()
{
	guest_said "^BOARD: pc=$(printf %016x "$1") x0=$(printf %016x "$2") magic=00000000d00dfeed el=0*1 spsel=0*1 "
}

# Its MMU and caches are off: bits M, C and I of SCTLR_EL1.
caches_are_off()
{
	local sctlr

	sctlr=$(whole_lines "$vm_console" | sed -nE 's/^BOARD: .* sctlr=([0-9a-f]+).*/\1/p')
	[[ $sctlr ]] && (((16#$sctlr & 0x1005) == 0))
}

# Runs it to its end: run_board NAME OPTION...
run_board()
{
	vm_start "$@"
	vm_finish
}

refuses_board()
{
	local status=$1 pattern=$2

	shift 2
	run_board "$@"
	[[ $vm_status == "$status" && ! -s $vm_console ]] &&
		[[ $(wc -l <"$vm_messages") -eq 1 ]] && dormouse_said "$pattern"
}

# --- Flat binaries ---

flat_binary_starts()
{
	run_board flat --flat "$board" --memory 64M
	is "a flat binary: run exits 0 after its power-off" "$vm_status" 0
	ok "a flat binary wakes up at 0x40080000 at EL1h with the device tree in x0, far above it" \
		woke_up_at 0x40080000 0x42000000
	ok "a flat binary wakes up with MMU and caches off" caches_are_off
	cp "$board" "$disks/flat@home"
	run_board flat --flat "$disks/flat@home@0x43fff000" --memory 64M
	ok "a flat binary wakes up where it was told to be, with the device tree below it" \
		woke_up_at 0x43fff000 0x40000000
	is "status of a flat binary that was told its address: names file and address" \
		"$(vm_state flat flat)" "$disks/flat@home at 0x43fff000"
	run_board flat
	ok "a flat binary wakes up at the recorded address in the next run" woke_up_at 0x43fff000 0x40000000
	run_board flat --flat "$board@0x40000000"
	ok "a flat binary can be at the base of RAM" woke_up_at 0x40000000 0x48000000
}

flat_binary_is_refused()
{
	ok "a flat binary outside memory is refused" refuses_board 1 \
		'cannot be at 0x44000000: its address must be from 0x40000000 to 0x43ffffff$' \
		flat2 --flat "$board@0x44000000" --memory 64M
	ok "a flat binary over the device tree is refused" refuses_board 1 'cannot be at 0x40008000: ' \
		flat2 --flat "$board@0x40008000" --machine-version 1
	ok "a flat binary that does not fit is refused" refuses_board 1 '64 MiB of memory cannot hold ' \
		flat2 --flat "$board@0x43fffffc" --memory 64M
	ok "an ELF file as flat binary is refused" refuses_board 1 \
		"the flat binary /.*/dormouse is an ELF file, not a raw binary" \
		flat2 --flat "$(command -v dormouse)"
	ok "a machine with a flat binary and a firmware is a usage error" \
		refuses_board 2 '--flat excludes --kernel and --firmware' \
		flat2 --flat "$board" --firmware "$board"
	ok "an ELF file as kernel is refused as such" refuses_board 1 \
		'is not an arm64 Image: it is an ELF file' flat2 --kernel "$(command -v dormouse)"
}

# --- Machine versions ---

machine_version_is_kept()
{
	run_board version --flat "$board" --memory 64M
	is "a new machine has the newest version" "$(vm_state version machine-version)" 4
	is "status --json of a new machine has the newest version" \
		"$(dormouse status --json version | grep -c '"version": 4,$')" 1
	run_board version --flat "$board" --memory 64M --machine-version 1
	ok "the device tree of a machine of version 1 is at the base of RAM" woke_up_at 0x40080000 0x40000000
	is "status of a machine of version 1 says so" "$(vm_state version machine-version)" 1
	run_board version
	ok "a machine that is not described anew keeps its version" woke_up_at 0x40080000 0x40000000
}

hibernated_machine_keeps_its_version()
{
	# As a dormouse without versions would have left it.
	record=$DORMOUSE_STATE_DIR/version/record.json
	vm_drop_environment version
	sed -i '/"version": 1,$/d; s/"state": "off"/"state": "hibernated"/' "$record"
	is "the record of version 1 has the format of its time" "$(grep -c '"format": 1,$' "$record")" 1
	before=$(cat "$record")
	ok "another version for a hibernated guest of an earlier dormouse is refused" refuses_board 1 \
		'needs machine version 1, not 2: ' version --flat "$board" --memory 64M --machine-version 2
	is "the record of a hibernated guest is unchanged after another version was refused" \
		"$(cat "$record")" "$before"
	run_board version --flat "$board" --memory 64M
	ok "a hibernated guest of an earlier dormouse finds its board if started by its usual command" \
		woke_up_at 0x40080000 0x40000000
	is "a hibernated guest of an earlier dormouse still has machine version 1 after its start" \
		"$(vm_state version machine-version)" 1
	run_board version --flat "$board" --memory 64M
	ok "the usual command for a guest that is off makes a machine of the newest version" \
		woke_up_at 0x40080000 0x42000000
	ok "an unknown machine version is a usage error" refuses_board 2 \
		'--machine-version 5: must be from 1 to 4 ' flat2 --flat "$board" --machine-version 5
	ok "a machine version without a machine is a usage error" refuses_board 2 \
		'--machine-version without --kernel' version --machine-version 2
}

# --- A firmware ---

firmware_starts()
{
	run_board firmware --firmware "$board" --memory 64M
	is "a firmware: run exits 0 after its power-off" "$vm_status" 0
	ok "a firmware wakes up at 0 with the device tree in x0, at the base of RAM" \
		woke_up_at 0 0x40000000
	ok "both banks of flash read 0xff, and no write changes anything" guest_said \
		'^BOARD: flash end=f{16} second=f{16} after-write=f{16} code=0{8}aa0003f4'
	is "a firmware's write to its flash is not reported" "$(count_lines "$vm_messages" 'unmapped address')" 0
	ok "an ELF file as firmware is refused" refuses_board 1 \
		"the firmware /.*/dormouse is an ELF file, not a raw binary" \
		firmware2 --firmware "$(command -v dormouse)"
	vm_disk huge-firmware 65
	ok "a firmware that is larger than its flash is refused" refuses_board 1 \
		'no more than 64 MiB have room' firmware2 --firmware "$disks/huge-firmware"
	ok "an initrd for a firmware is a usage error" refuses_board 2 'a firmware itself finds what it boots' \
		firmware2 --firmware "$board" --initrd "$board"
}

# --- A disk in another format ---

qcow_disk_is_given_raw()
{
	printf 'QFI\373\0\0\0\3' >"$disks/qcow"
	truncate -s 1M "$disks/qcow"
	run_board qcow --flat "$board" --disk "$disks/qcow"
	is "a disk that looks like a QCOW image: the guest gets it raw" "$vm_status" 0
	ok "a disk that looks like a QCOW image: dormouse reports it" dormouse_said \
		"^dormouse: qcow: disk $disks/qcow looks like a QCOW image: "
}

# --- Limits ---

most_cpus_start()
{
	run_board many --flat "$board" --cpus 123 --memory 64M
	is "123 vCPUs: run exits 0" "$vm_status" 0
	ok "123 vCPUs: dormouse says so" dormouse_said '^dormouse: many: running, 123 vCPUs, 64 MiB, '
	ok "124 vCPUs are a usage error, with the limit" refuses_board 2 '--cpus 124: must be from 1 to 123 ' \
		many2 --flat "$board" --cpus 124
	# KVM numbers them by 16: the last is 7, 10. It exists, by that number, and none behind it.
	for mode in $([[ $(dormouse features | sed -n 's/^smccc-filter: //p') != yes ]] || echo userspace mixed) kernel; do
		calls_run last "--cpus 123 --psci $mode" "0xc4000004 0x70b 0" "1 0x70a 4" 7 0 7 0x84000008 0
		is "--psci $mode: AFFINITY_INFO of a vCPU beyond the last of 123 is INVALID_PARAMETERS" \
			"$(call_answer 0xc4000004)" -2
		is "--psci $mode: the last of 123 vCPUs starts and powers off" \
			"$(vm_state last cause)" "SYSTEM_OFF, from vCPU 122"
	done
}

most_memory_is_given()
{
	for memory in 62M 65M; do
		ok "--memory $memory is a usage error" refuses_board 2 "--memory $memory: must be " \
			little --flat "$board" --memory "$memory"
	done
	# More than a slot of KVM's has room for, though few hosts have it.
	ok "more memory than the host's KVM has addresses for is refused" refuses_board 1 \
		"67108864 MiB of memory are too much: .* this host's KVM has [0-9]+ bits, enough for [0-9]+ MiB$" \
		much2 --flat "$board" --memory 64T
	most=$(whole_lines "$vm_messages" | sed -nE 's/.* enough for ([0-9]+) MiB$/\1/p')
	# More than KVM has if it is not asked for its limit, where there is more.
	much=$((most < 5 << 20 ? most : 5 << 20))
	run_board much --flat "$board" --memory "${much}M"
	is "$much MiB of memory: run exits 0" "$vm_status" 0
}

# --- Consoles ---

console_goes_where_it_is_told()
{
	run_board file --flat "$board" --console "file:$disks/output"
	is "--console file: nothing is on standard output" "$(wc -c <"$vm_console")" 0
	vm_console=$disks/output
	ok "--console file: the file has all output" woke_up_at 0x40080000 0x48000000
	run_board file --console "$disks/output"
	is "--console with a path alone appends to that file" \
		"$(grep -c '^BOARD: pc=' "$disks/output")" 2
	run_board none --flat "$board" --console none
	is "--console none: run exits 0" "$vm_status" 0
	is "--console none: nothing is on standard output" "$(wc -c <"$vm_console")" 0
	run_board unix --flat "$board" --console "unix:$disks/console"
	is "--console unix: a guest without a client is not blocked" "$vm_status" 0
	ok "--console unix: the socket is removed at the end" test ! -e "$disks/console"
	ok "--console unix: another file is not replaced" refuses_board 1 \
		"cannot create the console's socket $disks/output: this path exists" \
		unix --flat "$board" --console "unix:$disks/output"
}

uart_need_not_be_enabled()
{
	printf 'as on QEMU.' >"$disks/echo-input"
	vm_stdin=$disks/echo-input run_board echo --flat "$(command -v echo.img)" --memory 64M
	is "a guest that never enables its UART gets its input" "$(cat "$vm_console")" "as on QEMU."
	is "a guest that never enables its UART ends by its input: run exits 0" "$vm_status" 0
}

# --- A compressed kernel, and disks ---

linux_finds_its_devices()
{
	gzip -1 -c "$guest/Image" >"$disks/Image.gz"
	vm_disk first 8
	dd if=/dev/urandom of="$disks/second" bs=1M count=16 2>/dev/null
	dd if=/dev/urandom of="$disks/third" bs=1M count=1 2>/dev/null
	before=$(sha256sum <"$disks/third")
	vm_start disks --kernel "$disks/Image.gz" --initrd "$guest/initrd" --memory 256M \
		--disk "$disks/first" --disk "$disks/second" --disk "$disks/third,ro" --cpus 2 \
		--append "$vm_linux do=report,alarm,random,disks,queues:vdb,discard:vdb,poweroff"
	vm_finish
	is "a kernel compressed by gzip boots" "$vm_status" 0
	is "the guest's device tree says that it runs on KVM" "$(guest_fact report hypervisor)" linux,kvm
	ok "the first disk of a Linux guest is vda" \
		guest_said '^GUEST: disk name=vda sectors=16384 ro=0 serial=first '
	ok "the second disk of a Linux guest is vdb" \
		guest_said '^GUEST: disk name=vdb sectors=32768 ro=0 serial=second '
	ok "the third disk of a Linux guest is vdc and read-only" guest_said \
		'^GUEST: disk name=vdc sectors=2048 ro=1 serial=third '
	ok "a disk of a guest with two CPUs has two queues or more" \
		guest_said '^GUEST: queues disk=vdb count=[2-9] '
	is "CPUs that write at once, each by its own queue, read what they wrote" \
		"$(guest_fact queues found)" 2
	is "the clock's alarm comes, once" "$(guest_fact alarm interrupts)" 1
	ok "virtio-rng is the guest's source of randomness" guest_said '^GUEST: random from=virtio_rng\.'
	is "virtio-rng gives as many bytes as were requested" "$(guest_fact random digits)" 128
	is "virtio-rng gives other bytes each time" "$(guest_fact random same)" no
	ok "a disk can be discarded" guest_said '^GUEST: disk name=vdb .* discard=[1-9]'
	ok "a disk can be zeroed" guest_said '^GUEST: disk name=vdb .* zeroes=[1-9]'
	is "a discarded part of a disk reads as zeros" "$(guest_fact discard left)" 0
	ok "a discarded part of a disk takes no space on the host" \
		[ "$(du -k "$disks/second" | cut -f 1)" -lt 1024 ]
	is "a disk keeps its size after a discard" "$(wc -c <"$disks/second")" $((16 << 20))
	is "a read-only disk is unchanged after the run" "$(sha256sum <"$disks/third")" "$before"
}

cut_kernel_is_refused()
{
	# A kernel whose end is missing, though its start is valid.
	head -c 5000000 "$disks/Image.gz" >"$disks/cut.gz"
	ok "a compressed kernel that is cut short is refused before the guest runs" refuses_board 1 \
		"the kernel $disks/cut.gz is truncated" cut --kernel "$disks/cut.gz"
	is "a compressed kernel that is cut short leaves no state of the VM" \
		"$(vm_state cut state 2>/dev/null)" ""
}

flat_binary_starts
flat_binary_is_refused
machine_version_is_kept
hibernated_machine_keeps_its_version
firmware_starts
qcow_disk_is_given_raw
most_cpus_start
most_memory_is_given
console_goes_where_it_is_told
uart_need_not_be_enabled
linux_finds_its_devices
cut_kernel_is_refused
