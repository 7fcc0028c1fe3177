#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the tests on every kernel of tools/vm/kernels/list that is not apart, one for
# each CPU at a time, and prints a table. Called by test/run.sh --matrix, with its
# other arguments.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/test
. "$top/tools/vm/vm.sh"
mkdir -p "$build"

matrix_kernels() { vm_kernels | awk '$5 != "apart"'; }

# Output goes to a file. It is shown if a test failed.
# shellcheck disable=SC2317 # by xargs
run_one() {
	local status=0

	test/run.sh --jobs 1 --kernel "$@" >"$build/$1.out" 2>&1 || status=$?
	case $status in
	0 | 3) return 0 ;;
	esac
	sed "s/^/$1: /" "$build/$1.out" >&2
	return 1
}

table() {
	local name arch must passed failed skipped seconds

	printf '%-14s %-28s %-6s %-11s %6s %6s %7s %6s\n' name kernel arch \
		compiler passed failed skipped seconds
	while read -r name _ arch _ must; do
		if [ -e "$build/$name/skipped" ]; then
			printf '%-14s skipped (%s): %s\n' "$name" "$must" \
				"$(cat "$build/$name/skipped")"
			[ "$must" = optional ] || bad=1
			continue
		fi
		if [ ! -e "$build/$name/kernel" ]; then
			printf '%-14s could not be built\n' "$name"
			bad=1
			continue
		fi
		# shellcheck source=/dev/null # what run.sh has found out
		. "$build/$name/kernel"
		passed=0 failed=none skipped=0 seconds=0
		[ ! -e "$build/$name/result" ] ||
			read -r passed failed skipped seconds <"$build/$name/result"
		printf '%-14s %-28s %-6s %-11s %6s %6s %7s %6s\n' "$name" \
			"$vm_release" "$arch" "$vm_compiler" "$passed" "$failed" \
			"$skipped" "$seconds"
		[ -e "$build/$name/passed" ] || bad=1
	done < <(matrix_kernels)
}

cd "$top"
bad=0
export -f run_one
export build
# The slowest kernels are at the end of the list, and run first.
matrix_kernels | cut -d' ' -f1 | tac |
	xargs -P "$(nproc)" -I{} bash -c 'run_one "$@"' - {} "$@" || bad=1
table
exit "$bad"
