#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# End to end: common tools and urt look at one load. Measures the cost of each,
# and the CPU time that it misses. Boots one guest that counts instructions,
# measures there, and prints a table. README.md explains how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/tools
. "$top/tools/vm/vm.sh"

packages=(sysstat prometheus-process-exporter atop pcp)
# Programs of these packages, with the libraries that they load.
programs=(
	/usr/bin/pidstat /usr/bin/prometheus-process-exporter /usr/bin/atop
	/usr/bin/pmdumplog /usr/lib/pcp/bin/{pmcd,pmlogger,pmcpp,pmnsmerge}
	/usr/lib/pcp/pmdas/proc/pmdaproc /usr/lib/pcp/pmdas/pmcd/pmda_pmcd.so
)
# Files of PCP that are no programs: its configuration, and the names of its
# metrics.
files=(
	etc/pcp.conf etc/pcp.env etc/pcp/pmcd etc/pcp/proc etc/pcp/labels.conf
	{usr,var}/lib/pcp/pmns var/lib/pcp/pmdas/{proc,pmcd}
	usr/lib/pcp/pmdas/{proc,pmcd}
)

known_tools() {
	find "$top/bench/tools" -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' |
		sort | paste -sd,
}

usage() {
	cat <<END
Usage: bench/tools.sh [--processes N] [--intervals S[,S]...]
                      [--tools NAME[,NAME]...] [--csv FILE]
pidstat, process-exporter, atop, PCP and urt look at the same load: what does
each cost, and how much of the load's CPU time does it miss?

  --processes N          how many others there are, idle, 0 to 5000 (100)
  --intervals S[,S]...   seconds between two looks, 1 to 5 each (5,1)
  --tools NAME[,NAME]... these only: $(known_tools)
  --csv FILE             the figures, unrounded, for programs
  --help                 this

Missing packages are installed, through sudo if you are not root; the tools are
unpacked into a directory of their own, not installed.
Exit status: 0 measured, 1 nothing could be measured, 2 wrong usage.
END
}

usage_error() {
	echo "bench/tools.sh: $*" >&2
	echo "See bench/tools.sh --help" >&2
	exit 2
}

# Sets tools_root, the directory where the tools are unpacked, and
# tools_versions.
unpack_tools() {
	local new

	tools_versions=$(apt-cache policy "${packages[@]}" |
		sed -n 's/^\([a-z].*\):$/\1/p; s/^  Candidate: //p' |
		paste -sd' \n')
	tools_root=$vm_cache/tools_$(sha256sum <<<"$tools_versions" | cut -c 1-12)
	[ ! -d "$tools_root" ] || return 0
	echo "Unpacking ${packages[*]}" >&2
	vm_install mmdebstrap
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	vm_as_root rm -rf "$vm_cache"/tools_*
	vm_as_root mmdebstrap --variant=extract \
		--include="$(IFS=,; echo "${packages[*]}")" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		"$(vm_suite)" "$new" "$(vm_mirror)" \
		>"$build/tools.log" 2>&1 || {
		vm_as_root rm -rf "$new"
		tail -n 5 "$build/tools.log" >&2
		vm_die "could not unpack ${packages[*]}; all of it: $build/tools.log"
	}
	vm_as_root mv "$new" "$tools_root"
}

# Prints where the loader would find a library.
find_library() {
	local dir

	for dir in /lib /usr/lib{,/x86_64-linux-gnu} /lib/x86_64-linux-gnu; do
		[ ! -e "$tools_root$dir/$1" ] || { echo "$dir/$1"; return; }
	done
	vm_die "the tools come without $1"
}

# add FILE: adds it with the libraries that it loads, unless they are there.
add() {
	local name root=$build/root

	[ ! -e "$root$1" ] || return 0
	mkdir -p "$root${1%/*}"
	cp -L "$tools_root$1" "$root$1"
	for name in $(readelf -d "$root$1" 2>/dev/null |
		sed -n 's/.*(NEEDED).*\[\(.*\)]/\1/p'); do
		add "$(find_library "$name")"
	done
}

add_tools() {
	local file root=$build/root

	(cd "$tools_root" && cp -a --parents "${files[@]}" "$root/")
	for file in "${programs[@]}"; do
		rm -f "$root$file"
		add "$file"
	done
	add /lib64/ld-linux-x86-64.so.2
	mkdir "$root/tools"
	cp "$top"/bench/tools/*.sh "$root/tools/"
	vm_program "$root/bin/load" "$top/bench/tools/load.c"
	vm_program "$root/bin/measure" "$top"/bench/tools/{measure,groups}.c
	mkdir -p "$root/run"
}

processes=100 intervals=5,1 tools='' csv=''
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--*=*) option=${1%%=*} value=${1#*=} ;;
	--processes | --intervals | --tools | --csv)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		option=$1 value=$2
		shift ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	[ -n "$value" ] || usage_error "$option needs a value"
	case $option in
	--processes) processes=$value ;;
	--intervals) intervals=$value ;;
	--tools) tools=$value ;;
	--csv) csv=$value ;;
	*) usage_error "unknown argument '$option'" ;;
	esac
	shift
done
if ! [[ $processes =~ ^(0|[1-9][0-9]{0,3})$ ]] || [ "$processes" -gt 5000 ]; then
	usage_error "--processes takes a number from 0 to 5000, not '$processes'"
fi
[[ $intervals =~ ^[1-5](,[1-5])*$ ]] ||
	usage_error "--intervals takes whole seconds from 1 to 5, not '$intervals'"
for tool in ${tools//,/ }; do
	[[ ",$(known_tools)," == *",$tool,"* ]] ||
		usage_error "there is no tool '$tool'; there are: $(known_tools)"
done
if [ -n "$csv" ] && { [ -d "$csv" ] || ! touch -- "$csv" 2>/dev/null; }; then
	usage_error "cannot write to '$csv'"
fi

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages) binutils
vm_kernel
vm_module
vm_root "$build/root"
unpack_tools
add_tools
vm_pack "$build/root" "$build/root.cpio.gz"

echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU;"
echo "${tools_versions//$'\n'/, }"
echo "Measuring; this takes some minutes ..." >&2
log=$build/boot.log out=$build/output figures=$build/figures
if ! vm_boot "$build/root.cpio.gz" "$log" "$vm_hang" quiet \
	-cpu qemu64 -smp 1 -icount shift=0,sleep=off -m 2048 -- \
	port /bin/measure "$processes" "$intervals" ${tools:+"$tools"} >"$out"; then
	grep '^#' "$out" >&2
	vm_die "nothing measured; kernel log: $log"
fi
grep -v '^#' "$out" | tr -d '\r' >"$figures" || true
if [ -n "$csv" ]; then
	{ echo table,row,column,value,unit; cat "$figures"; } >"$csv"
fi
awk -f "$top/bench/report/table.awk" "$figures"
echo remarks
grep '^#' "$out" | tr -d '\r' | sed 's/^#/ /'
