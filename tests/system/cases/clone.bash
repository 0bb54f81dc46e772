# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# dormouse clone: a clone of a hibernated VM boots without the image, a clone of a saved one
# continues and is notified that it is another, and neither disturbs its VM. Nearly all of it is
# asked of a guest that reads its hardware signature and hibernates; Linux is asked once.

. "$here/lib/calls.bash"
. "$here/lib/suspend.bash"
. "$here/lib/environment.bash"

# clone_vm NAME CLONE [OPTION...]
clone_vm()
{
	clone_status=0
	cloned=$(dormouse clone "${@:3}" "$1" "$2" 2>&1) || clone_status=$?
}

# The generation ID that its guest finds: generation_id NAME
generation_id()
{
	sed -nE 's/^ *"generation-id": "([0-9a-f]{32})".*/\1/p' "$DORMOUSE_STATE_DIR/$1/record.json"
}

# clone_is_refused WHY MESSAGE NAME CLONE [OPTION...]
clone_is_refused()
{
	local why=$1 message=$2 before

	before=$(ls "$disks" "$DORMOUSE_STATE_DIR"; facs_record "$3")
	clone_vm "${@:3}"
	is "clone, $why: refused, exit status 1" "$clone_status" 1
	ok "clone, $why: the message says so" grep -qE "^dormouse: $message" <<<"$cloned"
	is "clone, $why: nothing has changed" "$(ls "$disks" "$DORMOUSE_STATE_DIR"; facs_record "$3")" "$before"
}

# --- hibernated ---

hibernated_with_acpi()
{
	vm_disk origin 1
	facs_run origin --acpi
	signature=$(facs_signature) signatures=$signature
	clone_vm origin copy
	is "clone of a hibernated VM: exit status 0" "$clone_status" 0
	is "clone reports what it made" "$cloned" "copy: cloned from origin"
	ok "clone copies the disk" cmp -s "$disks/origin" "$disks/copy-origin"
	is "clone of a hibernated VM is hibernated" "$(vm_state copy state)" hibernated
	facs_check copy
	is "check of a clone exits 3" "$check_status" 3
	is "check of a clone concludes that it would boot" "${checked##*$'\n'}" \
		"copy is hibernated: its guest would boot without its image, which is that of the VM that it is a clone of"
	facs_again copy --force
	is "first start of a clone: its guest runs, and hibernates" "$vm_status" 3
	ok "first start of a clone: the guest finds a signature that its VM's never had" facs_is_new
	ok "first start of a clone: dormouse says that the image is not its own" dormouse_said \
		'^dormouse: copy: the image of the VM that it is a clone of is not its own: another hardware signature'
	own=$(facs_signature)
	facs_again copy
	is "second start of a clone: the guest finds its own signature" "$(facs_signature)" "$own"
	generation=$(generation_id origin)
	ok "a clone has another generation ID" [ "$(generation_id copy)" != "$generation" ]
	facs_again origin
	is "start of a VM that was cloned: the guest finds its signature" "$(facs_signature)" "$signature"
	is "start of a hibernated VM that is unchanged: the guest finds its generation ID" \
		"$(generation_id origin)" "$generation"
	cp "$disks/copy-origin" "$disks/origin"
	facs_again origin
	is "start of a VM whose disk is another one's: the guest runs" "$vm_status" 3
	ok "start of a VM whose disk is another one's: the guest finds another generation ID" \
		[ "$(generation_id origin)" != "$generation" ]
}

hibernated_without_acpi()
{
	vm_disk bare 1
	vm_disk given 1
	facs_run bare
	clone_vm bare copy-bare --disk "$disks/given"
	is "clone with a disk of its user's: exit status 0" "$clone_status" 0
	ok "clone with a disk of its user's copies nothing" [ ! -e "$disks/copy-bare-bare" ]
	facs_again copy-bare
	is "first start of a clone without ACPI: its guest runs" "$vm_status" 3
	ok "first start of a clone without ACPI: the kernel has noresume" guest_said '^FACS: noresume'
	facs_again copy-bare
	ok "second start of a clone without ACPI: the kernel has no noresume" \
		[ "$(count_lines "$vm_console" noresume)" = 0 ]
}

# An endless loop is firmware enough.
hibernated_with_firmware()
{
	printf '\0\0\0\024' >"$disks/firmware"
	clone_vm bare copy-firmware
	vm_start copy-firmware --firmware "$disks/firmware" --cpus 2 --memory 64M --disk "$disks/copy-firmware-bare"
	vm_finish
	is "first start of a clone with a firmware: refused, exit status 1" "$vm_status" 1
	ok "first start of a clone with a firmware: the message says why" dormouse_said \
		'^dormouse: copy-firmware is a clone of a VM that hibernated: cannot discard .* with --force$'
	vm_start copy-firmware --firmware "$disks/firmware" --cpus 2 --memory 64M \
		--disk "$disks/copy-firmware-bare" --force
	ok "first start of a clone with a firmware and --force: the guest runs" \
		vm_await_state copy-firmware running
	vm_signal KILL
	facs_check copy-firmware
	is "check of a clone whose dormouse was killed in its first run concludes that the image is discarded" \
		"${checked##*$'\n'}" \
		"copy-firmware is crashed: its guest would boot without its image, which is that of the VM that it is a clone of"
	vm_start copy-firmware --firmware "$disks/firmware" --cpus 2 --memory 64M \
		--disk "$disks/copy-firmware-bare" --force
	vm_await_state copy-firmware running || true
	vm_signal TERM
	facs_check copy-firmware
	is "check of a clone whose first run has ended concludes that it would boot" "${checked##*$'\n'}" \
		"copy-firmware is off: its guest would boot, since none of its images waits"
}

# --- refused ---

refused()
{
	clone_is_refused "of a name that is taken" 'there is a VM named copy already$' origin copy
	clone_is_refused "beside a file of that name" \
		"cannot copy disk $disks/origin to $disks/fresh-origin: the file already exists$" origin fresh
	clone_is_refused "with the VM's own disk" "disk $disks/origin is a disk of origin$" \
		origin other --disk "$disks/origin"
	clone_is_refused "with another VM's disk" "disk $disks/given is a disk of copy-bare$" \
		origin other --disk "$disks/given"
	clone_is_refused "with a disk too many" 'origin has writable disks: 1, and --disk names: 2;' \
		origin other --disk "$disks/none" --disk "$disks/none2"
}

refused_without_space()
{
	mkdir "$disks/tight"
	mount -t tmpfs -o size=1100k tmpfs "$disks/tight"
	head -c 1048576 /dev/zero >"$disks/tight/disk"
	facs_again small --kernel "$facs" --memory 64M --disk "$disks/tight/disk"
	before=$(ls "$DORMOUSE_STATE_DIR")
	clone_vm small small-copy
	is "clone on a full file system: exit status 1" "$clone_status" 1
	is "clone on a full file system: the message names the reason" "$cloned" \
		"dormouse: cannot copy disk $disks/tight/disk to $disks/tight/small-copy-disk: No space left on device"
	is "clone on a full file system leaves no file" "$(ls "$disks/tight")" disk
	is "clone on a full file system leaves no VM" "$(ls "$DORMOUSE_STATE_DIR")" "$before"
	umount "$disks/tight"
}

# --- saved, and notified ---

# Continues where it was, with what it says in the console: clone_is_woken NAME
clone_is_woken()
{
	vm_await_state "$1" suspended || true
	vm_await_socket "$DORMOUSE_STATE_DIR/$1/qmp" || true
	dormouse wake "$1" >"$disks/said" 2>&1 || true
	vm_finish
}

saved_linux()
{
	local boot_id

	vm_disk linux 1
	vm_start linux --kernel "$guest/Image" --initrd "$guest/initrd" --memory 256M --acpi \
		--disk "$disks/linux" --append "$vm_linux do=report,suspend:1,reseeded,poweroff"
	ok "a guest with ACPI suspends" vm_await_state linux suspended
	clone_is_refused "of a VM that is suspended" \
		'cannot clone linux while it is suspended \(pid [0-9]+ runs it\): it must first be off' linux linux-2
	boot_id=$(guest_fact report boot_id)
	ok "a guest with ACPI is saved" vm_save linux "$disks/linux.saved"
	vm_finish
	clone_vm linux linux-2
	is "clone of a saved VM: exit status 0" "$clone_status" 0
	is "clone of a saved VM is saved" "$(vm_state linux-2 state)" saved
	is "clone of a saved VM has a file of its own" "$(vm_state linux-2 saved)" "$disks/linux-2-linux.saved"
	is "clone of a saved VM leaves it saved" "$(vm_state linux state)" saved

	vm_restore linux-2 "$disks/linux-2-linux.saved"
	clone_is_woken linux-2
	is "a restored clone is the guest that was saved" "$(guest_fact reseeded boot_id)" "$boot_id"
	is "Linux in a restored clone is notified once that it is a copy" "$(guest_fact reseeded count)" 1
	ok "dormouse reports that the guest of a restored clone is notified" dormouse_said \
		'^dormouse: linux-2: its guest is notified that its generation ID is another one$'
	is "a restored clone powers off: exit status 0" "$vm_status" 0

	vm_restore linux "$disks/linux.saved"
	clone_is_woken linux
	is "Linux in the VM that was cloned is not notified that it is a copy" "$(guest_fact reseeded count)" 0
	is "the VM that was cloned powers off: exit status 0" "$vm_status" 0

	vm_restore linux "$disks/linux.saved" --force
	clone_is_woken linux
	is "Linux that is rolled back is notified once that it is a copy" "$(guest_fact reseeded count)" 1
}

hibernated_with_acpi
hibernated_without_acpi
hibernated_with_firmware
: >"$disks/fresh-origin"
refused
refused_without_space
saved_linux
