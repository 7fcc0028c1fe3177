#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests urt where no module is needed: arguments, output, names. Runs on the host;
# prints TAP. test/run.sh runs it before the guests.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/test/urt
export LC_ALL=C.UTF-8
. "$top/tools/vm/vm.sh"

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install libfaketime libmicrohttpd-dev $(vm_packages) >&2
make -s -C "$top/app" O="$build/app" \
	CFLAGS='-O2 -g -Wall -Wextra -Wpedantic -Werror' urt >"$build/urt.log" 2>&1 ||
	{ cat "$build/urt.log" >&2; vm_die "urt does not build"; }
PATH=$build/app/urt:$PATH

. "$top/test/harness/claim.sh"

# says STATUS TEXT COMMAND...: it ends so, and prints that on standard error.
says() {
	local wanted=$1 text=$2 status=0
	shift 2
	"$@" 2>"$build/err" || status=$?
	cat "$build/err"
	[ "$status" = "$wanted" ] && grep -qF -- "$text" "$build/err"
}

commands=(run report stat top wait runtime add remove list exporter)

# --- output that cannot be written ---

# Seen elsewhere: a script keeps an empty help text, since all went well.
help_is_written() {
	local command failed

	says 1 'urt: cannot write the output: No space' urt --help >/dev/full &&
	says 1 'Bad file descriptor' urt --version >&- || return
	for command in "${commands[@]}"; do
		failed=1
		[ "$command" != run ] || failed=125
		says "$failed" "urt $command: cannot write the output: No space" \
			urt "$command" --help >/dev/full || return
		says "$failed" 'Bad file descriptor' \
			urt "$command" --usage >&- || return
	done
}

# --- arguments ---

# refuses TEXT ARGUMENT...: urt reports wrong usage.
refuses() {
	local text=$1 wanted=2
	shift
	[ "$1" != run ] || wanted=125
	says "$wanted" "$text" urt "$@"
}

# Seen elsewhere: an empty variable between two commas goes unnoticed.
lists_are_whole() {
	local list

	for list in '' ',' '1,' ',1' '1,,2' ' ' '1, '; do
		refuses 'a number is missing' stat -p "$list" &&
		refuses 'a number is missing' exporter --tree "$list" &&
		refuses 'a number is missing' top -p "$list" || return
	done
	refuses "'x' is not" stat -p 1,x
}

# Seen elsewhere: the last of two options wins, and nobody is told.
formats_are_one() {
	refuses 'either --json or --csv' run --json --csv -- true &&
	refuses 'either --json or --csv' list --csv --json &&
	refuses 'either --json or --csv' runtime --json --csv 1
}

short_help() {
	local command

	urt -h | diff - <(urt --help) || return
	for command in "${commands[@]}"; do
		urt "$command" -h | diff - <(urt "$command" --help) || return
	done
	# Behind the name of the command, the option is the command's.
	says 125 'not loaded' urt run true -h
}

timeouts() {
	refuses 'from 0.001 on' wait --timeout 0.0005 1 &&
	refuses 'from 0.001 on' wait --timeout -1 1 &&
	says 1 'not loaded' urt wait --timeout 0 1 &&
	says 1 'not loaded' urt wait --timeout 0.0 1 &&
	refuses 'not an interval' stat -p 1 0
}

# listens ADDRESS ASKED: an exporter on ADDRESS answers clients that ask ASKED.
listens() {
	local pid status=1 tries

	urt exporter --listen "$1" &
	pid=$!
	for tries in {1..500}; do
		kill -0 "$pid" || break
		if { exec 3<>"/dev/tcp/$2"; } 2>/dev/null; then
			printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
			grep -qx 'urt_up 0' <&3 && status=0
			exec 3>&-
			break
		fi
		sleep 0.01
	done
	echo "after $tries tries: $status"
	kill "$pid"
	wait "$pid" && return "$status"
}

listens_by_name() {
	local port=$((20000 + $$ % 10000))

	[ ! -e /proc/urt ] || return 0	# urt_up would be 1
	listens "localhost:$port" "127.0.0.1/$port" &&
	listens ":$port" "127.0.0.1/$port" &&
	says 1 'Name or service not known' \
		urt exporter --listen "[::g]:$port" &&
	refuses 'no address and port' exporter --listen localhost &&
	refuses 'no address and port' exporter --listen "::1:$port" &&
	refuses 'no address and port' exporter --listen "[::1:$port"
}

# --- connections ---

# scrapes PORT: asks there. Return: whether there was an answer.
scrapes() {
	local answered=1

	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	timeout 120 grep -qx 'urt_up 0' <&3 && answered=0
	exec 3>&-
	return "$answered"
}

# scrapes_beside PORT COUNT TEXT: scrapes after so many connections that send TEXT
# and no more.
scrapes_beside() {
	local fds=() fd status=0

	for ((i = 0; i < $2; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$1"
		fds+=("$fd")
		printf '%s' "$3" >&"$fd"
	done
	scrapes "$1" || status=1
	for fd in "${fds[@]}"; do exec {fd}>&-; done
	[ "$status" = 0 ] || echo "no answer after $2 that said '$3'"
	return "$status"
}

# Seen elsewhere: some connections that say nothing keep a server from its work.
idlers_give_way() {
	local port=$((20000 + $$ % 10000)) pid status=0

	[ ! -e /proc/urt ] || return 0
	# Its clock runs 1,000 times slower, so that an answer is not due to the 2
	# seconds after which an idle connection is ended in any case.
	LD_PRELOAD=$(dpkg -L libfaketime | grep '/libfaketime\.so\.1$') \
		FAKETIME='+0 x0.001' urt exporter --listen "127.0.0.1:$port" &
	pid=$!
	until { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; do
		kill -0 "$pid" || return
		sleep 0.01
	done
	exec 3>&-
	scrapes_beside "$port" 64 '' &&
	scrapes_beside "$port" 64 'GET /m' &&
	scrapes_beside "$port" 500 '' || status=1
	kill "$pid"
	wait "$pid" && return "$status"
}

# --- names ---

# A reader of a picture, or of JSON on a terminal, sees every character. Seen
# elsewhere: a name that reads backwards passes for another one.
pictures_hide_nothing() {
	local form

	cat >"$build/strange.json" <<-'END'
	{"command": ["sh", "\u202egpj.exe"], "exit": 0, "real_ns": 1000000000,
	 "lost": {"count": 0, "user_ns": 0, "sys_ns": 0}, "missed": 0, "unseen": 0,
	 "rows": [
	 {"kind": "process", "pid": 1, "ppid": 0, "start_ns": 1, "real_ns": 1000000000,
	  "user_ns": 1, "sys_ns": 0, "exit": 0, "name": "\u202egpj"},
	 {"kind": "process", "pid": 2, "ppid": 1, "start_ns": 1, "real_ns": 900000000,
	  "user_ns": 1, "sys_ns": 0, "exit": 0, "name": "\\000"},
	 {"kind": "process", "pid": 3, "ppid": 1, "start_ns": 1, "real_ns": 900000000,
	  "user_ns": 1, "sys_ns": 0, "exit": 0, "name": " "}]}
	END
	for form in svg html; do
		urt report "--$form" "$build/strange.$form" "$build/strange.json" &&
		! grep -q $'\u202e' "$build/strange.$form" &&
		grep -qF '\342\200\256gpj' "$build/strange.$form" || return
	done
	grep -qF '>\000<' "$build/strange.svg" &&
		grep -qF '>\040<' "$build/strange.svg"
}

# One bar is too narrow for its name, and another bar follows close behind it.
pictures_are_complete() {
	cat >"$build/picture.json" <<-'END'
	{"command": ["sh"], "exit": 0, "real_ns": 1000000000, "host": "builder",
	 "directory": "/some where", "urt": "1.2.3",
	 "lost": {"count": 0, "user_ns": 0, "sys_ns": 0}, "missed": 0, "unseen": 0,
	 "rows": [
	 {"kind": "process", "pid": 1, "ppid": 0, "start_ns": 1, "real_ns": 1000000000,
	  "user_ns": 1, "sys_ns": 0, "exit": 0, "name": "sh"},
	 {"kind": "process", "pid": 2, "ppid": 1, "start_ns": 1, "real_ns": 60000000,
	  "user_ns": 1, "sys_ns": 0, "exit": 0, "name": "configure-script"},
	 {"kind": "process", "pid": 3, "ppid": 1, "start_ns": 61000001,
	  "real_ns": 900000000, "user_ns": 1, "sys_ns": 0, "exit": 1, "name": "make"}]}
	END
	urt report --svg "$build/picture.svg" "$build/picture.json" &&
	grep -q '>configur…</text>' "$build/picture.svg" &&
	grep -q '>still running</text>' "$build/picture.svg" &&
	grep -qF ">builder '/some where' · urt 1.2.3</text>" "$build/picture.svg" &&
	grep -q 'class="gap"' "$build/picture.svg"
}

claim 'help that cannot be written is a failure, with its reason' help_is_written
claim 'a number that is missing in a list is an error' lists_are_whole
claim '--json and --csv together are an error' formats_are_one
claim '-h is --help, for every command' short_help
claim 'wait takes a timeout of 0, and nothing too short to be one' timeouts
if getent ahosts localhost >/dev/null; then
	claim 'the exporter listens on the address of a name' listens_by_name
else
	skipped 'the exporter listens on the address of a name' \
		'localhost has no address here'
fi
claim 'idle connections delay no scrape' idlers_give_way
claim 'pictures show invisible characters as text' pictures_hide_nothing
claim 'pictures cut labels, explain marks, and say where and with what' pictures_are_complete
finish
