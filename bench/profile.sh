#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Counts the module's instructions by function or by line, and the instructions
# that it adds to fork, exit and wait. Boots one guest under a translator that
# counts executed instructions. Prints tables, and whether our bars hold.
# README.md explains how.
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

# Prints the sections of the module that were executed, and their addresses.
sections() { tr -d '\r' <"$out" | sed -n 's/^\(\.text.*\):\(0x[0-9a-f]*\)$/\1 \2/p'; }

# lines_of SECTION BASE: reads addresses. Prints the addresses in the section,
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
# Finds the functions while the module is still loaded.
cat >"$build/root/profile" <<'END'
bench profile && grep ' [tTwW] ' /proc/kallsyms &&
cd /sys/module/usertime/sections && grep . .text*
END
vm_pack "$build/root" "$build/root.cpio.gz"

echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU"
echo "Counting; this takes a minute or two ..." >&2
log=$build/boot.log out=$build/output counts=$build/counts
rm -f "$counts"
# Modules must be where the plugin looks for them. The kernel obeys the word
# anywhere, but would pass it on to init if it stood before init's command.
if ! vm_boot "$build/root.cpio.gz" "$log" "$vm_hang" quiet \
	-cpu qemu64 -smp 1 -icount shift=0,sleep=off \
	-plugin "$build/profile.so,out=$counts" \
	-- port /bin/sh /profile nokaslr >"$out"; then
	grep '^#' "$out" >&2
	vm_die "nothing counted; kernel log: $log"
fi
# A count belongs to the last function that begins at or before its address.
tr -d '\r' <"$out" | grep -E '^[0-9a-f]{16} [tTwW] ' |
	sed 's/ [tTwW] / = /; s/\t.*//' |
	LC_ALL=C sort - "$counts" >"$build/profile"
grep '^# phase' "$out" | tr -d '\r' >"$build/phases"
by_line=$build/executed
awk -v lines="${lines:+$by_line}" -f "$top/bench/report/profile.awk" \
	"$build/phases" "$build/profile" "$build/profile" || status=$?
[ -z "$lines" ] || print_lines
exit "${status-0}"
