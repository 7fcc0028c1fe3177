# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Claims as TAP, as the tests of this directory have them; build is where they may
# write.
: "${top:?}" "${build:?}"
. "$top/test/harness/claim.sh"

# claim TEXT COMMAND...: what it prints is shown when it fails, and kept.
claim() {
	local text=$1 ended=0 log=$build/$((number + 1)).log
	shift
	# Not in a condition, where "set -e" would count for nothing in there.
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

# show LINE...: for whoever reads the results.
show() { printf '# %s\n' "$@"; }

# show_file FILE: if a claim has got as far as that.
show_file() { [ ! -e "$1" ] || sed 's/^/# /' "$1"; }
