# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# RAM of a restored machine, which is fetched from the file while the guest runs: by
# userfaultfd as root, by a mapping as a user who may not; and files that are damaged,
# change or become shorter meanwhile.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"

mkfifo "$disks/memory-in"
exec {bytes}<>"$disks/memory-in"
vm_stdin=$disks/memory-in
unset_stdin()
{
	exec {bytes}>&-
	rm "$disks/memory-in"
	vm_stdin=
}

# Takes a byte, and suspends; wakes, begins again, takes the byte that woke it: o ends it.
calls_guest "$disks/memory.img" 2 "3 0x6f 4" "0xc400000e 0x40200000 0x5eed" 0 0x84000008

# --- Users: root, and one who may not use userfaultfd for KVM's accesses ---

become_able_to_be_nobody()
{
	local kvm

	printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >"$disks/passwd"
	chmod 711 "$disks"
	mkdir -m 777 "$disks/nobody"
	kvm=$(stat -c '%t %T' /dev/kvm)
	mknod -m 666 "$disks/kvm" c $((0x${kvm% *})) $((0x${kvm#* }))
	as_nobody="mount --bind $disks/passwd /etc/passwd && mount --bind $disks/kvm /dev/kvm"
}

# The next VMs are of the user who has that way, whose state directory it sets: use WAY
use()
{
	case $1 in
	userfaultfd)
		vm_under=()
		export DORMOUSE_STATE_DIR=$disks/state
		saved=$disks/memory.saved
		;;
	mapping)
		vm_under=(unshare -m sh -c "$as_nobody && exec su nobody -c 'exec \"\$0\" \"\$@\"' -- \"\$0\" \"\$@\"")
		export DORMOUSE_STATE_DIR=$disks/nobody/state
		saved=$disks/nobody/memory.saved
		;;
	esac
}

# --- What is tested ---

# A saved VM in $saved, which its user may read: memory_saves NAME
memory_saves()
{
	rm -f "$saved"
	vm_start "$1" --kernel "$disks/memory.img" --memory 64M
	printf s >&"$bytes"
	vm_await_state "$1" suspended
	vm_save "$1" "$saved"
	vm_finish
	chmod 644 "$saved"
}

# memory_restores NAME [OPTION...]
memory_restores()
{
	vm_restore "$1" "$saved" "${@:2}"
	vm_await_state "$1" suspended
}

memory_wakes()
{
	printf o >&"$bytes"
	vm_finish
}

fetched_as_needed()
{
	use "$1"
	memory_saves "need-$1"
	memory_restores "need-$1" --no-prefetch
	is "by $1: status says how RAM is fetched" "$(vm_state "need-$1" restoring)" "from that file, by $1"
	memory_wakes
	is "by $1: a guest whose RAM is fetched wakes and powers off" "$vm_status" 0
	ok "by $1: status of a machine that ended says nothing of it" [ -z "$(vm_state "need-$1" restoring)" ]
}

copied_behind_the_guest()
{
	use "$1"
	memory_saves "copy-$1"
	memory_restores "copy-$1"
	ok "by $1: dormouse reports that the file is not needed any more" vm_await "$vm_messages" \
		": copy-$1: its memory is copied: $saved is not needed any more"
	vm_until memory_is_complete "copy-$1"
	is "by $1: status says nothing of the file then" "$(vm_state "copy-$1" restoring)" ""
	: >"$saved"
	memory_wakes
	is "by $1: the guest powers off although the file is empty" "$vm_status" 0
}

memory_is_complete()
{
	[[ -z $(vm_state "$1" restoring) ]]
}

file_becomes_shorter()
{
	use "$1"
	memory_saves "short-$1"
	memory_restores "short-$1" --no-prefetch
	truncate -s 65536 "$saved"
	memory_wakes
	is "by $1: a file that becomes shorter: run exits 4" "$vm_status" 4
	ok "by $1: a file that becomes shorter: dormouse reports it" dormouse_said \
		": short-$1: crashed: the file that it was restored from has become shorter"
	is "by $1: a file that becomes shorter: status says crashed" "$(vm_state "short-$1" state)" crashed
}

# Change the first byte of RAM in the file.
damage_memory()
{
	printf '\xff' | dd of="$saved" bs=1 seek=65536 conv=notrunc 2>/dev/null
}

damaged_memory()
{
	use "$1"
	memory_saves "damage-$1"
	damage_memory
	vm_restore "damage-$1" "$saved" --verify
	vm_finish
	is "by $1: a damaged piece, with --verify: exit status 1" "$vm_status" 1
	ok "by $1: a damaged piece, with --verify: dormouse reports it" dormouse_said "$saved is damaged"
	is "by $1: a damaged piece, with --verify: the guest is still saved" \
		"$(vm_state "damage-$1" state)" saved
	vm_restore "damage-$1" "$saved"
	vm_finish
	is "by $1: a damaged piece: run exits 4" "$vm_status" 4
	ok "by $1: a damaged piece: dormouse reports it" dormouse_said \
		": damage-$1: crashed: the file that it was restored from is damaged: $saved"
}

parked_and_woken()
{
	use "$1"
	vm_start "park-$1" --kernel "$disks/memory.img" --memory 64M
	printf s >&"$bytes"
	vm_await_state "park-$1" suspended
	is "by $1: a guest that sleeps is parked" "$(dormouse park "park-$1" 2>&1)" "park-$1: parked"
	is "by $1: status says that it is parked" "$(vm_state "park-$1" state)" parked
	dormouse wake "park-$1" >"$disks/said" 2>&1 || true
	is "by $1: a parked guest is woken" "$(cat "$disks/said")" "park-$1: awake"
	ok "by $1: its memory is copied behind a guest that was parked" vm_await "$vm_messages" \
		": park-$1: its memory is copied: "
	memory_wakes
	is "by $1: a guest that was parked powers off" "$vm_status" 0
}

become_able_to_be_nobody
for way in userfaultfd mapping; do
	fetched_as_needed "$way"
	copied_behind_the_guest "$way"
	file_becomes_shorter "$way"
	damaged_memory "$way"
	parked_and_woken "$way"
done
use userfaultfd
unset_stdin
