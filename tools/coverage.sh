#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Line and branch coverage of the module by all tests, on debug kernel A; see
# tools/coverage.md. Arguments are passed on to test/run.sh.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test/debug-a
out=$top/build/coverage
. "$top/tools/vm/vm.sh"

lines_min=95 branches_min=85

# Branches that the compiler counts and that no test can take, found by text of
# their line. coverage.md gives the reasons.
excluded='lockdep_assert_held|rcu_dereference\(|__task_cred\('

rc=(--rc lcov_branch_coverage=1 --rc "lcov_excl_br_line=$excluded")

usage() {
	cat <<END
Usage: tools/coverage.sh [--no-run] [ARGUMENT OF test/run.sh]...
Runs the tests on the kernel debug-a and writes which lines and branches of the
module they have executed: a report in build/coverage/, and a list of those they
have not. Fails under $lines_min % of the lines or $branches_min % of the branches.

  --no-run  evaluate what the latest run left
END
}

# unpack DATA DIR: puts the guest's counts beside the compiler's notes.
unpack() {
	mkdir -p "$2/raw"
	tar -C "$2/raw" -mxf "$1" || vm_die "$1 is no archive: did the guest end?"
	find "$2/raw" -name '*.gcda' -exec mv -t "$2" {} +
	rm -rf "$2/raw"
	cp "$build"/usertime/*.gcno "$2/"
}

# Merges the tests of all guests, and keeps only our own files.
capture() {
	local data dir n=0 traces=()

	for data in "$build"/boot-*.log.data; do
		[ -s "$data" ] || continue
		n=$((n + 1))
		dir=$out/guest$n
		unpack "$data" "$dir"
		lcov -q "${rc[@]}" --capture --directory "$dir" \
			--base-directory "$build/usertime" \
			-o "$dir.info" >"$out/lcov.log" 2>&1 ||
			{ cat "$out/lcov.log" >&2; vm_die "lcov failed"; }
		traces+=(-a "$dir.info")
	done
	[ "$n" -gt 0 ] || vm_die "no guest has left what it counted"
	lcov -q "${rc[@]}" "${traces[@]}" -o "$out/all.info"
	lcov -q "${rc[@]}" --extract "$out/all.info" "$build/usertime/*" \
		-o "$out/usertime.info"
}

# Lists each line and branch that no test has reached, with its text.
list_missing() {
	awk -F'[:,]' -v top="$build/usertime/" '
		function text(n,  i, line) {
			for (i = 1; i <= n + 0; i++)
				if ((getline line < file) <= 0)
					break
			close(file)
			gsub(/^[ \t]+/, "", line)
			return line
		}
		/^SF:/ { file = substr($0, 4); name = file; sub(top, "", name) }
		/^DA:/ && $3 == 0 {
			print name ":" $2 ": not executed: " text($2)
			dead[name, $2]
		}
		/^BRDA:/ && $5 == 0 { branches[$2]++ }
		/^end_of_record/ {
			for (n in branches)
				if (!((name, n) in dead))
					print name ":" n ": " branches[n] \
						" not taken: " text(n)
			delete branches
		}
	' "$out/usertime.info" | sort -t: -k1,1 -k2,2n
}

# rate FOUND HIT NAME MINIMUM
rate() {
	local tenths=$(($2 * 1000 / $1))

	printf '%s: %d.%d %% (%d of %d; %d %% wanted)\n' "$3" \
		$((tenths / 10)) $((tenths % 10)) "$2" "$1" "$4"
	[ "$tenths" -ge $(($4 * 10)) ]
}

run=y failed=0
case ${1-} in
--help) usage; exit ;;
--no-run) run=''; shift ;;
esac
mkdir -p "$build"
vm_install lcov
[ -z "$run" ] || "$top/test/run.sh" --kernel debug-a "$@" || failed=1

rm -rf "$out"
mkdir -p "$out"
capture
list_missing >"$out/missing"
genhtml -q --branch-coverage --prefix "$build" -o "$out" \
	--title "usertime" "$out/usertime.info" >"$out/genhtml.log"
cat "$out/missing"
sums=$(awk -F: '/^(LF|LH|BRF|BRH):/ { n[$1] += $2 }
	END { print n["LF"], n["LH"], n["BRF"], n["BRH"] }' "$out/usertime.info")
read -r lines lines_hit branches branches_hit <<<"$sums"
rate "$lines" "$lines_hit" lines "$lines_min" || failed=1
rate "$branches" "$branches_hit" branches "$branches_min" || failed=1
echo "report: $out/index.html"
exit "$failed"
