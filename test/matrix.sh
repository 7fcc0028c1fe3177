#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tests that need no kernel of ours, then all others on every kernel of
# test/kernels/list, as many at a time as there are CPUs, and a table. Called by test/run.sh --matrix, with its other arguments.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test
. "$top/test/vm/vm.sh"
mkdir -p "$build"

# One after the other: packages are installed, roots made, kernels built.
prepare() {
	local name

	for name in "${names[@]}"; do
		test/run.sh --kernel "$name" --build || [ $? = 3 ]
	done
}

# shellcheck disable=SC2317 # by xargs
run_one() {
	test/run.sh --kernel "$@" >"$build/$1.out" 2>&1 || {
		[ $? = 3 ] || sed "s/^/$1: /" "$build/$1.out" >&2
	}
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
		# shellcheck source=/dev/null # what run.sh has found out
		. "$build/$name/kernel"
		passed=0 failed=none skipped=0 seconds=0
		[ ! -e "$build/$name/result" ] ||
			read -r passed failed skipped seconds <"$build/$name/result"
		printf '%-14s %-28s %-6s %-11s %6s %6s %7s %6s\n' "$name" \
			"$vm_release" "$arch" "$vm_compiler" "$passed" "$failed" \
			"$skipped" "$seconds"
		[ -e "$build/$name/passed" ] || bad=1
	done < <(vm_kernels)
}

cd "$top"
bad=0
mapfile -t names < <(vm_kernels | cut -d' ' -f1)
prepare
prove --exec bash test/{lib,top}.sh || bad=1
export -f run_one
export build
# The slowest first.
printf '%s\n' "${names[@]}" | tac |
	xargs -P "$(nproc)" -I{} bash -c 'run_one "$@"' - {} "$@"
table
exit "$bad"
