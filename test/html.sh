#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the pictures of urt run: urt report on this machine, urt run in a virtual
# machine, and the pages in a headless Chromium, at 10 to 100,000 processes. TAP;
# pages, and screenshots to look at, are kept in build/html/.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/html
. "$top/tools/vm/vm.sh"

urt=$build/native/urt/urt

# A build that ends at once on misused memory or undefined behaviour.
build_urt() {
	make -s -C "$top/app" O="$build/native" LDFLAGS=-fsanitize=address,undefined \
		CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover' \
		urt >"$build/native.log" 2>&1 || {
		cat "$build/native.log" >&2
		vm_die "urt does not build"
	}
}

# --- records, and pictures of them ---

# chain COUNT deep|wide: prints records. Each is the parent of the next, or one
# of all.
chain() {
	awk -v count="$1" -v deep="$2" 'BEGIN {
		printf "{\"command\": [\"forks\"], \"exit\": 0, \"real_ns\": 1000000000,"
		printf "\"lost\": {\"count\": 0, \"user_ns\": 0, \"sys_ns\": 0},"
		printf "\"missed\": 0, \"unseen\": 0, \"rows\": ["
		for (i = 1; i <= count; i++)
			printf "%s{\"kind\": \"process\", \"pid\": %d, \"ppid\": %d, \"start_ns\": %d, \"real_ns\": %d, \"user_ns\": 1000, \"sys_ns\": 0, \"exit\": 0, \"name\": \"fork\"}",
				(i > 1 ? "," : ""), i, (deep == "deep" ? i - 1 : (i > 1)),
				1e9 + i * 1000, 9e8 - 2000 * i
		print "]}"
	}'
}

# changed FILTER: prints the records of ten processes, after a change.
changed() {
	node -e 'const json = JSON.parse(require("fs").readFileSync(0));
		'"$1"'; console.log(JSON.stringify(json))' <"$build/10.json"
}

write_records() {
	local count

	for count in 10 1000 100000; do
		node "$top/test/html/records.js" "$count" \
			$((count < 100 ? 3 : 8)) >"$build/$count.json"
	done
	node "$top/test/html/strange.js" >"$build/strange.json"
	changed 'json.rows = [{ ...json.rows[0], real_ns: 0, start_ns: json.start_ns }]
		json.real_ns = 0' \
		>"$build/nothing.json"
	changed 'for (const one of [json, ...json.rows])
		for (const key of ["start_ns", "real_ns", "user_ns", "sys_ns"])
			if (one[key]) one[key] = Math.round(one[key] * 1.7e7)' \
		>"$build/months.json"
	chain 20000 deep >"$build/deep.json"
	chain 20000 wide >"$build/wide.json"
}

draw_all() {
	local name

	for name in 10 1000 100000 strange deep wide nothing months; do
		"$urt" report --html "$build/$name.html" \
			--svg "$build/$name.svg" "$build/$name.json" || return
	done
}

# --- claims about the command ---

. "$top/test/harness/claim.sh"

well_formed() {
	xmllint --noout --huge "$build"/{10,1000,100000,strange,deep,wide}.svg
}

size_below() { [ "$(wc -c <"$build/$1")" -lt "$2" ]; }

small() {
	ls -l "$build"/*.{html,svg}
	size_below 10.svg 30000 && size_below 1000.svg 400000 &&
		size_below 100000.svg 1000000 && size_below wide.svg 1000000 &&
		size_below 100000.html 5000000
}

# The pages are alike for each kind of input and output.
same_by_pipe() {
	"$urt" report --html - <"$build/10.json" >"$build/piped.html" &&
		cmp "$build/piped.html" "$build/10.html"
}

# rejects STATUS MESSAGE ARGUMENT...: urt report rejects its standard input.
rejects() {
	local status=0 wanted=$1 message=$2
	shift 2
	"$urt" report "$@" 2>"$build/err" >/dev/null || status=$?
	cat "$build/err"
	[ "$status" = "$wanted" ] && grep -qF -- "$message" "$build/err"
}

rejects_records() {
	local out=$build/none.html

	rejects 1 'not JSON' --html "$out" </dev/null &&
	rejects 1 'not JSON' --html "$out" < <(head -c 2000 "$build/10.json") &&
	rejects 1 'is no report' --html "$out" <<<'[]' &&
	rejects 1 "no 'command'" --html "$out" <<<'{}' &&
	rejects 1 'a row is not about one process' --html "$out" \
		< <(changed 'json.rows[0].kind = "name"') &&
	rejects 1 'no processes' --html "$out" < <(changed 'json.rows = []') &&
	rejects 1 "'pid' is not a whole number" --html "$out" \
		< <(changed 'json.rows[3].pid = -1') &&
	rejects 1 "no 'real_ns'" --html "$out" \
		< <(changed 'delete json.rows[3].real_ns') &&
	rejects 1 "'user_ns' is not" --html "$out" \
		< <(changed 'json.rows[3].user_ns = 4e18') &&
	rejects 1 'too large a sum' --html "$out" \
		< <(changed 'for (const row of json.rows) row.sys_ns = 3e18') &&
	rejects 1 'too large a sum' --html "$out" \
		< <(changed 'json.rows[0].sys_ns = json.rows[1].user_ns =
			json.lost.user_ns = 3.1e18') &&
	rejects 1 "no 'name'" --html "$out" \
		< <(changed 'json.rows[3].name = 7') &&
	rejects 1 "'SIGNONE'" --html "$out" \
		< <(changed 'json.rows[3].signal = "SIGNONE"') &&
	rejects 1 'No such file' --html "$out" /nonexistent.json &&
	rejects 1 "cannot write /nonexistent/x" --svg /nonexistent/x \
		<"$build/10.json" &&
	rejects 1 "cannot write $build" --svg "$build" <"$build/10.json" &&
	rejects 1 'cannot write /dev/full' --svg /dev/full <"$build/10.json" &&
	rejects 2 'what to draw?' <"$build/10.json" &&
	rejects 2 'one file of records' --svg "$out" a b && [ ! -e "$out" ]
}

# One process keeps 128 CPUs busy for three days. The others add nothing to this.
takes_many_cpus() {
	local ns=$((128 * 3 * 86400))000000000

	changed "json.rows[0].user_ns = $ns
		for (const row of json.rows.slice(1)) row.user_ns = 0" |
		"$urt" report --html "$build/many.html" &&
		grep -F '"user_ns":'"$ns," "$build/many.html"
}

# No name reaches a terminal without escapes.
escapes_records() {
	rejects 1 "'signal' is '\\033]0;x\\007'" --html - \
		< <(changed 'json.rows[3].signal = "\x1b]0;x\x07"') &&
	rejects 1 'not JSON' --html - < <(printf '{"a": \033[31m}') &&
		! grep -q "$(printf '[\001-\011\013-\037]')" "$build/err"
}

# The names may be any that lead to one file, which may not exist yet.
rejects_same() {
	local dir=$build/same same='are the same file'

	rm -rf "$dir"
	mkdir "$dir"
	cp "$build/10.json" "$dir/in.json"
	ln -s in.json "$dir/link.json"
	ln -s . "$dir/here"
	(
		cd "$dir"
		rejects 1 "$same" --html x --svg x in.json &&
		rejects 1 "$same" --html x --svg ./x in.json &&
		rejects 1 "$same" --html x --svg here/x in.json &&
		rejects 1 "$same" --html - --svg - in.json &&
		rejects 1 "$same" --html in.json in.json &&
		rejects 1 "$same" --svg in.json link.json &&
		rejects 1 "$same" --html link.json <in.json
	) && cmp "$dir/in.json" "$build/10.json" && [ ! -e "$dir/x" ]
}

# Simulates a full disk. The old file stays, and no other file is left.
whole_or_not() {
	local dir=$build/whole

	rm -rf "$dir"
	mkdir "$dir"
	echo old >"$dir/page.html"
	(
		ulimit -f 16
		rejects 1 'cannot write' --html "$dir/page.html" <"$build/10.json"
	) && [ "$(cat "$dir/page.html")" = old ] &&
		[ "$(ls -A "$dir")" = page.html ]
}

# killed_by SIGNAL: kills it while it writes. If it is done too early, tries
# again.
killed_by() {
	local dir=$build/whole pid status new

	for _ in {1..50}; do
		status=0
		"$urt" report --html "$dir/page.html" "$build/100000.json" &
		pid=$!
		until new=("$dir"/page.html.*) && [ -s "${new[0]}" ]; do
			kill -0 "$pid" 2>/dev/null || break
		done
		kill -s "$1" "$pid" 2>/dev/null || true
		wait "$pid" || status=$?
		[ "$status" = 0 ] || break
	done
	[ "$status" = $((128 + $(kill -l "$1"))) ] &&
		[ "$(ls -A "$dir")" = page.html ] &&
		cmp "$dir/page.html" "$build/100000.html"
}

killed() { killed_by TERM && killed_by HUP; }

# A link stays a link to an existing file, and a file keeps its mode.
keeps_file() {
	local dir=$build/whole

	chmod 640 "$dir/page.html"
	ln -s page.html "$dir/link.html"
	"$urt" report --html "$dir/link.html" <"$build/10.json" &&
		[ -L "$dir/link.html" ] &&
		[ "$(stat -c %a "$dir/page.html")" = 640 ] &&
		cmp "$dir/page.html" "$build/10.html" || return
	ln -s nowhere.html "$dir/dangling.html"
	rejects 1 'dangling.html, a link: No such file' \
		--html "$dir/dangling.html" <"$build/10.json" &&
		[ -L "$dir/dangling.html" ]
}

ten_at_once() {
	local pids=() pid

	for pid in {1..10}; do
		"$urt" report --html "$build/whole/same.html" "$build/10.json" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || return
	done
	cmp "$build/whole/same.html" "$build/10.html" &&
		[ "$(find "$build/whole" -name 'same*' | wc -l)" = 1 ]
}

test_command() {
	claim 'urt report draws 10 to 100,000 processes, and strange ones' draw_all
	claim 'the still pictures are well-formed' well_formed
	claim 'pictures of 100,000 are below 1 MB still, 5 MB as a page' small
	claim 'a file and standard input give one picture, to the byte' same_by_pipe
	claim 'a file that is no report is rejected, with a reason' rejects_records
	claim 'a rejected text is quoted without control characters' escapes_records
	claim 'a process may have used more than a year of CPU time' takes_many_cpus
	claim 'one file for two outputs is refused, by any name' rejects_same
	claim 'a picture that cannot be completed leaves the old one' whole_or_not
	claim 'killed while it draws, it leaves nothing but a whole picture' killed
	claim 'links stay links, and modes stay as they were' keeps_file
	claim 'ten at once, of the same file, leave one whole one' ten_at_once
	echo "1..$number"
}

# --- the guest ---

# Runs urt run in the guest. Sets guest.html and guest.json.
test_guest() {
	vm_boot "$build/root.cpio.gz" "$build/kernel.log" "$vm_hang" quiet \
		-smp 1 -icount "shift=$vm_shift,sleep=off" -- \
		port /bin/sh /bin/test_html || failed=1
	awk -v dir="$build" '
		/^== run/ { file = dir "/guest" substr($2, 4); printf "" >file; next }
		file { print >file }' "$build/kernel.log.data"
}

mkdir -p "$build"
rm -f "$build"/*.{json,html,svg,png,pdf,data}
# shellcheck disable=SC2046 # package names
vm_install nodejs chromium fonts-dejavu-core libxml2-utils $(vm_packages) >&2
build_urt
write_records
vm_kernel
vm_module
vm_library
vm_root "$build/root"
cp "$top/test/html/guest" "$build/root/bin/test_html"
cp "$top/test/harness/claim.sh" "$build/root/lib/"
vm_pack "$build/root" "$build/root.cpio.gz"

{
	test_command
	test_guest
	node "$top/test/html/page.js" "$build" || failed=1
	exit $failed
} | as_one 3
