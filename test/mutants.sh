#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Do the tests notice when the module is broken? A patch of test/mutants/ breaks it
# in one way. It begins with what it breaks, which tests must fail, and where, if
# not on this distribution's kernel (Kernel:) or not in the guest that counts
# instructions (Guest:; see harness/boot.sh).
#
# The modules of all mutants are built here, packed into one guest's root, and
# tried one after the other (test/harness/runner.c). A guest that crashes or hangs has
# noticed the mutant that it tried; another guest goes on behind it.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/mutants
. "$top/tools/vm/vm.sh"

limit=300	# seconds of CPU time that a guest may take between two lines
batch=16	# mutants that are built before they are tried
results=$vm_cache/mutants	# lines: key, name, seconds, who noticed

usage() {
	cat <<END
Usage: test/mutants.sh [--list] [--only NAME]... [--sample N] [--seed S] [--again]
Breaks the kernel module on purpose, in one way after the other, and has the
tests find out, in virtual machines.

  --list       name of every mutant and what it breaks, and no more
  --only NAME  this mutant; may be given several times
  --sample N   N of them, drawn at random
  --seed S     a number: the same draw again
  --again      try those, too, whose result is known
  --help       this

The tests named for a mutant run first, all short tests if these pass (not on
other kernels than this distribution's, where they take long). A guest that
crashes, or prints nothing in $limit seconds of CPU time, has noticed as well. Each result is
kept, in $results,
until the module, the mutant, the tests or the kernel change: an interrupted run
goes on where it was.
Exit status: 0 all were noticed, 1 one survived, no longer applies or does not
build, or a test fails without any mutant, 2 wrong usage.
END
}

usage_error() {
	echo "test/mutants.sh: $*" >&2
	usage >&2
	exit 2
}

list='' only=() sample='' again='' seed=$(date +%s)
while [ $# -gt 0 ]; do
	case $1 in
	--list) list=y ;;
	--again) again=y ;;
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

# --- results ---

declare -A key=() found=() took=()

# What all mutants of a kernel's depend on: what the guest is made of.
hash_sources() {
	(cd "$top" && git ls-files -z --cached --others --exclude-standard \
		usertime lib app \
		test/{corpus,faults,fuzz,harness,liburt,module,syscall,unit,urt} \
		test/Makefile | xargs -0 sha256sum)
	echo "$vm_release $vm_compiler"
	sha256sum <"$vm_image"
}

# look_up NAME: whether its result is known. Sets found and took.
look_up() {
	local line

	[ -z "$again" ] && [ -e "$results" ] || return 1
	line=$(grep "^${key[$1]} " "$results" | tail -n 1)
	[ -n "$line" ] || return 1
	read -r _ _ "took[$1]" "found[$1]" <<<"$line"
	old=$((old + 1))
}

# settle NAME WHO: keeps a result, as soon as there is one.
settle() {
	found[$1]=$2
	echo "$1: $2" >&2
	echo "${key[$1]} $1 ${took[$1]} $2" >>"$results"
}

# give_up NAME WHY: no result.
give_up() {
	found[$1]=$2 took[$1]=0
	echo "$1: $2" >&2
}

# --- modules ---

# use_kernel NAME: sets dir, where its things are, and what vm_kernel does.
use_kernel() {
	unset URT_KERNEL
	[ "$1" = default ] || export URT_KERNEL=$1
	. "$top/tools/vm/vm.sh"
	dir=$build/$1
	mkdir -p "$dir/guest" "$dir/modules"
	vm_kernel || vm_die "the kernel '$1' cannot be had here: $vm_skip"
}

# Builds the guest's root without mutants, and the list of its tests.
build_root() {
	local built=$top/build/test${URT_KERNEL:+/$URT_KERNEL}

	"$top/test/run.sh" ${URT_KERNEL:+--kernel "$URT_KERNEL"} --list \
		>"$dir/list"
	cp "$built/root.cpio.gz" "$dir/"
	cp "$built/kernel" "$dir/guest/"
}

# make_module DIR [MAKE_ARGUMENT...]
make_module() {
	vm_in make -C "$1/usertime" KDIR="$vm_kdir" "${vm_make[@]}" "${@:2}" \
		>"$1/module.log" 2>&1
}

# features DIR: an argument of make that says what the module there was built
# with, which is not tried out again then.
features() {
	local known

	known=$(sed 's/-D/\n/g' "$1/.registry.o.cmd" |
		sed -n 's/^URT_HAVE_\([A-Z0-9_]*\).*/\L\1/p' | sort -u)
	echo "urt-compiles=\$(if \$(filter \$(1),sanity ${known//$'\n'/ }),y)"
}

# build_whole DIR: the module as it is, in whole/, unless it is there already.
build_whole() {
	local sources stamp

	mapfile -t sources < <(cd "$top" && git ls-files usertime)
	stamp=$(echo "$vm_kdir $vm_compiler" && cd "$top" &&
		sha256sum "${sources[@]}")
	[ "$stamp" != "$(cat "$1/stamp" 2>/dev/null)" ] || return 0
	rm -rf "$1"
	mkdir -p "$1"
	(cd "$top" && cp -p --parents -t "$1" "${sources[@]}")
	make_module "$1" || vm_die "the module does not build: $1/module.log"
	mv "$1/usertime" "$1/whole"
	echo "$stamp" >"$1/stamp"
}

# build_modules DIR NAME...: into modules/, or NAME.fault says why not. All are
# built in the same place, where what a patch does not touch is built already.
build_modules() {
	local work=$1 name features
	shift

	build_whole "$work"
	features=$(features "$work/whole")
	for name; do
		rm -rf "$work/usertime" "$dir/modules/$name".*
		cp -a "$work/whole" "$work/usertime"
		if ! patch -d "$work" -p1 -F0 --no-backup-if-mismatch -r- -s \
			<"$top/test/mutants/$name.patch" >"$work/patch.log" 2>&1
		then
			echo 'DOES NOT APPLY' >"$dir/modules/$name.fault"
		elif ! make_module "$work" "$features"; then
			echo 'DOES NOT BUILD' >"$dir/modules/$name.fault"
			cp "$work/module.log" "$dir/modules/$name.log"
		else
			vm_in "${vm_cross}strip" -g \
				-o "$dir/modules/$name.ko" \
				"$work/usertime/usertime.ko"
		fi
	done
}

# build_all NAME...: two at a time. Sets built to those that there are.
build_all() {
	local name half=$((($# + 1) / 2)) first

	build_modules "$dir/work-1" "${@:1:half}" &
	first=$!
	if [ $# -gt 1 ]; then
		build_modules "$dir/work-2" "${@:half + 1}"
	fi
	wait "$first"
	built=()
	for name; do
		if [ -e "$dir/modules/$name.ko" ]; then
			built+=("$name")
		else
			give_up "$name" "$(cat "$dir/modules/$name.fault")"
		fi
	done
}

# --- guests ---

# pack HOW NAME...: a later file takes the place of an earlier one in the root.
pack() {
	local how=$1 name tests=''
	shift

	rm -rf "$dir/root"
	mkdir -p "$dir/root/mutants"
	for name; do
		cp "$dir/modules/$name.ko" "$dir/root/mutants/"
		[ "$how" = short ] || tests=$(field "$name" Tests)
		echo "$name $how ${tests// /,}"
	done >"$dir/root/mutants/plan"
	vm_pack "$dir/root" "$dir/mutants.cpio.gz"
	cat "$dir/root.cpio.gz" "$dir/mutants.cpio.gz" >"$dir/guest/root.cpio.gz"
}

pid=
stop_guest() {
	[ -n "$pid" ] || return 0
	kill -- "-$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	rm -f "$dir/guest/port."*
	pid=
}
# Neither a guest nor a build outlives the script.
trap 'stop_guest; jobs -p | xargs -r kill 2>/dev/null' EXIT

start_guest() {
	exec {tap}< <(URT_TEST_BUILD=$dir/guest URT_TEST_ARGS=mutants \
		exec setsid "$top/test/harness/boot.sh" "$1" 2>/dev/null)
	pid=$!
}

# boot GUEST HOW: boots with what was packed. Sets settled to the number of
# mutants that are behind it.
boot() {
	local guest=$1 how=$2 line name='' stage='' who='' last='' begin
	local code end="the guest's end" complained='' killed='' silent=0 since=0

	settled=0
	start_guest "$guest"
	: >"$dir/tap"
	while :; do
		code=0
		read -r -t "$limit" -u "$tap" line || code=$?
		if [ "$code" -gt 128 ]; then
			hangs || continue
			end='a hang'
		fi
		[ "$code" = 0 ] || break
		silent=0
		echo "$line" >>"$dir/tap"
		case $line in
		'# mutant: '*' status '*)
			[ -n "$who" ] || [ "${line##* }" = 0 ] ||
				who="the end of the run"
			judge "$name" "$how" "$who" "$begin"
			stage=''
			# Lockdep, for one, says nothing more in this guest.
			[ -z "$complained" ] || break ;;
		'# mutant: '*)
			read -r _ _ name stage <<<"$line"
			[ "$stage" = broken ] || begin=$SECONDS
			who='' last='' ;;
		'not ok '*)
			[ -n "$who" ] || who=$(test_of "$line")
			[ "$how" != short ] || break ;;	# that is enough
		'# kernel log: '*) complained=y ;;
		# By this machine: the mutant has not been tried.
		'# the guest failed: # QEMU ended '* | '# the guest failed: # no end '*)
			killed=${line#*: \# } ;;
		'# kmemleak: '*) who=${who:-kmemleak} ;;
		'ok '*) last=$(test_of "$line") ;;
		esac
	done
	stop_guest
	exec {tap}<&-
	who=${who:-$end${last:+ after $last}$(complaint "$guest")}
	if [ -n "$killed" ] && [ -n "$stage" ]; then
		give_up "$name" "NOT TRIED: ${killed%%;*}"
		settled=$((settled + 1))
		return
	fi
	case $stage in
	broken) judge "$name" "$how" "$who" "$begin" ;;
	whole)
		# It may be the work of the mutants before.
		[ "$settled" -gt 0 ] || {
			give_up "$name" "FAILS WITHOUT IT: $who"
			settled=1
		} ;;
	*) [ "$settled" -gt 0 ] || vm_die "no guest: see $dir/guest/" ;;
	esac
}

# Prints the CPU time that the guest has used, in seconds.
spent() {
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' |
		awk -v session="$pid" '$4 == session { n += $12 + $13 }
			END { print int(n / 100) }' || true
}

# A guest that has printed nothing in a long time may only have had no CPU. One
# that does nothing is given up in the end.
hangs() {
	silent=$((silent + 1))
	[ "$silent" != 1 ] || since=$(spent)
	[ $(($(spent) - since)) -ge "$limit" ] || [ "$silent" -gt 10 ]
}

# complaint GUEST: what its kernel said first, if anything.
complaint() {
	sed -nE '/^(\[[^]]*\])+ (BUG|WARNING|Oops|Kernel panic)/ {
		s/^(\[[^]]*\])+ (.*[^\r])\r*$/ (\2)/p
		q
	}' "$dir/guest/boot-$1.log"
}

test_of() { sed -n 's/^[a-z ]*[0-9]* - \([a-z0-9_]*\):.*/\1/p' <<<"$1"; }

# judge NAME HOW WHO BEGIN: that mutant has been tried.
judge() {
	local name=$1 how=$2 who=$3

	settled=$((settled + 1))
	took[$name]=$((${took[$name]:-0} + SECONDS - $4))
	if [ "$how" = short ]; then
		settle "$name" "${who:-SURVIVED}${who:+ (not named)}"
	elif [ -n "$who" ]; then
		settle "$name" "$who"
	elif [ -n "${URT_KERNEL-}" ]; then
		settle "$name" SURVIVED
	else
		unseen+=("$name")
	fi
}

# try GUEST HOW NAME...: in as many boots as it takes.
try() {
	local guest=$1 how=$2
	shift 2

	while [ $# -gt 0 ]; do
		pack "$how" "$@"
		boot "$guest" "$how"
		shift "$settled"
	done
}

# has_test GUEST TEST: the guest with one CPU has those for two, too; see
# harness/runner.c.
has_test() {
	awk -v guest="$1" -v name="$2" '$1 == name {
		has = $2 == guest || guest == "counted" && $2 != "nohz"
	} END { exit !has }' "$dir/list"
}

# try_all KERNEL GUEST NAME...: those whose result is not known.
try_all() {
	local guest=$2 sources name test i todo=() built=() unseen=()

	use_kernel "$1"
	shift 2
	sources=$(hash_sources | sha256sum)
	for name; do
		key[$name]=$(echo "$sources" |
			cat - "$top/test/mutants/$name.patch" | sha256sum |
			cut -c -64)
		look_up "$name" || todo+=("$name")
	done
	[ ${#todo[@]} -gt 0 ] || return 0

	build_root
	for name in "${todo[@]}"; do
		for test in $(field "$name" Tests); do
			has_test "$guest" "$test" || vm_die "$name: there is no \
test '$test' in the guest '$guest'"
		done
	done
	# An interruption loses no more than this many builds.
	for ((i = 0; i < ${#todo[@]}; i += batch)); do
		build_all "${todo[@]:i:batch}"
		try "$guest" all "${built[@]}"
	done
	for name in "${unseen[@]}"; do
		try "$guest" short "$name"
	done
}

mkdir -p "$build" "$vm_cache"
vm_install patch
old=0
mapfile -t places < <(for name in "${mutants[@]}"; do
	place_of "$name"
done | sort -ru)
for place in "${places[@]}"; do
	mapfile -t here < <(for name in "${mutants[@]}"; do
		[ "$(place_of "$name")" != "$place" ] || echo "$name"
	done)
	try_all "${place% *}" "${place#* }" "${here[@]}"
done

noticed=0 missed=()
printf '%-24s %7s  %s\n' mutant seconds 'noticed by'
for name in "${mutants[@]}"; do
	printf '%-24s %7d  %s\n' "$name" "${took[$name]}" "${found[$name]}"
	case ${found[$name]} in
	[A-Z]*) missed+=("$name") ;;
	*) noticed=$((noticed + 1)) ;;
	esac
done
for name in "${missed[@]}"; do
	echo "MISSED $name ($(field "$name" Breaks)): ${found[$name]}"
done
echo "mutants: $noticed of ${#mutants[@]} noticed; $old results were known; \
this took $SECONDS s"
[ "$noticed" = ${#mutants[@]} ]
