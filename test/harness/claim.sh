# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Claims as TAP: the one printer of all scripts, those of guests, too, whose shell
# is busybox's. build is where they may write.
: "${build:?}"

number=0 failed=0

ok() {
	number=$((number + 1))
	echo "ok $number - $1"
}

not_ok() {
	number=$((number + 1)) failed=1
	echo "not ok $number - $1"
}

# skipped TEXT REASON: a claim that cannot be tried here.
skipped() { ok "$1 # SKIP $2"; }

# claim TEXT COMMAND...: what it prints is shown when it fails.
claim() {
	local text=$1
	shift
	if "$@" >"$build/out" 2>&1; then
		ok "$text"
	else
		sed 's/^/# /' "$build/out"
		not_ok "$text"
	fi
}

# The plan, at the end; and a claim that failed is a script that failed.
finish() {
	echo "1..$number"
	exit "$failed"
}

# as_one COUNT: the TAP of so many programs as one. There is no plan where one of
# them printed none.
as_one() {
	awk -v programs="$1" '
		/^1[.][.]/ { plans++; next }
		/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++count) }
		{ print; fflush() }
		END { if (plans == programs) print "1.." count }'
}
