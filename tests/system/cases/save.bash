# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# dormouse save and restore: a guest in SYSTEM_SUSPEND, in a file and back, whoever
# serves PSCI; what is refused loses nothing.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

save_modes=(userspace kernel mixed)
[[ $(dormouse features | sed -n 's/^smccc-filter: //p') == yes ]] || save_modes=(kernel)
saved=$disks/vm.saved

mkfifo "$disks/save-in"
exec {bytes}<>"$disks/save-in"
vm_stdin=$disks/save-in

# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it: o ends it.
calls_guest "$disks/save.img" 2 "3 0x6f 4" "0xc400000e 0x40200000 0x5eed" 0 0x84000008

for mode in "${save_modes[@]}"; do
	name=save-$mode
	rm -f "$saved"
	vm_start "$name" --kernel "$disks/save.img" --memory 64M --cpus 3 --psci "$mode"
	vm_await "$vm_messages" ': running, ' || true
	ok "$mode: a guest that runs cannot be saved" fails vm_save "$name" "$saved"
	is "$mode: which is told" "$saved_said" "dormouse: $name cannot be saved while it is running: \
its guest must first suspend itself to RAM"
	printf s >&"$bytes"
	ok "$mode: the guest suspends" vm_await_state "$name" suspended
	ok "$mode: where there is a file it is not saved" fails vm_save "$name" "$disks/save.img"
	is "$mode: which is told" "$saved_said" "dormouse: cannot save $name in $disks/save.img: \
the file already exists"
	ok "$mode: nor where there is no directory" fails vm_save "$name" "$disks/none/vm.saved"
	is "$mode: and it is still suspended" "$(vm_state "$name" state)" suspended
	echo "mine" >"$saved.part"
	ok "$mode: it is saved" vm_save "$name" "$saved"
	is "$mode: another file beside it, of the name it has at first, stays" \
		"$(cat "$saved.part")" mine
	rm "$saved.part"
	is "$mode: which is told, too" "$saved_said" "$name: saved"
	vm_finish
	is "$mode: saved, run exits 7" "$vm_status" 7
	is "$mode: status says so" "$(vm_state "$name" state)" saved
	is "$mode: and where" "$(vm_state "$name" saved)" "$saved"
	is "$mode: the file is for its owner alone" "$(stat -c %a "$saved")" 600
	vm_start "$name"
	vm_finish
	is "$mode: saved, it is not started anew" "$vm_status" 1
	ok "$mode: but told how it goes on" dormouse_said "resume it with \"dormouse restore $saved\""
	vm_restore "$name" "$saved"
	ok "$mode: restored, it is suspended" vm_await_state "$name" suspended
	is "$mode: where it was" "$(vm_state "$name" suspended | sed 's/^[^,]*, //')" \
		"by vCPU 0, to resume at 0x40200000 with x0 0x5eed"
	ok "$mode: in another process" [ "$(dormouse_pid)" = "$(vm_state "$name" pid)" ]
	printf s >&"$bytes"
	vm_await "$vm_messages" ': running: woken by the console, at ' || true
	ok "$mode: a byte wakes it, and it suspends again" vm_await_state "$name" suspended
	dormouse wake "$name" >"$disks/said" 2>&1 || true
	is "$mode: so does dormouse wake" "$(cat "$disks/said")" "$name: awake"
	printf o >&"$bytes"
	vm_finish
	is "$mode: then it powers off" "$vm_status" 0
	vm_restore "$name" "$saved"
	vm_finish
	is "$mode: it has run since and is not restored again" "$vm_status" 1
	ok "$mode: with the reason" dormouse_said "$name has run since it was saved in "
	printf o >&"$bytes"
	vm_restore "$name" "$saved" --force
	vm_await_state "$name" suspended || true
	dormouse wake "$name" >"$disks/said" 2>&1 || true
	vm_finish
	is "$mode: unless it must be" "$vm_status" 0
done

# --- What is wrong with a file ---

# restore says so, exits 1, and the VM stays saved: refused WHAT SAYING
refused()
{
	vm_restore save-damage "$disks/damaged"
	vm_finish
	is "$1 is refused" "$vm_status" 1
	ok "$1: with the reason" dormouse_said "$2"
	is "$1: it is still saved" "$(vm_state save-damage state)" saved
}

rm -f "$saved"
vm_start save-damage --kernel "$disks/save.img" --memory 64M
printf s >&"$bytes"
vm_await_state save-damage suspended || true
vm_save save-damage "$saved" || true
vm_finish
size=$(stat -c %s "$saved")
for place in 20 $((size / 4)) $((size / 2)) $((size - 3)); do
	cp "$saved" "$disks/damaged"
	byte=$(od -An -tu1 -j "$place" -N 1 "$saved")
	printf '%b' "\\x$(printf %02x $((byte ^ 0x01)))" |
		dd of="$disks/damaged" bs=1 seek="$place" conv=notrunc 2>/dev/null
	refused "a file whose byte $place of $size is another" 'is damaged|has format|saved a VM'
done
head -c $((size - 1)) "$saved" >"$disks/damaged"
refused "a file without its last byte" 'is damaged: it ends too early'
{ cat "$saved" && echo; } >"$disks/damaged"
refused "a file with a byte too many" 'is damaged'
printf 'DORMOUSE saved \3' >"$disks/damaged"
refused "a file of a later format" \
	'has format 3, which this dormouse \(formats 1 to 2\) does not know'
: >"$disks/damaged"
refused "an empty file" 'is no file that dormouse saved a VM in'
cp "$guest/Image" "$disks/damaged"
refused "a kernel" 'is no file that dormouse saved a VM in'
rm "$disks/damaged"
refused "a file that is not there" 'cannot open .*: No such file'
mkfifo "$disks/damaged"
refused "a FIFO" 'is no file that dormouse saved a VM in'
rm "$disks/damaged"
printf o >&"$bytes"
vm_restore save-damage "$saved"
vm_await_state save-damage suspended || true
dormouse wake save-damage >"$disks/said" 2>&1 || true
vm_finish
is "after all that the file restores it" "$vm_status" 0

# --- No space ---

mkdir "$disks/small"
mount -t tmpfs -o size=4k tmpfs "$disks/small"
head -c 4096 /dev/zero >"$disks/small/full"
vm_start save-full --kernel "$disks/save.img" --memory 64M
printf s >&"$bytes"
vm_await_state save-full suspended || true
ok "where there is no space it is not saved" fails vm_save save-full "$disks/small/vm.saved"
is "which is told" "$saved_said" "dormouse: cannot save save-full in $disks/small/vm.saved: \
No space left on device"
is "nothing of it is left" "$(ls "$disks/small")" full
printf o >&"$bytes"
vm_finish
is "and it wakes and goes on" "$vm_status" 0
umount "$disks/small"

exec {bytes}>&-
rm "$disks/save-in"
vm_stdin=
