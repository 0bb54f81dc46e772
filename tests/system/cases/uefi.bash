# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # vm.bash and run-in-host set them.
#
# Debian's UEFI firmware, unchanged: it starts its shell, and keeps its variables in the
# flash chip. tests/system/run has put its files where the package has them, without the
# zeros at their ends.

uefi_code=/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd
uefi_vars=/usr/share/AAVMF/AAVMF_VARS.fd
uefi_guid=7f3d0c1e-5b1a-4c55-9d8e-0123456789ab

# As the package has it.
dd if=/dev/zero of="$uefi_vars" bs=1M count=0 seek=64 2>/dev/null

# Starts a VM and waits for the shell's prompt: shell_start NAME [OPTION...]
shell_start()
{
	# shellcheck disable=SC2034 # vm_start reads it.
	vm_stdin=$disks/uefi-keys
	vm_start "$@"
	# shellcheck disable=SC2034
	vm_stdin=
	vm_await "$vm_console" 'Mapping table' || true
	# ESC, or the shell would wait five seconds for a script.
	printf '\033' >&"$keys"
	vm_until has_prompts "$vm_console" '.*Shell> ' 1 || true
}

shell_types()
{
	printf '%s\r' "$1" >&"$keys"
}

# The shell prints a variable of two bytes: prints_variable NAME BYTE
prints_variable()
{
	shell_types "setvar $1 -guid $uefi_guid"
	vm_await "$vm_console" "^${uefi_guid^^} - $1 - 0002 Bytes" &&
		vm_await "$vm_console" "^$2 00"
}

refuses_vm()
{
	local wanted=$1 pattern=$2

	shift 2
	vm_start "$@"
	vm_finish
	[[ $vm_status == "$wanted" ]] && has_line "$vm_messages" "$pattern"
}

uefi_keeps_its_variables()
{
	local own=$DORMOUSE_STATE_DIR/uefi/vars template

	template=$(md5sum <"$uefi_vars")
	shell_start uefi --firmware uefi
	ok "UEFI: the firmware of the distribution starts its shell" guest_said 'UEFI Interactive Shell v'
	shell_types "setvar First -guid $uefi_guid -bs -nv =1100"
	ok "UEFI: a variable can be set" prints_variable First 11
	shell_types 'reset -s'
	vm_finish
	is "UEFI: the shell's shutdown ends the run with 0" "$vm_status" 0
	is "UEFI: its variables have the size of the template" "$(wc -c <"$own")" 67108864
	ok "UEFI: its variables take no room for the template's zeros" \
		[ "$(du -k "$own" | cut -f 1)" -le 1024 ]
	is "UEFI: the template is unchanged" "$(md5sum <"$uefi_vars")" "$template"

	shell_start uefi
	ok "UEFI: a variable is there after a power-off, in a VM started by its name alone" \
		prints_variable First 11
	shell_types "setvar Second -guid $uefi_guid -bs -nv =2200"
	ok "UEFI: another variable can be set" prints_variable Second 22
	ok "UEFI: variables in use are refused to another VM" refuses_in_use "$own"
	vm_signal KILL

	# As a user of QEMU has it: a file of one's own, and by its options.
	cp "$own" "$disks/uefi.vars"
	shell_start uefi2 --firmware "$uefi_code" --vars "$disks/uefi.vars"
	ok "UEFI: a variable that was set before dormouse was killed is in a copy of the file" \
		prints_variable Second 22
	shell_types 'reset -s'
	vm_finish
	is "UEFI: the shell's shutdown ends the run with 0, with --vars" "$vm_status" 0
	ok "UEFI: with --vars the VM has no file of its own" [ ! -e "$DORMOUSE_STATE_DIR/uefi2/vars" ]
}

# Beside the VM that runs: refuses_in_use FILE
refuses_in_use()
{
	local status=0

	dormouse run --name other --firmware "$uefi_code" --vars "$1" \
		</dev/null >"$logs/in-use.console" 2>"$logs/in-use.dormouse" || status=$?
	((status == 1)) && has_line "$logs/in-use.dormouse" "variables $1 are in use by another VM"
}

uefi_refuses()
{
	ok "UEFI: variables that are missing are refused" refuses_vm 1 'variables .*/missing: No such file' \
		refused --firmware "$uefi_code" --vars "$disks/missing"
	ok "UEFI: variables in a directory are refused" refuses_vm 1 'variables /: Is a directory' \
		refused --firmware "$uefi_code" --vars /
	vm_disk large-vars 65
	ok "UEFI: variables that are larger than the flash are refused" refuses_vm 1 \
		'variables .*/large-vars are 68157440 bytes long, and no more than 64 MiB have room' \
		refused --firmware "$uefi_code" --vars "$disks/large-vars"
	ok "UEFI: variables without a firmware are a usage error" refuses_vm 2 \
		'--vars without --firmware' refused --kernel "$guest/Image" --vars "$uefi_vars"
	ok "UEFI: variables in a machine of an earlier version are refused" refuses_vm 1 \
		'--vars with machine version 2' \
		refused --firmware "$uefi_code" --vars "$disks/uefi.vars" --machine-version 2
	ok "UEFI: uefi in a machine of an earlier version is a usage error" refuses_vm 2 \
		'--firmware uefi with --machine-version 2' refused --firmware uefi --machine-version 2
	ln -s "$uefi_vars" "$DORMOUSE_STATE_DIR/refused/vars"
	ok "UEFI: a VM whose variables are a link to those of others is refused" refuses_vm 1 \
		'variables .*/refused/vars are a link' refused --firmware uefi
	rm "$DORMOUSE_STATE_DIR/refused/vars"
	mv "$uefi_vars" "$uefi_vars.away"
	ok "UEFI: a template that is missing is named" refuses_vm 1 \
		"template of variables $uefi_vars: No such file" refused --firmware uefi
	mkdir "$uefi_vars"
	ok "UEFI: a template that is a directory is refused" refuses_vm 1 \
		"template of variables $uefi_vars is no regular file" refused --firmware uefi
	rmdir "$uefi_vars"
	mv "$uefi_vars.away" "$uefi_vars"
	mv /usr/share/qemu/firmware /usr/share/qemu/away
	ok "UEFI: the package is named if no firmware is installed" refuses_vm 1 \
		"install Debian's package qemu-efi-aarch64" refused --firmware uefi
	mv /usr/share/qemu/away /usr/share/qemu/firmware
}

mkfifo "$disks/uefi-keys"
exec {keys}<>"$disks/uefi-keys"
uefi_keeps_its_variables
uefi_refuses
exec {keys}>&-
