# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2154 # run-in-host sets them.
#
# Nothing is ever lost: dormouse is killed after each of its calls, each that changes a file
# fails, and the power fails after each, while its guest hibernates, is started, saved or
# restored (programs/faults). Afterwards the guest resumes,
# or it boots as its disk says, and the record is whole.

. "$here/lib/calls.bash"

faults=$disks/faults
mkdir -p "$faults"
for guest_kind in hibernate:16 nap:17; do
	cat "$(command -v hostile.img)" >"$faults/${guest_kind%:*}.img"
	append_words "$faults/${guest_kind%:*}.img" "${guest_kind#*:}" 0
done
# Of a save, whose machine is written to its file each time, calls of any kind and each error
# are tried at length only.
faults_mode=${faults_mode-file-calls}
faults_instants=0

# A number of what the last scenario found: faults_found KEY
faults_found()
{
	local number

	number=" ${faults_said#* } "
	number=${number#* "$1="}
	echo "${number%% *}"
}

# Plays a scenario: faults_play SCENARIO [MODE]. What was wrong is in $vm_messages.
faults_play()
{
	vm_runs=$((vm_runs + 1))
	vm_console=$logs/$vm_runs-$1.faults vm_messages=$logs/$vm_runs-$1.wrong
	faults "$faults" "${2-$faults_mode}" "$1" >"$vm_console" 2>"$vm_messages" || true
	faults_said=$(whole_lines "$vm_console")
	: "${faults_said:="$1 instants=0 power=0 wrong=1"}"
	echo "# $faults_said"
	faults_instants=$((faults_instants + $(faults_found instants)))
}

# faults_leave_nothing SENTENCE SCENARIO INSTANTS [MODE]
faults_leave_nothing()
{
	faults_play "$2" "${@:4}"
	is "$1" "$(faults_found wrong)" 0
	ok "$2: at least $3 instants are tried" [ "$(faults_found instants)" -ge "$3" ]
}

# faults_keep_power SCENARIO STATES
faults_keep_power()
{
	ok "$1: at least $2 states after a power failure are judged" [ "$(faults_found power)" -ge "$2" ]
}

faults_leave_nothing "dormouse killed while its guest hibernates: the guest resumes or boots, as its disk says" \
	hibernate-killed 70 every-call
faults_leave_nothing "a call that fails while a guest hibernates: status, record and disk agree, without power too" \
	hibernate-fails 30 every-call
faults_keep_power hibernate-fails 1000
faults_leave_nothing "dormouse killed at the start of a hibernated guest: the next start resumes it" \
	start-killed 15 every-call
faults_keep_power start-killed 100
faults_leave_nothing "dormouse killed during a save: the guest is restored or boots, as its record says" \
	save-killed 20
faults_leave_nothing "a call that fails during a save: the guest is saved, or runs on and can be saved, without power too" \
	save-fails 20
faults_keep_power save-fails 1000
faults_leave_nothing "dormouse killed at the start of a restored guest: it is restored at most once" \
	restore-killed 5
faults_keep_power restore-killed 10
faults_leave_nothing "dormouse killed while its guest is parked or wakes: the guest goes on or boots, as its record says" \
	park-killed 15
faults_keep_power park-killed 1000
faults_leave_nothing "a call that fails while a guest is parked or wakes: it sleeps on, or crashes, without power too" \
	park-fails 4
faults_keep_power park-fails 1000
faults_leave_nothing "dormouse killed while a guest is parked again in its file: it goes on or boots, as its record says" \
	park-again-killed 15
faults_keep_power park-again-killed 1000
faults_leave_nothing "a call that fails while a guest is parked again in its file: it sleeps on, or crashes, without power too" \
	park-again-fails 4
faults_keep_power park-again-fails 1000
faults_leave_nothing "dormouse killed while a parked guest is saved: it goes on from one file, as its record says" \
	park-saved-killed 4
faults_keep_power park-saved-killed 100
faults_leave_nothing "dormouse killed as a parked guest goes on: it does so at most once" \
	park-started-killed 5
faults_keep_power park-started-killed 10
ok "faults around hibernation and save: at least 200 instants are tried in all" [ "$faults_instants" -ge 200 ]
