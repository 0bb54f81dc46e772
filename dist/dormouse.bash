# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Completion of dormouse's command line in bash. Commands and options are those that dormouse's
# own help describes, so that they are always complete; the words of options are here.

# Prints the commands.
_dormouse_commands()
{
	dormouse --help 2>/dev/null | sed -nE 's/^  ([a-z]+(, [a-z]+)*)(  +[^ ].*)?$/\1/p' | tr -d ,
}

# Prints the options of a command: those of its usage, and those that begin a line.
_dormouse_options()
{
	dormouse "$1" --help 2>/dev/null |
		awk '/^Usage:/ { usage = 1 } usage && /^[^ U]/ { usage = 0 } usage || /^  --/' |
		sed -E 's/^  (--[^ []*).*/\1/' | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
	echo --help
}

# Whether an option of a command takes an argument: _dormouse_takes COMMAND OPTION
_dormouse_takes()
{
	grep -qE -- "(^  |\[| )$2 [A-Z]" <<<"$(dormouse "$1" --help 2>/dev/null)"
}

# Prints the machines on which a command has an effect.
_dormouse_machines()
{
	local states

	case $1 in
	status | run | check) states= ;;
	clone) states='hibernated|saved|off|crashed' ;;
	*) states='running|suspended|parked' ;;
	esac
	dormouse list 2>/dev/null | awk -v states="$states" \
		'states == "" || $2 ~ "^(" states ")$" { print $1 }'
}

# Prints the words that an option takes, if it takes words.
_dormouse_words()
{
	case $1 in
	--console) echo tty none file: unix: ;;
	--console-device) echo uart hvc ;;
	--cpu-features) echo pmu=off pauth=off sve=off ;;
	--else) echo leave save poweroff kill ;;
	--forward) echo none ;;
	--park | --sleep-when-idle) echo off ;;
	--idle-states) echo clusters ;;
	--machine-version) echo 1 2 3 4 ;;
	--net) echo tap: unix: passt ;;
	--on-panic) echo stay exit restart ;;
	--on-reset | --on-reset2) echo restart exit ;;
	--psci) echo userspace mixed kernel ;;
	--psci-test)
		echo deny-cpu= disable-cpu= fail-cpu= on-pending hold-cpu= trusted-os=migratable \
			trusted-os=fixed vendor-reset= extended-state-id
		;;
	--psci-version) echo 0.2 1.0 1.1 1.2 1.3 ;;
	--suspend) echo allow deny ;;
	--wake-on-net) echo directed any magic off ;;
	--firmware) echo uefi ;;
	esac
}

# Completes a file after what is typed.
_dormouse_files()
{
	local file

	compopt -o filenames 2>/dev/null
	while read -r file; do
		COMPREPLY+=("$file")
	done < <(compgen -f -- "$1")
}

# Completes one of the words that are given behind what is typed.
_dormouse_choose()
{
	local word

	for word in "${@:2}"; do
		[[ $word != "$1"* ]] || COMPREPLY+=("$word")
	done
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace 2>/dev/null
}

_dormouse()
{
	local command current option words

	COMPREPLY=()
	current=${COMP_WORDS[COMP_CWORD]}
	if ((COMP_CWORD == 1)); then
		mapfile -t words < <(_dormouse_commands | tr ' ' '\n')
		_dormouse_choose "$current" "${words[@]}" --help --version
		return
	fi
	command=${COMP_WORDS[1]}

	# Bash takes --psci=mixed for three words, and unix:FILE too.
	option=${COMP_WORDS[COMP_CWORD - 1]}
	if [[ $current == = ]]; then
		current=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $current == : || $option == : ]]; then
		_dormouse_files "${current#:}"
		return
	elif [[ $option == --idle-states ]]; then
		# Its argument is behind an equals sign.
		option=
	fi
	case $option in
	--name)
		mapfile -t words < <(_dormouse_machines "$command")
		_dormouse_choose "$current" "${words[@]}"
		return
		;;
	--*)
		if _dormouse_takes "$command" "$option" || [[ $option == --idle-states ]]; then
			mapfile -t words < <(_dormouse_words "$option" | tr ' ' '\n')
			_dormouse_choose "$current" "${words[@]}"
			case $option in
			--kernel | --flat | --firmware | --vars | --initrd | --disk | --console) _dormouse_files "$current" ;;
			esac
			return
		fi
		;;
	esac

	case $current in
	-*)
		mapfile -t words < <(_dormouse_options "$command")
		_dormouse_choose "$current" "${words[@]}"
		;;
	*)
		if [[ $command == restore || ($command == save && ${COMP_WORDS[COMP_CWORD - 1]} != save) ]]; then
			_dormouse_files "$current"
		elif [[ $command != run && $command != list && $command != features ]]; then
			mapfile -t words < <(_dormouse_machines "$command")
			_dormouse_choose "$current" "${words[@]}"
		fi
		;;
	esac
}

complete -F _dormouse dormouse
