#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs all steps that .ci/run has no time for, two at a time, and makes a table of
# the results. Each step runs in a clone of its own, on the commit that is checked
# out, so that nothing disturbs it. A step that has passed does not run again while
# the files that it depends on stay unchanged.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/soak
. "$top/tools/vm/vm.sh"

usage() {
	cat <<END
Usage: test/soak.sh [--list] [--only STEP]... [--again] [--minutes M]
Runs the long checks and writes what came out to doc/results.md: some 150 minutes
on two CPUs. It may be interrupted: steps that have passed do not run again.

  --list       print the steps and what each would do
  --only STEP  this step; may be given several times
  --again      run what has passed on the same files, too
  --minutes M  of racing on each debug kernel (10)
  --help       print this

What the steps print stays in build/soak/.
Exit status: 0 all passed, 1 a step failed, 2 wrong usage.
END
}

usage_error() {
	echo "test/soak.sh: $*" >&2
	echo "See test/soak.sh --help" >&2
	exit 2
}

# --- steps ---

# The module, the library, the command and what boots them.
product=(VERSION version.sh usertime lib app tools/vm)
suite=("${product[@]}" test/{corpus,faults,fuzz,harness,liburt,module,syscall,unit,urt}
	test/Makefile test/run.sh syscall)

# add NAME "COMMAND" PATH...: a step, and the files that it depends on.
declare -A commands=() depends=()
steps=()
add() {
	steps+=("$1")
	commands[$1]=$2
	depends[$1]="${*:3}"
}

# The longest steps come first, because two run at a time and none should be alone
# at the end. The long tests run on this distribution's kernel, the short ones on
# each kernel.
add_steps() {
	local name must seed=1

	add mutants test/mutants.sh "${suite[@]}" test/mutants test/mutants.sh
	add debug-a "tools/coverage.sh --jobs 1" "${suite[@]}" syscall \
		tools/coverage.sh
	add races-debug-a "test/races.sh --kernel debug-a --minutes $minutes" \
		usertime tools/vm test/harness test/races test/races.sh
	add races-debug-b "test/races.sh --kernel debug-b --minutes $minutes" \
		usertime tools/vm test/harness test/races test/races.sh
	add bookworm "test/run.sh --all --jobs 1" "${suite[@]}" man examples test/docs \
		test/unit.sh
	# Each kernel has another seed, which determines memory, its layout, speed
	# and random input.
	while read -r name _ _ _ must; do
		case $name:$must in
		*:apart | debug-a:* | bookworm:*) ;;
		*) add "$name" "test/run.sh --kernel $name --jobs 1 --seed $((++seed))" \
			"${suite[@]}" ;;
		esac
	done < <(vm_kernels)
	add packages test/packages.sh "${product[@]}" Makefile debian packaging \
		man examples test/packages test/packages.sh \
		test/harness
	add bench bench/run.sh usertime lib bench tools/vm
	add profile bench/profile.sh usertime bench tools/vm
	add syscall "syscall/run.sh && echo 'ok 1 - the table can be true'" \
		syscall usertime tools/vm
	add syscall-tests syscall/test.sh syscall "${suite[@]}"
	add prometheus test/prometheus.sh "${product[@]}" packaging \
		test/prometheus test/prometheus.sh test/harness
	add html test/html.sh "${product[@]}" test/html test/html.sh test/harness
	add gdb "tools/gdb.sh 'echo \$\$ >/proc/urt/status' -- -batch \
		-ex 'break urt_registry_add' -ex continue -ex backtrace |
		grep '^#.* urt_words_write (' && echo 'ok 1 - gdb stops there'" \
		usertime tools/vm tools/gdb.sh
}

# The text of TEST(name, "claim", ...) is prose.
strip_claims() { perl -0777 -pe 's/(\bTEST\(\w+),\s*("(\\.|[^"\\])*"\s*)+/$1/g'; }

# strip FILE: prints the part of it, from standard input, that can change a result.
# C needs gcc. Without gcc, --list knows no step that has passed.
strip() {
	case $1 in
	test/*.c) gcc -fpreprocessed -dD -E -P -x c - 2>/dev/null | strip_claims ;;
	*.[ch] | *.js | *.css) gcc -fpreprocessed -dD -E -P -x c - 2>/dev/null || true ;;
	*.config) cat ;;	# "# CONFIG_... is not set"
	*.patch) grep '^[-+]' || true ;;
	*) LC_ALL=C sed '2,$ { /^[[:space:]]*#\( .*\)\?$/d }' ;;
	esac
}

# list_files: prints the files of the commit, "MODE HASH PATH" each. Prose changes
# no result. Therefore the hash leaves out comments and the context of patches, and
# pages are not listed.
list_files() {
	local mode object path

	while read -r mode _ object path; do
		case $path in *.md | *.png | *.svg) continue ;; esac
		object=$(git -C "$top" cat-file blob "$object" | strip "$path" | sha256sum)
		echo "$mode ${object%% *} $path"
	done < <(git -C "$top" ls-tree -r "$commit")
}

# key STEP: of all that its outcome depends on: files, and the versions of this
# distribution's kernel, compiler and QEMU.
key() {
	local path

	{
		echo "${commands[$1]}"
		echo "$versions"
		# A path is a file or a folder.
		for path in ${depends[$1]}; do
			awk -v path="$path" '$3 == path || index($3, path "/") == 1' "$build/files"
		done
	} | sha256sum | cut -c -16
}

# --- what came out ---

# figures STEP: what its log says of itself, in a line.
figures() {
	local log=$build/$1.log

	case $1 in
	debug-a) sed -n 's/^\(lines\|branches\): \([0-9.]* %\).*/\2 of the \1/p' "$log" ;;
	races-*) sed -n 's/^# races: //p' "$log" | tail -n 1 ;;
	mutants) sed -n 's/^mutants: //p' "$log" ;;
	bench | profile) sed -n '/bars hold/p' "$log" ;;
	esac | paste -sd, | sed 's/,/, /g'
}

# counts STEP TREE: passed, failed, skipped.
counts() {
	local result=$2/build/test/$1/result

	[ "$1" != bookworm ] || result=$2/build/test/result
	if [ -e "$result" ]; then
		cut -d' ' -f1-3 "$result"
		return
	fi
	awk '
		/^ok .*# [Ss][Kk][Ii][Pp]/ { skipped++; next }
		/^ok / { passed++ }
		/^(not ok|MISSED) / { failed++ }
		# prove
		/^Files=[0-9]+, Tests=[0-9]+/ { sub(/.*Tests=/, ""); passed += $0 + 0 }
		/Failed: [0-9]+\)/ { sub(/.*Failed: /, ""); failed += $0 + 0; passed -= $0 + 0 }
		END { print passed + 0, failed + 0, skipped + 0 }
	' "$build/$1.log"
}

kernel_of() {
	local file=$2/build/test/$1/kernel

	[ -e "$file" ] || file=$2/build/test/kernel
	if [ -e "$file" ]; then
		sed -n 's/^declare -- vm_release="\(.*\)"/\1/p' "$file"
	else
		grep -oE -m 1 'Linux [0-9][^ ;,]*' "$build/$1.log" | cut -d' ' -f2
	fi
}

# lines_of STEP: of results, as a run here has left them or as the page has them,
# which may be another machine's.
lines_of() {
	cat "$build/$1.row" "$page" 2>/dev/null | grep "^| $1 | 2" || true
}

# row_of STEP: the line on these files. Return: whether there is one.
row_of() { lines_of "$1" | grep -F -m 1 "| $(key "$1") |"; }

# older_row STEP: the last line, on other files. Return: the same.
older_row() { lines_of "$1" | sed 's/| [^|]* |$/| changed since |/' | grep -m 1 .; }

# run_step NAME: leaves its line of results.
run_step() {
	local name=$1 tree begin=$SECONDS status=0 passed failed skipped

	if [ -z "$again" ] && row_of "$name" | grep -v '| FAILED ' >"$build/$name.row.new"; then
		# What an older run has printed is not what the page's line tells of.
		cmp -s "$build/$name.row.new" "$build/$name.row" || rm -f "$build/$name.out"
		mv "$build/$name.row.new" "$build/$name.row"
		echo "soak: $name: passed before, on the same files"
		return
	fi
	tree=$build/$name
	rm -rf "$tree"
	git clone -q --shared "$top" "$tree"
	git -C "$tree" checkout -q "$commit"
	(cd "$tree" && eval "${commands[$name]}" | tee "$build/$name.out") \
		>"$build/$name.log" 2>&1 </dev/null || status=$?
	# Somebody has ended it, and the soak: it has neither passed nor failed.
	if [ "$status" = 143 ] || [ "$status" = 130 ]; then
		rm -f "$build/$name.out"
		echo "soak: $name: interrupted"
		return 1
	fi
	read -r passed failed skipped < <(counts "$name" "$tree")
	# A step that ran nothing has not passed.
	[ "$passed" != 0 ] || [ "$status" != 0 ] || status='no claims'
	echo "| $name | $(date -u +%F) | ${commit:0:12} |" \
		"$(kernel_of "$name" "$tree" || true) | $passed | $failed | $skipped |" \
		"$((SECONDS - begin)) |$([ "$status" = 0 ] || echo ' FAILED') $(figures "$name") |" \
		"$(key "$name") |" >"$build/$name.row"
	echo "soak: $name: $passed passed, $failed failed, $skipped skipped," \
		"status $status, $((SECONDS - begin)) s"
	if [ "$status" != 0 ]; then
		sed "s/^/$name: /" "$build/$name.log" | tail -n 60
		return 1
	fi
	rm -rf "$tree"
}

# tables STEP: all that it printed, as a section of the page.
tables() {
	[ -n "$(row_of "$1" || older_row "$1")" ] || return 0
	printf '\n## %s\n\n' "$1"
	if [ -e "$build/$1.out" ]; then
		# The profile by function is long; its phases say the same.
		sed '/^Instructions per process, by function/,/^Instructions per process, from/ {
			/, from/! d
		}; s/^/    /; s/ *$//' "$build/$1.out"
	else
		awk -v head="## $1" '/^## / { here = $0 == head; next }
			here && NF { print }' "$page"
	fi
}

write_results() {
	local name

	cat <<END
# Results

This page is for readers who want the evidence. \`make soak\` writes it. Each line is
one step: its date, commit and kernel, how many claims passed, failed and were skipped,
its seconds, and the figures that it printed. Seconds are those of a machine that runs
two steps at a time.

The last column stands for the files that the step depends on, without comments, and
for the versions of kernel, compiler and QEMU. A step does not run again while they are
the same. "Changed since" says that they are not.

| step | date | commit | kernel | passed | failed | skipped | seconds | figures | files |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- |
END
	for name in "${steps[@]}"; do
		row_of "$name" || older_row "$name" ||
			echo "| $name | | | | | | | | not run yet | |"
	done
	for name in bench profile syscall; do tables "$name"; done
}

# --- arguments ---

list='' only=() again='' minutes=10 step='' commit=''
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--list) list=y ;;
	--again) again=y ;;
	--only | --minutes | --step | --commit)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		case $1 in
		--only) only+=("$2") ;;
		--minutes) minutes=$2 ;;
		# We call ourselves with these: all steps are of one commit.
		--step) step=$2 ;;
		--commit) commit=$2 ;;
		esac
		shift ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $minutes =~ ^[1-9][0-9]{0,2}$ ]] || usage_error "--minutes takes a number from 1"

# What is not there yet has no version.
note_versions() {
	versions=$(dpkg-query -W -f '${Package} ${Version}\n' gcc qemu-system-x86 \
		"$(vm_headers_package)" 2>/dev/null || true)
}

add_steps
[ -n "$commit" ] || commit=$(git -C "$top" rev-parse HEAD)
page=$top/doc/results.md
mkdir -p "$build"
note_versions
[ -n "$step" ] || list_files >"$build/files"
for name in "${only[@]}" $step; do
	[ -n "${commands[$name]-}" ] ||
		usage_error "there is no step '$name'; see --list"
done
if [ -n "$list" ]; then
	for name in "${steps[@]}"; do
		done=''
		! row_of "$name" | grep -qv '| FAILED ' || done=passed
		printf '%-16s %-7s %s\n' "$name" "$done" "${commands[$name]}" |
			tr -s '\t' ' '
	done
	exit
fi
if [ -n "$step" ]; then
	run_step "$step"
	exit
fi

git -C "$top" diff --quiet HEAD -- . ':!doc/results.md' ||
	usage_error "there are changes that are not committed; a soak is of a commit"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages)
note_versions
list_files >"$build/files"
[ ${#only[@]} -gt 0 ] || only=("${steps[@]}")
failed=0
printf '%s\n' "${only[@]}" |
	xargs -P 2 -I{} "$0" --minutes "$minutes" ${again:+--again} \
		--commit "$commit" --step {} || failed=1
write_results >"$build/results.md"
mv "$build/results.md" "$page"
echo "soak: results are in doc/results.md"
exit "$failed"
