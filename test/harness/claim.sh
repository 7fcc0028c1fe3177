# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # for those who source this
# Claims as TAP. build is where they may write.
: "${build:?}"

number=0 failed=0
# claim TEXT COMMAND...: what it prints is shown when it fails.
claim() {
	local text=$1
	shift
	number=$((number + 1))
	if "$@" >"$build/out" 2>&1; then
		echo "ok $number - $text"
	else
		sed 's/^/# /' "$build/out"
		echo "not ok $number - $text"
		failed=1
	fi
}

# skipped TEXT REASON: a claim that cannot be tried here.
skipped() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
