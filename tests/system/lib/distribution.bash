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

# The answer names those that failed: system_has_no_failed_unit SENTENCE
system_has_no_failed_unit()
{
	system_is "$1" \
		'systemctl is-system-running --wait >/dev/null; echo failed: $(systemctl --failed --plain --no-legend | cut -d " " -f 1)' \
		failed:
}

# systemd refuses to hibernate, and to power off, while a job of hibernate.target is in its queue.
system_settles()
{
	system_answers 'while systemctl list-jobs --no-legend | grep -q .; do sleep 1; done; echo settled'
}

# It hibernates when it is asked to; $system_count has how far its process has counted by then:
# system_hibernates WHICH
system_hibernates()
{
	system_answers 'cat /run/count 2>/dev/null || echo 0'
	system_count=$answer
	system_settles
	system_types 'systemctl hibernate'
	vm_finish
	is "$1: systemctl hibernate ends the run with 3" "$vm_status" 3
	is "$1: status says hibernated" "$(vm_state web state)" hibernated
}

# A process counts in the background, into /run/count, which is never empty: system_counts
system_counts()
{
	system_types 'i=0; while :; do echo $((++i)) >/run/next; mv /run/next /run/count; sleep 1; done & echo $! >/run/pid; clear'
}

# Starts the VM again after its hibernation; the system that hibernated is there, with its
# process: system_comes_back WHICH BOOT_ID
system_comes_back()
{
	system_start web
	ok "$1: a shell answers again" system_resumes
	system_is "$1: Debian is the one that hibernated" 'cat /proc/sys/kernel/random/boot_id' "$2"
	system_is "$1: its process is alive" 'kill -0 $(cat /run/pid) && echo yes' yes
	system_answers 'sleep 3; cat /run/count'
	ok "$1: its process goes on from where it was" system_counts_on "$system_count"
}

# The last answer is a later number than this one: a boot later would have begun anew.
system_counts_on()
{
	[[ $1 && $answer ]] && (($1 > 0 && answer > $1))
}
