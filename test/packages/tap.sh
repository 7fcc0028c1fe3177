# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Prints claims as TAP, for the tests of this directory. build is a directory that
# they may write.
: "${top:?}" "${build:?}"
. "$top/test/harness/claim.sh"

# claim TEXT COMMAND...: keeps its output, and shows it if the command fails.
claim() {
	local text=$1 ended=0 log=$build/$((number + 1)).log
	shift
	# Not in a condition, because "set -e" would have no effect in the
	# command.
	set +e
	(set -e; "$@") >"$log" 2>&1
	ended=$?
	set -e
	if [ "$ended" = 0 ]; then
		ok "$text"
		return
	fi
	tail -n 40 "$log" | sed 's/^/# /'
	not_ok "$text"
}

# show LINE...: prints remarks for the reader of the results.
show() { printf '# %s\n' "$@"; }

# show_file FILE: shows the file, if a claim has made it.
show_file() { [ ! -e "$1" ] || sed 's/^/# /' "$1"; }
