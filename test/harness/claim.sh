# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Prints claims as TAP, for all scripts, also in guests, whose shell is busybox's.
# build is a directory that they may write.
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

# skipped TEXT REASON: a claim that cannot be tested here.
skipped() { ok "$1 # SKIP $2"; }

# claim TEXT COMMAND...: runs the command, and shows its output if it fails.
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

# Prints the plan at the end. If a claim failed, the script fails.
finish() {
	echo "1..$number"
	exit "$failed"
}

# as_one COUNT: merges the TAP of so many programs. If a program printed no plan,
# there is no plan.
as_one() {
	awk -v programs="$1" '
		/^1[.][.]/ { plans++; next }
		/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++count) }
		{ print; fflush() }
		END { if (plans == programs) print "1.." count }'
}
