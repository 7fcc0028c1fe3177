# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # cur, prev, words, cword and split are bash-completion's
# Completion of urt for bash. It takes commands and options from --help, so that they
# always match the installed urt.

# _urt_help [COMMAND]
_urt_help() { "${words[0]/#\~/$HOME}" "$@" --help 2>/dev/null; }

_urt_commands() {
	_urt_help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

# _urt_options [COMMAND]: prints a line for each option, with its long name and its
# short name, if any. A long name with an argument ends in "=".
_urt_options() {
	_urt_help "$@" | sed -nE \
		-e 's/^ +(-.), (--[a-z-]+=?).*/\2 \1/p' \
		-e 's/^ +(--[a-z-]+=?).*/\1/p'
}

# _urt_long OPTION: prints the long name of OPTION.
_urt_long() {
	local long short

	while read -r long short; do
		case $1 in
		"$long" | "${long%=}" | "$short") echo "$long" ;;
		esac
	done <<<"$urt_options"
}

# _urt_pids PREFIX [BEFORE]: offers running processes. BEFORE is the list in front of
# the PID.
_urt_pids() {
	local pid

	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[[ $pid != "$1"* ]] || COMPREPLY+=("${2-}$pid")
	done
}

# _urt_value OPTION: completes the argument of OPTION. Fails if OPTION has none.
_urt_value() {
	local long

	long=$(_urt_long "$1")
	[[ $long == *= ]] || return
	case $long in
	--output= | --html= | --svg=) _filedir ;;
	--textfile=) _filedir -d ;;
	--command=) _pnames ;;
	--pid= | --tree=)
		_urt_pids "${cur##*,}" "${cur%"${cur##*,}"}" ;;
	esac
	return 0
}

# Sets urt_at to the position of the command that "urt run" will run. The command is
# the current word or a word before it. Fails if there is no such word.
_urt_find_run() {
	for ((urt_at = urt_first + 1; urt_at < cword; urt_at++)); do
		case ${words[urt_at]} in
		--) ((++urt_at)); return 0 ;;
		-*) [[ $(_urt_long "${words[urt_at]}") != *= ]] || ((++urt_at)) ;;
		*) return 0 ;;
		esac
	done
	[[ $cur != -* && $urt_at -eq $cword ]]
}

# _urt_offer WORDS: offers the words that begin with the typed text. "=" instead of a
# blank follows an option that has an argument.
_urt_offer() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
}

_urt_arguments() {
	if [[ $cur == -* ]]; then
		_urt_offer "$urt_options"
		return
	fi
	case $1 in
	wait | add | remove | top) _urt_pids "$cur" ;;
	esac
}

_urt() {
	local cur prev words cword split command='' urt_options urt_first urt_at

	_init_completion -s || return
	for ((urt_first = 1; urt_first < cword; urt_first++)); do
		[[ ${words[urt_first]} != -* ]] || continue
		command=${words[urt_first]}
		break
	done
	if [[ -z $command ]]; then
		if [[ $cur == -* ]]; then
			_urt_offer "$(_urt_options)"
		else
			_urt_offer "$(_urt_commands)"
		fi
		return
	fi
	urt_options=$(_urt_options "$command")
	if [[ $command == run ]] && ! $split && _urt_find_run; then
		_command_offset "$urt_at"
	elif ! _urt_value "$prev" && ! $split; then
		_urt_arguments "$command"
	fi
}

complete -F _urt urt
