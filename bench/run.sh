#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What it costs to know many processes' CPU time, from us and from others, in
# instructions per process: boots one guest that counts them, measures there,
# and prints a table and whether our bars hold. README.md says how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/bench
. "$top/test/vm/vm.sh"

usage() {
	cat <<END
Usage: bench/run.sh [--processes N[,N]...] [--csv FILE]
Measures the module and its peers in a virtual machine that counts
instructions; repeats agree within 1 %.

  --processes N[,N]...  how many processes are looked at, 1 to 20000 each
                        (10,100,1000,10000)
  --csv FILE            the figures, unrounded, for programs
  --help                this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all bars hold, 1 one is missed or nothing could be measured,
2 wrong usage.
END
}

usage_error() {
	echo "bench/run.sh: $*" >&2
	usage >&2
	exit 2
}

processes=10,100,1000,10000 csv=
while [ $# -gt 0 ]; do
	case $1 in
	--processes=*) processes=${1#*=} ;;
	--csv=?*) csv=${1#*=} ;;
	--processes | --csv)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		if [ "$1" = --csv ]; then csv=$2; else processes=$2; fi
		[ -n "$2" ] || usage_error "$1 needs a value"
		shift ;;
	--help) usage; exit ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done

[[ $processes =~ ^[1-9][0-9]{0,4}(,[1-9][0-9]{0,4})*$ ]] ||
	usage_error "--processes takes numbers with commas between them, not '$processes'"
most=0
for n in ${processes//,/ }; do
	[ "$n" -le 20000 ] || usage_error "more than 20000 processes: $n"
	[[ "${seen-} " != *" $n "* ]] || usage_error "twice the same: $n"
	seen+=" $n"
	most=$((n > most ? n : most))
done
if [ -n "$csv" ] && { [ -d "$csv" ] || ! touch -- "$csv" 2>/dev/null; }; then
	usage_error "cannot write to '$csv'"
fi

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages)
vm_kernel
vm_module
vm_root "$build/root"
vm_program "$build/root/bin/bench" "$top"/bench/*.c
vm_pack "$build/root" "$build/root.cpio.gz"

echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU"
echo "Measuring; with 10,000 processes this takes a few minutes ..." >&2
log=$build/boot.log out=$build/output
if ! vm_boot "$build/root.cpio.gz" "$log" 1800 quiet \
	-cpu qemu64 -smp 1 -icount shift=0,sleep=off \
	-m $((512 + most / 5)) -- port /bin/bench "$processes" >"$out"; then
	grep '^#' "$out" >&2
	vm_die "nothing measured; kernel log: $log"
fi
if [ -n "$csv" ]; then
	{ echo state,processes,what,instructions; grep -v '^#' "$out"; } >"$csv"
fi
awk -f "$top/bench/table.awk" "$out"
