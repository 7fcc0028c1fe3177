#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Do the tests notice when the module is broken? Applies one patch of
# test/mutants/ at a time to a copy of it, boots a guest with the tests that are
# said to notice, and prints who did. A patch begins with what it breaks, which
# tests are to fail, and where, if not on this distribution's kernel (Kernel:)
# or not in the guest that counts instructions (Guest:; see boot.sh).
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/mutants
. "$top/test/vm/vm.sh"

limit=900	# seconds that a guest may take

usage() {
	cat <<END
Usage: test/mutants.sh [--list] [--only NAME]... [--sample N] [--seed S]
Breaks the kernel module on purpose, in one way after the other, and has the
tests find out, in virtual machines.

  --list       name of every mutant and what it breaks, and no more
  --only NAME  this mutant; may be given several times
  --sample N   N of them, drawn at random
  --seed S     a number: the same draw again
  --help       this

The tests named for a mutant run first, the short tests if these all pass (not
on debug kernels, where they take long). A guest that crashes, or hangs for
$limit seconds, has noticed as well.
Exit status: 0 all were noticed, 1 one survived, no longer applies or does not
build, or a test fails without any mutant, 2 wrong usage.
END
}

usage_error() {
	echo "test/mutants.sh: $*" >&2
	usage >&2
	exit 2
}

list='' only=() sample='' seed=$(date +%s)
while [ $# -gt 0 ]; do
	case $1 in
	--list) list=y ;;
	--only | --sample | --seed)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		case $1 in
		--only) only+=("$2") ;;
		--sample) sample=$2 ;;
		--seed) seed=$2 ;;
		esac
		shift ;;
	--help) usage; exit ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $sample =~ ^([1-9][0-9]*)?$ ]] || usage_error "not a number: '$sample'"
[[ $seed =~ ^[0-9]+$ ]] || usage_error "not a number: '$seed'"

# --- which ---

# field MUTANT NAME: of the lines before the patch.
field() {
	sed -n "/^---/q; s/^$2: //p" "$top/test/mutants/$1.patch"
}

# Where a mutant is let loose: kernel and guest.
place_of() {
	local kernel guest

	kernel=$(field "$1" Kernel)
	guest=$(field "$1" Guest)
	echo "${kernel:-default} ${guest:-counted}"
}

# The order of hashes is random, and the same for the same seed everywhere.
draw() {
	local name

	while read -r name; do
		echo "$(echo "$seed $name" | sha256sum) $name"
	done | sort | sed "s/.* //; $sample q" | sort
}

mapfile -t mutants < <(cd "$top/test/mutants" && printf '%s\n' *.patch |
	sed 's/\.patch$//')
if [ -n "$list" ]; then
	for name in "${mutants[@]}"; do
		printf '%-24s %s\n' "$name" "$(field "$name" Breaks)"
	done
	exit
fi
for name in "${only[@]}"; do
	[[ " ${mutants[*]} " = *" $name "* ]] ||
		usage_error "there is no mutant '$name'; see --list"
done
[ ${#only[@]} = 0 ] || mutants=("${only[@]}")
if [ -n "$sample" ]; then
	mapfile -t mutants < <(printf '%s\n' "${mutants[@]}" | draw)
	echo "Drawn with --seed $seed: ${mutants[*]}"
fi

# --- guests ---

# use_kernel NAME: builds its guest, once. Sets dir, where its things are.
use_kernel() {
	local built=$top/build/test option=()

	unset URT_KERNEL
	if [ "$1" != default ]; then
		export URT_KERNEL=$1
		built+=/$1
		option=(--kernel "$1")
	fi
	dir=$build/$1
	if [ ! -e "$dir/ready" ]; then
		mkdir -p "$dir/guest"
		"$top/test/run.sh" "${option[@]}" --list >"$dir/list"
		cp "$built/root.cpio.gz" "$dir/"
		cp "$built/kernel" "$dir/guest/"
		touch "$dir/ready"
	fi
	. "$top/test/vm/vm.sh"
	vm_kernel
}

# The copy becomes as it is in the checkout; what is the same keeps its time.
restore() {
	local file

	mkdir -p "$dir/usertime/feature"
	while read -r file; do
		cmp -s "$top/$file" "$dir/$file" ||
			cp "$top/$file" "$dir/$file"
	done < <(cd "$top" && git ls-files usertime)
}

apply() {
	patch -d "$dir" -p1 -F0 --no-backup-if-mismatch -r- -s <"$1" \
		>"$dir/patch.log" 2>&1
}

# A later file takes the place of an earlier one in the guest's root.
build_module() {
	vm_in make -C "$dir/usertime" KDIR="$vm_kdir" "${vm_make[@]}" \
		>"$dir/module.log" 2>&1 || return 1
	(cd "$dir/usertime" && echo usertime.ko |
		cpio --quiet -o -H newc -R 0:0 | gzip -1) |
		cat "$dir/root.cpio.gz" - >"$dir/guest/root.cpio.gz"
}

# boot GUEST HOW [TEST...]: sets found to the first sign that the module is
# broken, to nothing if there is none.
boot() {
	local guest=$1 how=$2 last
	shift 2

	found=
	URT_TEST_BUILD=$dir/guest URT_TEST_LIMIT=$limit \
		URT_TEST_ARGS="$how $(IFS=,; echo "$*")" \
		"$top/test/boot.sh" "$guest" >"$dir/tap" 2>/dev/null && return 0
	found=$(sed -n 's/^not ok [0-9]* - \([a-z0-9_]*\):.*/\1/p;T;q' "$dir/tap")
	[ -z "$found" ] || return 0
	last=$(sed -n 's/^ok [0-9]* - \([a-z0-9_]*\):.*/\1/p' "$dir/tap" |
		tail -n 1)
	found="the guest's end${last:+ after $last}"
}

# --- mutants ---

# has_test GUEST TEST: the first one has those of the others, too; see runner.c.
has_test() {
	awk -v guest="$1" -v name="$2" '$1 == name {
		has = $2 == guest || guest == "counted" && $2 != "nohz"
	} END { exit !has }' "$dir/list"
}

# control KERNEL GUEST: whoever fails without a mutant proves nothing by failing
# with one.
control() {
	local kernel=$1 guest=$2 name tests

	use_kernel "$kernel"
	tests=$(for name in "${mutants[@]}"; do
		[ "$(place_of "$name")" != "$kernel $guest" ] ||
			field "$name" Tests
	done | tr ' ' '\n' | sort -u)
	for name in $tests; do
		has_test "$guest" "$name" ||
			vm_die "there is no test '$name' in the guest '$guest'"
	done
	restore
	build_module || vm_die "the module does not build: $dir/module.log"
	# shellcheck disable=SC2086 # a list
	boot "$guest" all $tests
	[ -z "$found" ] || vm_die "fails without a mutant: $found; see $dir/tap"
}

# Sets found: who noticed, or nothing. Fails if there is nothing to notice.
mutate() {
	local name=$1 kernel guest tests

	read -r kernel guest <<<"$(place_of "$name")"
	use_kernel "$kernel"
	restore
	apply "$top/test/mutants/$name.patch" ||
		{ found='DOES NOT APPLY'; return 1; }
	build_module || { found='DOES NOT BUILD'; return 1; }
	read -ra tests <<<"$(field "$name" Tests)"
	boot "$guest" all "${tests[@]}"
	[ -n "$found" ] || [ "$kernel" != default ] || boot "$guest" short
	[ -n "$found" ] || { found=SURVIVED; return 1; }
}

mkdir -p "$build"
rm -f "$build"/*/ready
vm_install patch
mapfile -t places < <(for name in "${mutants[@]}"; do
	place_of "$name"
done | sort -u)
for place in "${places[@]}"; do
	control "${place% *}" "${place#* }"
done

printf '%-24s %-36s %s\n' mutant 'noticed by' seconds
noticed=0
for name in "${mutants[@]}"; do
	begin=$SECONDS
	! mutate "$name" || noticed=$((noticed + 1))
	printf '%-24s %-36s %7d\n' "$name" "$found" $((SECONDS - begin))
done
echo "mutants: $noticed of ${#mutants[@]} noticed"
[ "$noticed" = ${#mutants[@]} ]
