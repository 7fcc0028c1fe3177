# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # cur, prev, words, cword and split are bash-completion's
# Completion of urt for bash: commands and options are what --help tells, so that
# they are always those of the urt that is installed.

# _urt_help [COMMAND]
_urt_help() { "${words[0]/#\~/$HOME}" "$@" --help 2>/dev/null; }

_urt_commands() {
	_urt_help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

# _urt_options [COMMAND]: a line each, the long name and the short one, if any; "="
# ends a long one that has an argument.
_urt_options() {
	_urt_help "$@" | sed -nE \
		-e 's/^ +(-.), (--[a-z-]+=?).*/\2 \1/p' \
		-e 's/^ +(--[a-z-]+=?).*/\1/p'
}

# _urt_long OPTION: its line's long name.
_urt_long() {
	local long short

	while read -r long short; do
		case $1 in
		"$long" | "${long%=}" | "$short") echo "$long" ;;
		esac
	done <<<"$urt_options"
}

# _urt_pids PREFIX [BEFORE]: running processes; BEFORE are those of a list.
_urt_pids() {
	local pid

	for pid in /proc/[0-9]*; do
		pid=${pid#/proc/}
		[[ $pid != "$1"* ]] || COMPREPLY+=("${2-}$pid")
	done
}

# _urt_value OPTION: completes its argument; fails if it has none.
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

# Sets urt_at to where the command stands that "urt run" is to run, which is this
# word or one before it; fails if it is none of them.
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

# _urt_offer WORDS: those that begin as what is typed. After an option that has an
# argument comes "=", and no blank.
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
