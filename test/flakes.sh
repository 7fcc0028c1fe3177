#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Finds tests that do not pass every time. Runs the tests on one machine after the
# other, each with another seed. Memory, its layout, speed and random input depend
# on the seed (see vm_vary in tools/vm/vm.sh). Prints the tests that did not pass
# each time.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test

usage() {
	cat <<END
Usage: test/flakes.sh [--rounds N] [--first SEED] [--busy]
                      [ARGUMENT OF test/run.sh]...
Runs the tests N times, with the seeds SEED, SEED + 1, ..., and prints a table of
those that did not pass each time.

  --rounds N    how often (10)
  --first SEED  where to begin (1)
  --busy        two loops keep this machine's CPUs busy meanwhile
  --help        print this

What each round printed stays in build/flakes/.
Exit status: 0 all passed each time, 1 some did not, 2 wrong usage.
END
}

usage_error() {
	echo "test/flakes.sh: $*" >&2
	echo "See test/flakes.sh --help" >&2
	exit 2
}

rounds=10 first=1 busy='' more=()
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--busy) busy=y ;;
	--rounds | --first)
		[[ ${2-} =~ ^[1-9][0-9]{0,5}$ ]] ||
			usage_error "$1 takes a number from 1"
		declare "${1#--}=$2"
		shift ;;
	--kernel=*) more+=("$1") build+=/${1#*=} ;;
	--kernel) more+=("$1" "${2-}") build+=/${2-}; shift ;;
	--seed | --seed=*) usage_error "--first says which seeds" ;;
	*) more+=("$1") ;;
	esac
	shift
done

out=$top/build/flakes
rm -rf "$out"
mkdir -p "$out"

loops=()
# shellcheck disable=SC2317 # trap calls it
end_loops() { [ ${#loops[@]} = 0 ] || kill "${loops[@]}"; }
trap end_loops EXIT
if [ -n "$busy" ]; then
	for _ in 1 2; do
		while :; do :; done &
		loops+=($!)
	done
fi

# results SEED: prints a line for each test that ran: its name, seed, part, end,
# and what it saw.
results() {
	local seed=$1 file

	for file in "$build"/*.tap; do
		awk -v seed="$seed" -v part="$(basename "$file" .tap)" '
			/^# seen: / { seen = substr($0, 9) }
			/^# the guest failed/ { crashed = $0 }
			/^(not )?ok / {
				end = /^not/ ? "failed" : / # [Ss][Kk][Ii][Pp]/ ? "skipped" : "passed"
				sub(/^(not )?ok [0-9]+ - /, "")
				# Tests of a guest are known by name, tests of a
				# script by claim.
				name = part ~ /^(counted|two|nohz)/ ? $0 : part ": " $0
				if (part ~ /^(counted|two|nohz)/) {
					sub(/:.*/, "", name)
					sub(/-.*/, "", part)
				}
				print name "\t" seed "\t" part "\t" end "\t" seen
				seen = ""
			}
			END { if (crashed) print "(guest)\t" seed "\t" part "\tfailed\t" crashed }
		' "$file"
	done
}

begin=$SECONDS
for ((seed = first; seed < first + rounds; seed++)); do
	now=$SECONDS status=0
	"$top/test/run.sh" --seed "$seed" --keep "${more[@]}" \
		>"$out/round-$seed" 2>&1 || status=$?
	[ "$status" -le 1 ] || { cat "$out/round-$seed" >&2; exit "$status"; }
	results "$seed" >>"$out/results"
	echo "seed $seed: $(awk -F'\t' -v seed="$seed" '$2 == seed { n[$4]++ }
		END { printf "%d passed, %d failed, %d skipped", n["passed"],
			n["failed"], n["skipped"] }' "$out/results")," \
		"status $status, $((SECONDS - now)) s"
	[ "$status" = 0 ] || echo "seed $seed" >>"$out/failed"
done

awk -F'\t' -v rounds="$rounds" '
	$4 == "skipped" { next }
	{ key = $1 "\t" $3; runs[key]++ }
	$4 == "failed" {
		failed[key]++
		seeds[key] = seeds[key] " " $2
		seen[key] = $5
	}
	END {
		for (key in failed) {
			if (!n++)
				printf "\n%-32s %-8s %5s %7s  %s\n", "test", "guest",
					"runs", "failed", "seeds; what was seen last"
			split(key, part, "\t")
			printf "%-32s %-8s %5d %7d %s; %s\n", part[1], part[2],
				runs[key], failed[key], seeds[key], seen[key]
		}
		for (key in runs)
			tests++
		printf "\n%d tests, %d rounds: %d did not pass each time\n", tests,
			rounds, n
	}
' "$out/results"
echo "flakes: $((SECONDS - begin)) s"
[ ! -e "$out/failed" ]
