# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC1091,SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# Linux with four CPUs and a process that counts, which is parked and woken two hundred times.

. "$here/lib/suspend.bash"

cycles=${cycles-200}
vm_start park-linux --kernel "$guest/Image" --initrd "$guest/initrd" --memory 512M --cpus 4 \
	--append "$vm_linux do=count,suspend:$cycles,poweroff"
ok "Linux with four CPUs suspends" vm_await_state park-linux suspended
ok "Linux with four CPUs is parked and woken $cycles times" \
	park-often "$DORMOUSE_STATE_DIR/park-linux/qmp" "$cycles"
vm_finish
is "Linux that was parked $cycles times powers off: run exits 0" "$vm_status" 0
is "Linux that was parked $cycles times has suspended each time" "$(guest_fact suspended success)" "$cycles"
is "Linux that was parked $cycles times was never refused a suspension" \
	"$(count_lines "$vm_console" '^GUEST: refused ')" 0
is "Linux that was parked $cycles times has all CPUs" "$(guest_fact suspended cpus)" 0-3
is "Linux that was parked $cycles times is the one that suspended" \
	"$(guest_fact suspended boot_id)" "$(guest_fact boot boot_id)"
is "Linux that was parked $cycles times has the process that ran before" \
	"$(guest_fact suspended started)" "$(guest_fact counter started)"
