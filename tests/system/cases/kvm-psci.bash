# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # vm.bash and run-in-host set and use them.
#
# What KVM's own PSCI does, tested without dormouse: see kvm-psci.c.

kvm_psci=$logs/test-kvm-psci
vm_console=$kvm_psci vm_messages=/dev/null
test-kvm-psci "$(command -v psci-calls.img)" >"$kvm_psci" || true
while IFS= read -r line; do
	case $line in
	'ok '*) ok "KVM's own PSCI: ${line#ok * - }" true ;;
	'not ok '*) ok "KVM's own PSCI: ${line#not ok * - }" false ;;
	'# '*) echo "$line" ;;
	esac
done <"$kvm_psci"
ok "KVM's own PSCI: the test program runs to its end" grep -qx '1\.\.[1-9][0-9]*' "$kvm_psci"
