#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the command urt does where no module is needed: arguments, output, names.
# Runs on the host; prints TAP. test/run.sh runs it before the guests.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test/urt
export LC_ALL=C.UTF-8
. "$top/test/vm/vm.sh"

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install libmicrohttpd-dev $(vm_packages) >&2
make -s -C "$top/app" O="$build/app" \
	CFLAGS='-O2 -g -Wall -Wextra -Wpedantic -Werror' urt >"$build/urt.log" 2>&1 ||
	{ cat "$build/urt.log" >&2; vm_die "urt does not build"; }
PATH=$build/app/urt:$PATH

. "$top/test/claim.sh"

# says STATUS TEXT COMMAND...: it ends so, and says that on standard error.
says() {
	local wanted=$1 text=$2 status=0
	shift 2
	"$@" 2>"$build/err" || status=$?
	cat "$build/err"
	[ "$status" = "$wanted" ] && grep -qF -- "$text" "$build/err"
}

commands=(run report stat top wait runtime add remove list exporter)

# --- what cannot be written ---

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

claim 'help that cannot be written is a failure, with its reason' help_is_written
echo "1..$number"
exit $failed
