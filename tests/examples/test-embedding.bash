# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # run sets them.
#
# docs/embedding.md as a stranger follows it: its commands in an empty directory, and
# its C as one file, with nothing else of the tree but what the commands copy

# blocks LANGUAGE FROM TO: those between two headings
blocks()
{
	awk -v begin="\`\`\`$1" -v from="$2" -v to="$3" '
		index($0, from) == 1 { inside = 1 }
		index($0, to) == 1 { inside = 0 }
		/^```$/ { block = 0 }
		inside && block { print }
		$0 == begin { block = 1 }
	' docs/embedding.md
}

# Runs the commands of a file in the directory where it is: follow FILE COMPILER
follow()
{
	dormouse=$PWD compiler=$2 timeout "$patience" bash -c '
		set -eu
		cc() { "$compiler" -Wall -Wextra -Wno-unused-parameter -Werror "$@"; }
		cd "${1%/*}"
		. "$1"
	' follow "$1"
}

stranger=$work/stranger
mkdir "$stranger" "$stranger-kvm"
blocks c "## 1. " "## With KVM" | tee "$stranger/host.c" >"$stranger-kvm/host.c"
blocks sh "## 1. " "## With KVM" >"$stranger/steps"
# Compiled for arm64, and not run: tests/system/cases/example.bash runs the same program.
blocks sh "## 1. " "## On the bare machine" | grep -vE '^\./|-o host ' \
	>"$stranger-kvm/steps"
arm64_compiler=aarch64-linux-gnu-gcc
[[ $(uname -m) != aarch64 ]] || arm64_compiler=gcc

is "embedding.md has six steps" "$(grep -c '^## [1-9]\. ' docs/embedding.md)" 6
ok "embedding.md's six steps compile in an empty directory, and the program runs" \
	runs_here follow "$stranger/steps" "${CC:-gcc}"
is "the program of embedding.md's six steps prints what embedding.md says" \
	"$(tail -n 1 "$output")" "machine: hibernated"
ok "the program of embedding.md's six steps compiles for arm64 with KVM's CPUs" \
	runs_here follow "$stranger-kvm/steps" "$arm64_compiler"
ok "the program of embedding.md's six steps with KVM's CPUs is an arm64 executable" [ -x "$stranger-kvm/vmm" ]
