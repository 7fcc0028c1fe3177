# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Claims as TAP. Sourced by the tests of this directory; build is where they may
# write.
: "${build:?}"

number=0 failed=0

# claim TEXT COMMAND...: what it prints is shown when it fails, and kept.
claim() {
	local text=$1 ended=0
	shift
	number=$((number + 1))
	# Not in a condition, where "set -e" would count for nothing in there.
	set +e
	(set -e; "$@") >"$build/$number.log" 2>&1
	ended=$?
	set -e
	if [ "$ended" = 0 ]; then
		echo "ok $number - $text"
		return
	fi
	tail -n 40 "$build/$number.log" | sed 's/^/# /'
	echo "not ok $number - $text"
	failed=1
}

# skip TEXT WHY
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# show LINE...: for whoever reads the results.
show() { printf '# %s\n' "$@"; }

# show_file FILE: if a claim has got as far as that.
show_file() { [ ! -e "$1" ] || sed 's/^/# /' "$1"; }

# Sees to it that a failed claim is a failed test.
finish() {
	echo "1..$number"
	exit $failed
}
