# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # The sourcing script uses and sets them.
#
# distribution.bash - use a distribution's system at its console, as a user does
#
# To be sourced after vm.bash. The disk is one of tools/debian-disk --test, which logs root in.

system_prompt='root@debian:~# '
system_asked=0

# Starts a VM whose console is written to by system_types: system_start NAME [OPTION...]
system_start()
{
	vm_stdin=$disks/system-keys
	vm_start "$@"
	vm_stdin=
}

system_types()
{
	printf '%s\n' "$1" >&"$keys"
}

# GRUB has loaded a kernel for the Nth time in this run, and after that a shell has shown its
# prompt, which no line feed follows: system_has_prompt N
system_has_prompt()
{
	has_prompt_behind "$vm_console" 'Loading Linux' "$1" "$system_prompt"
}

# Waits for a system that boots: system_boots [N]
system_boots()
{
	vm_until system_has_prompt "${1-1}" || return 1
	# The kernel's messages would be in the midst of answers.
	system_types 'dmesg -n 1'
}

# The shell of a system that resumes shows no prompt by itself, but one for each empty line.
system_resumes()
{
	vm_await "$vm_console" 'Loading Linux' || return 1
	vm_between_looks=system_enters
	vm_until system_has_prompt 1 || true
	vm_between_looks=vm_sleep
	system_has_prompt 1
}

system_enters()
{
	read -rt 2 -u "$vm_silence" || true
	system_types ''
}

# Wakes a guest that is suspended, and waits for a prompt. What is typed before its console's
# driver has resumed is lost in parts, so the interrupt character comes before each line feed.
system_wakes()
{
	local shown=0

	while has_prompts "$vm_console" ".*$system_prompt" $((shown + 1)); do
		shown=$((shown + 1))
	done
	dormouse wake "$vm_name" >"$logs/said" 2>&1 || return 1
	vm_between_looks=system_interrupts
	vm_until has_prompts "$vm_console" ".*$system_prompt" $((shown + 1)) || true
	vm_between_looks=vm_sleep
	has_prompts "$vm_console" ".*$system_prompt" $((shown + 1))
}

system_interrupts()
{
	read -rt 2 -u "$vm_silence" || true
	system_types $'\003'
}

# The last line that a command prints in the guest is in $answer, which is empty if the guest does
# not answer. Not in a subshell, which would not count: system_answers COMMAND
system_answers()
{
	system_asked=$((system_asked + 1))
	answer=
	system_types "printf '\\nanswer %d: %s.\\n' $system_asked \"\$($1 | tail -n 1)\""
	vm_await "$vm_console" "^answer $system_asked: " || return 0
	! nth_match "$vm_console" "^answer $system_asked: (.*)\\.[^.]*$" || answer=${BASH_REMATCH[1]}
}

# system_is SENTENCE COMMAND WANTED
system_is()
{
	system_answers "$2"
	is "$1" "$answer" "$3"
}
