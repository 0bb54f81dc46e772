# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # vm.bash and run-in-host set them.
#
# What a guest can start with, and the machine that it finds: a flat binary and
# a firmware (tests/system/guests/board.S, which says where it woke up), a compressed
# kernel, disks in their order, as many CPUs and as much memory as there can be.

. "$here/lib/calls.bash"

board=$(command -v board.img)
vm_console=/dev/null vm_messages=/dev/null

# The guest says where it runs and what it was handed: woke_up_at ADDRESS TREE
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

# run_board NAME OPTION...: to its end
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

run_board flat --flat "$board" --memory 64M
is "a flat binary: run exits 0 after its power-off" "$vm_status" 0
ok "a flat binary wakes up at 0x40080000 at EL1h with the device tree in x0, far above it" \
	woke_up_at 0x40080000 0x42000000
ok "a flat binary wakes up with MMU and caches off" caches_are_off
cp "$board" "$disks/flat@home"
run_board flat --flat "$disks/flat@home@0x43fff000" --memory 64M
ok "a flat binary wakes up where it was told to be, with the device tree below it" \
	woke_up_at 0x43fff000 0x40000000
is "status knows where" "$(vm_state flat flat)" "$disks/flat@home at 0x43fff000"
run_board flat
ok "another run puts it there again" woke_up_at 0x43fff000 0x40000000
run_board flat --flat "$board@0x40000000"
ok "a flat binary can be at the base of RAM" woke_up_at 0x40000000 0x48000000
ok "a flat binary outside memory is refused" refuses_board 1 \
	'cannot be at 0x44000000: its address must be from 0x40000000 to 0x43ffffff$' \
	flat2 --flat "$board@0x44000000" --memory 64M
ok "one over the device tree is refused" refuses_board 1 'cannot be at 0x40008000: ' \
	flat2 --flat "$board@0x40008000" --machine-version 1
ok "one that does not fit is refused" refuses_board 1 '64 MiB of memory cannot hold ' \
	flat2 --flat "$board@0x43fffffc" --memory 64M
ok "an ELF file is no flat binary" refuses_board 1 \
	"the flat binary /.*/dormouse is an ELF file, not a raw binary" \
	flat2 --flat "$(command -v dormouse)"
ok "two ways to start are one too many" refuses_board 2 'exclude each other' \
	flat2 --flat "$board" --firmware "$board"
ok "a kernel that is none is named for what it is" refuses_board 1 \
	'is not an arm64 Image: it is an ELF file' flat2 --kernel "$(command -v dormouse)"

# --- Machine versions ---

run_board version --flat "$board" --memory 64M
is "a new machine has the newest version" "$(vm_state version machine-version)" 2
is "status --json tells it, too" "$(dormouse status --json version | grep -c '"version": 2,$')" 1
run_board version --flat "$board" --memory 64M --machine-version 1
ok "in version 1 the device tree is at the base of RAM" woke_up_at 0x40080000 0x40000000
is "and status says so" "$(vm_state version machine-version)" 1
run_board version
ok "a machine that is not described anew keeps its version" woke_up_at 0x40080000 0x40000000
# As a dormouse without versions would have left it.
record=$DORMOUSE_STATE_DIR/version/record.json
sed -i '/"version": 1,$/d; s/"state": "off"/"state": "hibernated"/' "$record"
is "the record of version 1 has the format of its time" "$(grep -c '"format": 1,$' "$record")" 1
before=$(cat "$record")
ok "a hibernated guest of an earlier dormouse is given no other version" refuses_board 1 \
	'needs machine version 1, not 2: ' version --flat "$board" --memory 64M --machine-version 2
is "and nothing of it changes" "$(cat "$record")" "$before"
run_board version --flat "$board" --memory 64M
ok "started by the same command as ever, it finds the board that it left" \
	woke_up_at 0x40080000 0x40000000
is "which is of version 1 still" "$(vm_state version machine-version)" 1
run_board version --flat "$board" --memory 64M
ok "once it is off, the same command makes a machine of the newest version" \
	woke_up_at 0x40080000 0x42000000
ok "a version that there is not is a usage error" refuses_board 2 \
	'--machine-version 3: must be from 1 to 2 ' flat2 --flat "$board" --machine-version 3
ok "a version without a machine is one, too" refuses_board 2 \
	'--machine-version without --kernel' version --machine-version 2

# --- A firmware ---

run_board firmware --firmware "$board" --memory 64M
is "a firmware: run exits 0 after its power-off" "$vm_status" 0
ok "a firmware wakes up at 0 with the device tree in x0, at the base of RAM" \
	woke_up_at 0 0x40000000
ok "both banks of flash read 0xff, and no write changes anything" guest_said \
	'^BOARD: flash end=f{16} second=f{16} after-write=f{16} code=0{8}aa0003f4'
is "what a firmware writes to its flash is no news" "$(count_lines "$vm_messages" 'unmapped address')" 0
ok "an ELF file is no firmware" refuses_board 1 \
	"the firmware /.*/dormouse is an ELF file, not a raw binary" \
	firmware2 --firmware "$(command -v dormouse)"
vm_disk huge-firmware 65
ok "a firmware that is larger than its flash is refused" refuses_board 1 \
	'no more than 64 MiB have room' firmware2 --firmware "$disks/huge-firmware"
ok "an initrd for a firmware is a usage error" refuses_board 2 'a firmware itself finds what it boots' \
	firmware2 --firmware "$board" --initrd "$board"

# --- A disk in another format ---

printf 'QFI\373\0\0\0\3' >"$disks/qcow"
truncate -s 1M "$disks/qcow"
run_board qcow --flat "$board" --disk "$disks/qcow"
is "a disk that looks like a QCOW image: the guest gets it raw" "$vm_status" 0
ok "a disk that looks like a QCOW image: it is told" dormouse_said \
	"^dormouse: qcow: disk $disks/qcow looks like a QCOW image: "

# --- Limits ---

run_board many --flat "$board" --cpus 123 --memory 64M
is "123 vCPUs: run exits 0" "$vm_status" 0
ok "123 vCPUs: dormouse says so" dormouse_said '^dormouse: many: running, 123 vCPUs, 64 MiB, '
ok "124 are a usage error, with the limit" refuses_board 2 '--cpus 124: must be from 1 to 123 ' \
	many2 --flat "$board" --cpus 124
# KVM numbers them by 16: the last is 7, 10. It is there, by that number, and none behind it.
for mode in $([[ $(dormouse features | sed -n 's/^smccc-filter: //p') != yes ]] || echo userspace mixed) kernel; do
	calls_run last "--cpus 123 --psci $mode" "0xc4000004 0x70b 0" "1 0x70a 4" 7 0 7 0x84000008 0
	is "$mode: behind the last of 123 vCPUs there is none" "$(call_answer 0xc4000004)" -2
	is "$mode: the last of 123 vCPUs starts, and powers off" \
		"$(vm_state last cause)" "SYSTEM_OFF, from vCPU 122"
done
for memory in 62M 65M; do
	ok "--memory $memory is a usage error" refuses_board 2 "--memory $memory: must be " \
		little --flat "$board" --memory "$memory"
done
# More than a slot of KVM's has room for, though few hosts have it.
ok "more memory than the host's KVM has addresses for is refused" refuses_board 1 \
	"67108864 MiB of memory are too much: .* this host's KVM has [0-9]+ bits, enough for [0-9]+ MiB$" \
	much2 --flat "$board" --memory 64T
most=$(whole_lines "$vm_messages" | sed -nE 's/.* enough for ([0-9]+) MiB$/\1/p')
# More than what a KVM has that is not asked for its limit, where there is more.
much=$((most < 5 << 20 ? most : 5 << 20))
run_board much --flat "$board" --memory "${much}M"
is "$much MiB of memory: run exits 0" "$vm_status" 0

# --- Consoles ---

run_board file --flat "$board" --console "file:$disks/output"
is "--console file: nothing is on standard output" "$(wc -c <"$vm_console")" 0
vm_console=$disks/output
ok "--console file: all is in the file" woke_up_at 0x40080000 0x48000000
run_board file --console "$disks/output"
is "--console with a path alone appends to that file" \
	"$(grep -c '^BOARD: pc=' "$disks/output")" 2
run_board none --flat "$board" --console none
is "--console none: run exits 0" "$vm_status" 0
is "--console none: nothing is on standard output" "$(wc -c <"$vm_console")" 0
run_board unix --flat "$board" --console "unix:$disks/console"
is "--console unix: nobody there holds no guest up" "$vm_status" 0
ok "--console unix: the socket is gone afterwards" test ! -e "$disks/console"
ok "--console unix: another file is not replaced" refuses_board 1 \
	"cannot create the console's socket $disks/output: this path exists" \
	unix --flat "$board" --console "unix:$disks/output"

printf 'as on QEMU.' >"$disks/echo-input"
vm_stdin=$disks/echo-input run_board echo --flat "$(command -v echo.img)" --memory 64M
is "a guest that never enables its UART gets its input" "$(cat "$vm_console")" "as on QEMU."
is "and ends by it: run exits 0" "$vm_status" 0

# --- A compressed kernel, and disks ---

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
ok "the first disk is vda" guest_said '^GUEST: disk name=vda sectors=16384 ro=0 serial=first '
ok "the second disk is vdb" guest_said '^GUEST: disk name=vdb sectors=32768 ro=0 serial=second '
ok "the third disk is vdc, and read-only" guest_said \
	'^GUEST: disk name=vdc sectors=2048 ro=1 serial=third '
ok "a disk has queues for the CPUs" guest_said '^GUEST: queues disk=vdb count=[2-9] '
is "CPUs that write at once, each by its own queue, read what they wrote" \
	"$(guest_fact queues found)" 2
is "the clock's alarm comes, once" "$(guest_fact alarm interrupts)" 1
ok "virtio-rng is the guest's source of randomness" guest_said '^GUEST: random from=virtio_rng\.'
is "its bytes are as many as asked for" "$(guest_fact random digits)" 128
is "and others each time" "$(guest_fact random same)" no
ok "a disk can be discarded" guest_said '^GUEST: disk name=vdb .* discard=[1-9]'
ok "and zeroed" guest_said '^GUEST: disk name=vdb .* zeroes=[1-9]'
is "what was discarded reads as zeros" "$(guest_fact discard left)" 0
ok "and takes no place on the host any more" [ "$(du -k "$disks/second" | cut -f 1)" -lt 1024 ]
is "it is as large as it was" "$(wc -c <"$disks/second")" $((16 << 20))
is "the read-only disk is as it was" "$(sha256sum <"$disks/third")" "$before"

# A kernel whose end is missing: the start of it looks fine.
head -c 5000000 "$disks/Image.gz" >"$disks/cut.gz"
ok "a compressed kernel that is cut short is refused before the guest runs" refuses_board 1 \
	"the kernel $disks/cut.gz is truncated" cut --kernel "$disks/cut.gz"
is "nor does it leave a state" "$(vm_state cut state 2>/dev/null)" ""
