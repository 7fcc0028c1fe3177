#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures the cost of knowing many processes' CPU time, from us and from
# others, in instructions per process. Boots one guest that counts instructions,
# and measures there. Prints tables, and whether our bars hold. README.md
# explains how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/bench
. "$top/tools/vm/vm.sh"
. "$top/bench/program.sh"

# The file of each peer has its name.
known_peers() {
	sed -n 's/^\t\.name = "\(.*\)",$/\1/p' "$top"/bench/peers/peer_*.c |
		paste -sd,
}

# Only these have a counter of instructions, and programs that read it.
known_kernels() {
	vm_kernels | awk '$3 == "amd64" && $2 != "source" { print $1 }' |
		paste -sd,
}

usage() {
	cat <<END
Usage: bench/run.sh [--processes N[,N]...] [--peers NAME[,NAME]...]
                    [--kernel NAME] [--csv FILE] [--plot DIR]
Measures the module and its peers in a virtual machine that counts
instructions; repeats agree within 1 %.

  --processes N[,N]...   how many processes are looked at, 1 to 20000 each
                         (1,10,100,1000,10000)
  --peers NAME[,NAME]... compare with these only:
$(known_peers | tr , ' ' | fold -sw 54 | sed 's/^/                         /')
  --kernel NAME          on another kernel than this distribution's:
                         $(known_kernels)
  --csv FILE             the figures, unrounded, for programs
  --plot DIR             cost against number of processes, as SVG
  --help                 this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all bars hold, 1 one is missed or nothing could be measured,
2 wrong usage.
END
}

usage_error() {
	echo "bench/run.sh: $*" >&2
	echo "See bench/run.sh --help" >&2
	exit 2
}

# in_list WORD LIST
in_list() { [[ ",$2," == *",$1,"* ]]; }

# assert_known WHAT WORDS LIST
assert_known() {
	local word

	[[ $2 =~ ^[a-z0-9-]+(,[a-z0-9-]+)*$ ]] ||
		usage_error "'$2' is no list of ${1}s; there are: $3"
	for word in ${2//,/ }; do
		in_list "$word" "$3" ||
			usage_error "there is no $1 '$word'; there are: $3"
	done
}

# Sets most.
assert_processes() {
	local n seen=

	[[ $processes =~ ^[1-9][0-9]{0,4}(,[1-9][0-9]{0,4})*$ ]] ||
		usage_error "--processes takes numbers with commas between them, not '$processes'"
	most=0
	for n in ${processes//,/ }; do
		[ "$n" -le 20000 ] || usage_error "more than 20000 processes: $n"
		! in_list "$n" "$seen" || usage_error "twice the same: $n"
		seen+=,$n
		most=$((n > most ? n : most))
	done
}

processes=1,10,100,1000,10000 peers='' csv='' plot=''
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--*=*) option=${1%%=*} value=${1#*=} ;;
	--processes | --peers | --kernel | --csv | --plot)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		option=$1 value=$2
		shift ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	[ -n "$value" ] || usage_error "$option needs a value"
	case $option in
	--processes) processes=$value ;;
	--peers) peers=$value ;;
	--kernel) URT_KERNEL=$value ;;
	--csv) csv=$value ;;
	--plot) plot=$value ;;
	*) usage_error "unknown argument '$option'" ;;
	esac
	shift
done

assert_processes
[ -z "$peers" ] || assert_known peer "$peers" "$(known_peers)"
[ -z "${URT_KERNEL-}" ] || assert_known kernel "$URT_KERNEL" "$(known_kernels)"
if [ -n "$csv" ] && { [ -d "$csv" ] || ! touch -- "$csv" 2>/dev/null; }; then
	usage_error "cannot write to '$csv'"
fi
if [ -n "$plot" ]; then
	mkdir -p -- "$plot" 2>/dev/null || true
	if ! [ -d "$plot" ] || ! [ -w "$plot" ]; then
		usage_error "cannot write to '$plot'"
	fi
fi

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages) $(bench_packages) ${plot:+gnuplot-nox}
vm_kernel || vm_die "no such kernel here: $vm_skip"
vm_module
vm_root "$build/root"
bench_program "$build/root"
vm_pack "$build/root" "$build/root.cpio.gz"

# shellcheck disable=SC2154 # vm_kernel sets it
echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU"
echo "Measuring; with 10,000 processes this takes some minutes ..." >&2
log=$build/boot.log out=$build/output figures=$build/figures
if ! vm_boot "$build/root.cpio.gz" "$log" "$vm_hang" quiet \
	-cpu qemu64 -smp 1 -icount shift=0,sleep=off \
	-m $((most < 10000 ? 4096 : 2048 + most * 6 / 10)) -- \
	port /bin/bench ${peers:+"peers=$peers"} "$processes" threads tables \
	>"$out"; then
	grep '^#' "$out" >&2
	vm_die "nothing measured; kernel log: $log"
fi
grep -v '^#' "$out" | tr -d '\r' >"$figures"
if [ -n "$csv" ]; then
	{ echo table,row,column,value,unit; cat "$figures"; } >"$csv"
fi
if [ -n "$plot" ]; then
	awk -v dir="$plot" -v kernel="$vm_release" \
		-f "$top/bench/report/plot.awk" "$figures" | gnuplot
fi
awk -f "$top/bench/report/table.awk" "$figures"
echo remarks
grep '^#' "$out" | tr -d '\r' | sed 's/^#/ /'
echo
awk -f "$top/bench/report/bars.awk" -f "$top/bench/report/bars_tables.awk" \
	"$figures"
