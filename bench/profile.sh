#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where the module's instructions go, function by function or line by line, and
# what exactly it adds to fork, exit and wait: boots one guest under a translator
# that counts what is executed, and prints tables and whether our bars hold.
# README.md says how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/profile
. "$top/tools/vm/vm.sh"
. "$top/bench/program.sh"

usage() {
	cat <<END
Usage: bench/profile.sh [--lines]
Counts what a refresh, a registration, a read, and fork, exit and wait of a
process cost, to the instruction and by function, in a virtual machine.

  --lines  the module's source lines, too
  --help   this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all bars hold, 1 one is missed or nothing could be counted,
2 wrong usage.
END
}

lines=
for arg; do
	case $arg in
	--lines) lines=y ;;
	--help) usage; exit ;;
	*) echo "bench/profile.sh: unknown argument '$arg'" >&2
		usage >&2
		exit 2 ;;
	esac
done

# The sections of the module that have been executed, and where they are.
sections() { tr -d '\r' <"$out" | sed -n 's/^\(\.text.*\):\(0x[0-9a-f]*\)$/\1 \2/p'; }

# lines_of SECTION BASE: reads addresses; prints those that are in the section,
# each with its source lines.
lines_of() {
	local section=$1 base=$2 size address offset

	size=$(size -A "$vm_ko" | awk -v s="$section" '$1 == s { print $2 }')
	while read -r address; do
		offset=$((0x$address - base))
		[ "$offset" -lt 0 ] || [ "$offset" -ge "$size" ] ||
			printf '%s %x\n' "$address" "$offset"
	done >"$build/offsets"
	cut -d' ' -f2 "$build/offsets" |
		addr2line -a -i -f -j "$section" -e "$vm_ko" |
		awk 'NR == FNR { address[n++] = $1; next }
		     /^0x/ { $0 = address[i++] }
		     { print }' "$build/offsets" -
}

print_lines() {
	local section base

	cut -d' ' -f2 "$by_line" | sort -u >"$build/addresses"
	sections | while read -r section base; do
		lines_of "$section" "$base" <"$build/addresses"
	done >"$build/lines"
	echo
	awk -v sources="$top/usertime" -f "$top/bench/report/lines.awk" \
		"$build/phases" "$build/lines" "$by_line"
}

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages) $(bench_packages)
vm_kernel
vm_module
vm_root "$build/root"
bench_program "$build/root"
gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-shared -fPIC -o "$build/profile.so" "$top/bench/plugin/profile.c"
# Where the functions are: the module is still loaded.
cat >"$build/root/profile" <<'END'
bench profile && grep ' [tTwW] ' /proc/kallsyms &&
cd /sys/module/usertime/sections && grep . .text*
END
vm_pack "$build/root" "$build/root.cpio.gz"

echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU"
echo "Counting; this takes a minute or two ..." >&2
log=$build/boot.log out=$build/output counts=$build/counts
rm -f "$counts"
# Modules are where the plugin looks for them. The kernel takes the word wherever
# it stands, but would hand it on to init if it stood before its command.
if ! vm_boot "$build/root.cpio.gz" "$log" "$vm_hang" quiet \
	-cpu qemu64 -smp 1 -icount shift=0,sleep=off \
	-plugin "$build/profile.so,out=$counts" \
	-- port /bin/sh /profile nokaslr >"$out"; then
	grep '^#' "$out" >&2
	vm_die "nothing counted; kernel log: $log"
fi
# Each count goes behind the last function that begins at or before it.
tr -d '\r' <"$out" | grep -E '^[0-9a-f]{16} [tTwW] ' |
	sed 's/ [tTwW] / = /; s/\t.*//' |
	LC_ALL=C sort - "$counts" >"$build/profile"
grep '^# phase' "$out" | tr -d '\r' >"$build/phases"
by_line=$build/executed
awk -v lines="${lines:+$by_line}" -f "$top/bench/report/profile.awk" \
	"$build/phases" "$build/profile" "$build/profile" || status=$?
[ -z "$lines" ] || print_lines
exit "${status-0}"
