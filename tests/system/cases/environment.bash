# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# What a hibernated guest relies on: where it is unchanged the guest finds the hardware
# signature that it left; where it is not, a guest with ACPI finds another one and boots
# without its image, and one without ACPI is not started. All of it is asked of a guest
# that reads its signature and hibernates; Linux is asked once, in acpi.bash.

. "$here/lib/calls.bash"
. "$here/lib/environment.bash"

signatures=

# --- with ACPI ---

unchanged_keeps_the_signature()
{
	vm_disk env 1
	facs_run env --acpi
	is "a guest that hibernates: run exits 3" "$vm_status" 3
	signatures=$(facs_signature)
	ok "a guest with ACPI finds a hardware signature that is not zero" [ "${signatures//[0x]/}" ]
	is "status has the signature that the guest finds" \
		"$(printf '0x%08x' "$(vm_state env hardware-signature)")" "$signatures"
	facs_check env
	is "check of an unchanged hibernated VM exits 0" "$check_status" 0
	is "check of an unchanged hibernated VM concludes that it would resume" \
		"${checked##*$'\n'}" "env is hibernated: its guest would resume"
	is "check finds all lines the same" "$(grep -cvE ' same|^images |^hibernation ' <<<"$checked")" 1
	ok "check says that no hibernation image was found" grep -qE '^images +none was found' <<<"$checked"
	facs_again env --console "$disks/env.console"
	vm_console=$disks/env.console
	is "an unchanged environment: the guest finds its signature again" "$(facs_signature)" "$signatures"
	facs_run env --acpi --console "$disks/env.console2"
	vm_console=$disks/env.console2
	is "an unchanged environment that is described anew: the guest finds its signature again" \
		"$(facs_signature)" "$signatures"
}

changes_change_the_signature()
{
	facs_finds_another "a CPU less" "2 CPUs, not 1" env --acpi --cpus 1
	facs_finds_another "the former CPUs" "1 CPU, not 2" env --acpi
	facs_finds_another "other memory and PSCI" \
		"64 MiB of memory, not 128; PSCI 1\.3 from --psci userspace, not 1\.3 from --psci mixed" \
		env --acpi --memory 128M --psci mixed
	facs_finds_another "the former memory and PSCI" ".*" env --acpi --psci userspace
	facs_finds_another "another command line" "the command line that it had" env --acpi --append "of no use"
	printf x | dd of="$disks/env" conv=notrunc 2>/dev/null
	before=$(facs_record env)
	facs_check env
	is "check after a write to a disk exits 3" "$check_status" 3
	ok "check names the disk that was written" \
		grep -qxE 'disks +differs: the disk vda as its guest left it \(it was written since\)' <<<"$checked"
	is "check concludes that the guest would boot without its image" "${checked##*$'\n'}" \
		"env is hibernated: its guest would boot without its image, since its hardware signature would be another one"
	ok "check --json says that it would not resume" \
		grep -qxF '  "resumes": false,' < <(dormouse check --json env || true)
	is "check changes nothing" "$(facs_record env)" "$before"
	facs_finds_another "a disk that was written, and a command line" \
		"the command line that it had; the disk vda as its guest left it \(it was written since\)" \
		env --acpi
	cp "$disks/env" "$disks/env.copy"
	mv "$disks/env.copy" "$disks/env"
	facs_finds_another "a disk that was copied" "the disk vda as its guest left it \(it is (a copy|another file)\)" \
		env --acpi
	facs_run env
	ok "no ACPI, for a guest that had it: dormouse says what differs" dormouse_said \
		"^dormouse: env: its image needs a device tree and ACPI, not a device tree; at 0x9080000 the device acpi-ged, not none: another hardware signature"
	ok "no ACPI: the guest finds no signature" guest_said '^FACS: none'
}

strict_discard_and_force()
{
	facs_run env --acpi --force
	vm_await_state env hibernated || true
	signatures+=" $(facs_signature)"
	facs_is_refused "--strict with a CPU less" \
		'^dormouse: env is hibernated, and its image needs 2 CPUs, not 1: .* --force' \
		env --acpi --cpus 1 --strict
	facs_run env --acpi --strict
	is "--strict with an unchanged environment: the guest runs" "$vm_status" 3
	signature=$(facs_signature)
	facs_run env --acpi --memory 128M --force
	is "--force with other memory: the guest finds its signature again" "$(facs_signature)" "$signature"
	facs_again env --discard
	is "--discard: the guest runs" "$vm_status" 3
	ok "--discard: the guest finds a signature that it was never given" facs_is_new
	ok "--discard: the kernel has noresume" guest_said '^FACS: noresume'
	ok "--discard: dormouse says so" dormouse_said '^dormouse: env: its kernel boots with noresume'
	signature=$(facs_signature)
	facs_again env
	is "after --discard: the environment is unchanged" "$(facs_signature)" "$signature"
	ok "after --discard: the kernel has no noresume" [ "$(count_lines "$vm_console" noresume)" = 0 ]
}

damaged_record_is_refused()
{
	record=$DORMOUSE_STATE_DIR/env/record.json
	cp "$record" "$disks/record"
	# The version of the environment is behind its key.
	sed -i '/"environment"/,$s/"version": [0-9]*,/"version": 99,/' "$record"
	before=$(cat "$record")
	facs_again env
	is "a record of a newer environment: run exits 1" "$vm_status" 1
	ok "a record of a newer environment: the message names the field" dormouse_said \
		'^dormouse: the record of env is of a newer dormouse: environment\.version is 99, '
	is "a record of a newer environment is unchanged" "$(cat "$record")" "$before"
	cp "$disks/record" "$record"
	sed -i '/"counter-frequency"/d' "$record"
	facs_check env
	is "check of a record that lacks a line exits 1" "$check_status" 1
	is "check of a record that lacks a line names it" "$checked" \
		"dormouse: the record of env is damaged: environment.lines.counter-frequency is missing"
	cp "$disks/record" "$record"
}

# --- without ACPI ---

without_acpi_it_is_refused()
{
	vm_disk plain 1
	facs_run plain
	is "a guest without ACPI hibernates: run exits 3" "$vm_status" 3
	facs_is_refused "a CPU less and other memory, without ACPI" \
		'^dormouse: plain is hibernated, and its image needs 2 CPUs, not 1; 64 MiB of memory, not 128: .* --discard, .* --force' \
		plain --cpus 1 --memory 128M
	facs_is_refused "ACPI, for a guest that had none" 'needs a device tree, not a device tree and ACPI; at 0x9080000 the device none, not acpi-ged: ' \
		plain --acpi
	facs_is_refused "another PSCI version, without ACPI" \
		'needs PSCI 1\.3 from --psci userspace, not 1\.1 from --psci userspace: ' plain --psci-version 1.1
	facs_is_refused "a disk more, without ACPI" 'needs no disk vdb: ' plain --disk "$disks/env"
	vm_disk carded 1
	facs_run carded --net "unix:$disks/none,mac=52:54:00:00:00:01"
	facs_is_refused "another MAC, without ACPI" \
		'the device virtio-net with MAC 52:54:00:00:00:01 and features 0x[0-9a-f]+, not virtio-net with MAC 52:54:00:00:00:02' \
		carded --net "unix:$disks/none,mac=52:54:00:00:00:02"
	facs_run plain
	is "an unchanged environment without ACPI: the guest runs" "$vm_status" 3
	# The end of the header of swap space that has an image.
	printf 'SWAPSPACE2S1SUSPEND\0' | dd of="$disks/plain" bs=1 seek=4076 conv=notrunc 2>/dev/null
	facs_run plain --cpus 1 --discard
	is "--discard with a CPU less, without ACPI: the guest runs" "$vm_status" 3
	is "--discard without ACPI: the swap space on the disk has its signature back" \
		"$(dd if="$disks/plain" bs=1 skip=4086 count=10 2>/dev/null)" SWAPSPACE2
	ok "--discard without ACPI: dormouse says which image it discarded" dormouse_said \
		"^dormouse: plain: discarded on disk $disks/plain, "
	ok "--discard without ACPI: the kernel has noresume" guest_said '^FACS: noresume'
	facs_run plain --cpus 1 --append do=off --discard
	is "--discard and another command line: the guest powers off" "$vm_status" 0
	facs_check plain
	is "check of a VM that is off exits 3" "$check_status" 3
	is "check of a VM that is off concludes that it would boot" "${checked##*$'\n'}" \
		"plain is off: its guest would boot, since none of its images waits"
	facs_check nothing
	is "check of a VM that has never run exits 1" "$check_status" 1
}

# The guest hibernates, and leaves the image that was there before it.
an_image_that_wants_another_signature_is_none()
{
	local options

	vm_disk older 1
	# The end of the header of swap space: the signature, that it counts, and that it has an image.
	printf '\1\2\3\4' | dd of="$disks/older" bs=1 seek=4056 conv=notrunc 2>/dev/null
	printf '\10\0\0\0SWAPSPACE2S1SUSPEND\0' | dd of="$disks/older" bs=1 seek=4072 conv=notrunc 2>/dev/null
	for options in "--acpi" ""; do
		# shellcheck disable=SC2086 # It is one option or none.
		facs_run older --force $options
		facs_check older
		is "check of an image that wants another signature (run ${options:-without --acpi}) exits 3" \
			"$check_status" 3
		is "check of an image that wants another signature (run ${options:-without --acpi}): the guest would boot" \
			"${checked##*$'\n'}" \
			"older is hibernated: its guest would boot, since what its disks hold wants another hardware signature than the machine has"
	done
	ok "check --json of an image that wants another signature: it would not resume" \
		grep -qxF '  "resumes": false,' < <(dormouse check --json older || true)
}

# A guest that suspends, and powers off when it is woken.
sleeper=$disks/sleeper-env.img
calls_guest "$sleeper"
calls_guest "$sleeper" "0xc400000e $((0x40200000 + $(stat -c %s "$sleeper") + 2 * 32))" 0x84000008 \
	"0xf2800100d2b08000 0xd4000002"

# --- an earlier release ---

earlier_records_resume()
{
	# What the first release left in its files: a VM that hibernated, and one that was saved.
	mkdir -p /tmp/disks
	mkdir -m 700 "$DORMOUSE_STATE_DIR/hold"
	: >"$DORMOUSE_STATE_DIR/hold/lock"
	calls_guest /tmp/disks/k 0xc4000015 0x84000008
	truncate -s 1M /tmp/disks/d /tmp/disks/eold
	cp "$here/earlier/hibernated.json" "$DORMOUSE_STATE_DIR/hold/record.json"
	facs_check hold
	is "check of a hibernated VM of the first release exits 0" "$check_status" 0
	facs_again hold
	is "a hibernated VM of the first release is started: run exits 3" "$vm_status" 3
	facs_again hold
	is "a hibernated VM of the first release is started again: run exits 3" "$vm_status" 3
	# Only the CPU on which it was saved has its registers.
	if [[ $(uname -r) == 7.2.* ]] && grep -q '^CPU part.*0xd0b$' /proc/cpuinfo; then
		cp "$sleeper" /tmp/disks/s
		vm_restore sold "$here/earlier/suspended.saved"
		ok "a VM that the first release saved is restored" vm_await_state sold suspended
		vm_await_socket "$DORMOUSE_STATE_DIR/sold/qmp" || true
		dormouse wake sold >/dev/null || true
		vm_finish
		is "a VM that the first release saved powers off" "$vm_status" 0
	fi
	rm -r /tmp/disks
	facs_run plain --append ""
	vm_drop_environment plain
	facs_run plain --append "of no matter"
	is "a hibernated guest of an earlier release is started as it was then" "$vm_status" 3
	vm_drop_environment plain
	facs_is_refused "a CPU less, for a guest of an earlier release" 'its image needs 2 CPUs, not 1: ' \
		plain --cpus 1 --append "of no matter"
	facs_again plain --kernel "$facs" --cpus 2 --memory 64M --disk "$disks/env"
	is "another disk, for a guest of an earlier release: refused, exit status 1" "$vm_status" 1
	ok "another disk, for a guest of an earlier release: the message names both" dormouse_said \
		"its image needs disk $disks/plain as /dev/vda, not $disks/env: "
}

# --- a saved VM ---

saved_vm_guards_its_disks()
{
	vm_disk saved 1
	vm_start saved --kernel "$sleeper" --memory 64M --disk "$disks/saved"
	vm_await_state saved suspended || true
	ok "a VM with a disk is saved" dormouse save saved "$disks/env.saved"
	vm_finish
	facs_check saved
	is "check of a saved VM exits 0" "$check_status" 0
	touch -d @1000000000 "$disks/saved"
	facs_check saved
	is "check of a saved VM whose disk was written exits 3" "$check_status" 3
	vm_restore saved "$disks/env.saved"
	vm_finish
	is "restore after a write to a disk: refused, exit status 1" "$vm_status" 1
	ok "restore after a write to a disk: the message names the disk" dormouse_said \
		'^dormouse: saved, saved in .*, needs the disk vda as its guest left it \(it was written since\): .* --force'
	is "restore after a write to a disk: the VM is still saved" "$(vm_state saved state)" saved
	# As on another host: there is no record, and the disk is a copy.
	mv "$DORMOUSE_STATE_DIR/saved" "$disks/record-of-saved"
	cp "$disks/saved" "$disks/saved.copy"
	mv "$disks/saved.copy" "$disks/saved"
	vm_disk saved 2
	vm_restore saved "$disks/env.saved"
	vm_finish
	ok "restore elsewhere, with a disk of another size: refused" dormouse_said \
		"disk $disks/saved, of 2097152 bytes, does not match the saved disk"
	vm_disk saved 1
	vm_restore saved "$disks/env.saved"
	ok "restore elsewhere, with a copy of the disk: the guest is suspended" vm_await_state saved suspended
	vm_await_socket "$DORMOUSE_STATE_DIR/saved/qmp" || true
	dormouse wake saved >/dev/null || true
	vm_finish
	is "restore elsewhere, with a copy of the disk: the guest powers off" "$vm_status" 0
}

unchanged_keeps_the_signature
changes_change_the_signature
strict_discard_and_force
damaged_record_is_refused
without_acpi_it_is_refused
an_image_that_wants_another_signature_is_none
earlier_records_resume
saved_vm_guards_its_disks
