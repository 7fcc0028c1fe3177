#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What exactly the module adds to fork, exit and wait, function by function:
# boots one guest under a translator that counts what each function executes,
# and prints tables and whether our bars hold. README.md says how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/profile
. "$top/test/vm/vm.sh"

usage() {
	cat <<END
Usage: bench/profile.sh
Counts what the module adds to fork, exit and wait of a process, to the
instruction, in a virtual machine.

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all bars hold, 1 one is missed or nothing could be counted,
2 wrong usage.
END
}

case ${1-} in
'') ;;
--help) usage; exit ;;
*) echo "bench/profile.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
esac

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages)
vm_kernel
vm_module
vm_root "$build/root"
vm_program "$build/root/bin/bench" "$top"/bench/*.c
gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-shared -fPIC -o "$build/profile.so" "$top/bench/plugin/profile.c"
# Where the functions are: the module is still loaded.
cat >"$build/root/profile" <<'END'
bench profile && grep ' [tTwW] ' /proc/kallsyms
END
vm_pack "$build/root" "$build/root.cpio.gz"

echo "Linux $vm_release, QEMU -icount shift=0 -cpu qemu64, one CPU"
echo "Counting; this takes a minute or two ..." >&2
log=$build/boot.log out=$build/output counts=$build/counts
rm -f "$counts"
# Modules are where the plugin looks for them. The kernel takes the word wherever
# it stands, but would hand it on to init if it stood before its command.
if ! vm_boot "$build/root.cpio.gz" "$log" 1200 quiet \
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
grep '^# phase' "$out" | tr -d '\r' |
	awk -f "$top/bench/profile.awk" - "$build/profile"
