#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# completion.sh PROGRAM COMPLETION: compares bash's completion for PROGRAM, an
# urt, from the file COMPLETION, with its --help. Prints the differences, and
# fails if there are any. It needs bash-completion, and no module.
set -euo pipefail

program=$(realpath "$1")
completion=$(realpath "$2")
differ=0

# words "LINE": prints the words that bash offers at its end, one a line.
words() {
	PATH=${program%/*}:$PATH bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		. "$1"
		compopt() { :; }	# only bash itself can call it
		COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
		read -ra COMP_WORDS <<<"${2//=/ = }"	# as readline breaks it
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_urt
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' - "$completion" "$1" | sed 's/ *$//' | sort -u
}

# same CLAIM LINE < WORDS: bash offers exactly these words.
same() {
	diff -u --label "--help" --label "completed" <(sort -u) \
		<(words "$2") || { echo "$1: '$2'"; differ=1; }
}

# has CLAIM LINE WORD: bash offers this word, and perhaps others.
has() {
	words "$2" | grep -qxF -- "$3" || {
		echo "$1: '$2' does not offer '$3' but: $(words "$2" | paste -sd' ')"
		differ=1
	}
}

# Parses --help in another way than the completion does.
options() {
	"$program" "$@" --help | grep -oE '^ {2,6}-.*' |
		grep -oE '^ *(-[A-Za-z?],)? +--[a-z-]+(=|\b)' | tr -d ', ' |
		sed -E 's/^(-.)(--)/\1\n\2/'
}

commands() {
	"$program" --help | awk '
		/^Commands:/ { on = 1; next }
		!NF { on = 0 }
		on { print $1 }'
}

list=$(commands)
[ "$(wc -l <<<"$list")" -ge 7 ] || { echo "--help names no commands"; exit 1; }
same "commands" "urt " <<<"$list"
options | same "options" "urt -"
for command in $list; do
	options "$command" | same "options" "urt $command -"
	# Where an option needs a value, bash offers no other option.
	for option in $(options "$command" | grep '=$'); do
		[ -z "$(words "urt $command ${option%=} --" | grep '^--' || true)" ] || {
			echo "options are offered for the value of $command $option"
			differ=1
		}
	done
done

dir=$(mktemp -d)
touch "$dir/report.txt"
sleep 600 &
pid=$!
trap 'kill $pid; rm -rf "$dir"' EXIT
has "a file" "urt run -o $dir/re" "$dir/report.txt"
has "a file after =" "urt run --output=$dir/re" "$dir/report.txt"
has "a command to run" "urt run -- slee" sleep
has "a command to run, after options" "urt run --top 5 slee" sleep
has "a command's file" "urt run -- cat $dir/re" "$dir/report.txt"
has "a process" "urt wait $pid" "$pid"
has "a process of a list" "urt stat -p 1,$pid" "1,$pid"
has "a process by name" "urt stat -C slee" sleep
[ -z "$(words "urt wait -t ")" ] || { echo "wait -t has seconds"; differ=1; }
exit $differ
