#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures each way into the kernel. Builds a kernel with the system calls of patches/,
# and boots it in a virtual machine that counts instructions. Runs all programs of this
# directory there, and prints one table. README.md explains the table.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/syscall
URT_KERNEL=lab
. "$top/tools/vm/vm.sh"

usage() {
	cat <<END_OF_USAGE
Usage: syscall/run.sh [--csv FILE | --functions | --kdir | --shell]
Counts what calls cost: of a function, of the vDSO, in the kernel, into the
kernel, through procfs; and checks that the table can be true.

  --csv FILE   the figures for programs, too
  --functions  which functions of the kernel a system call executes, and how
               many instructions of each, instead
  --kdir       prepare the kernel's headers and print their directory, instead
  --shell      a shell in the virtual machine, with the programs, instead; it
               ends with exit
  --help       this

The kernel is built once, and kept in ~/.cache/usertime. Missing packages are
installed, through sudo if you are not root.
Exit status: 0 done, 1 the table is impossible or there is none, 2 wrong usage.
END_OF_USAGE
}

usage_error() {
	echo "syscall/run.sh: $*" >&2
	echo "See syscall/run.sh --help" >&2
	exit 2
}

csv='' do=run
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--csv)
		[ $# -gt 1 ] || usage_error "--csv needs a value"
		csv=$2
		shift ;;
	--csv=*) csv=${1#*=} ;;
	--functions | --kdir | --shell) do=${1#--} ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
if [ -n "$csv" ] && { [ -d "$csv" ] || ! touch -- "$csv" 2>/dev/null; }; then
	usage_error "cannot write to '$csv'"
fi

# make_all TARGET...: makes targets of Makefile.
make_all() {
	make -s -C "$top/syscall" OUT="$build/out" KDIR="$vm_kdir" LDFLAGS=-static \
		CFLAGS="-O2 -g -Wall -Wextra -Werror" "$@" \
		>"$build/programs.log" 2>&1 || {
		cat "$build/programs.log" >&2
		vm_die "the programs do not build"
	}
}

build_guest() {
	local name

	vm_module
	make_all programs module
	vm_root "$build/root"
	for name in user_functioncall user_syscall user_files user_trace \
		runtime_demo; do
		cp "$build/out/$name" "$build/root/bin/"
	done
	cp "$build/out/module/kernel_syscall.ko" "$build/root/"
	install -m 755 "$top/syscall/guest.sh" "$build/root/bin/guest"
	vm_pack "$build/root" "$build/root.cpio.gz"
}

# boot LOG QEMU_ARGUMENTS... -- INIT...: boots the guest with one CPU, whose time
# is the number of executed instructions. Figures repeat almost to the
# instruction. This does not test the clock: if the vDSO cannot read it, reading
# the clock is a system call.
boot() {
	local log=$1
	shift
	vm_boot "$build/root.cpio.gz" "$log" "$limit" "quiet tsc=reliable" \
		-cpu "$vm_plain_cpu" -smp 1 -icount shift=0,sleep=off "$@"
}

# A count belongs to the last function that begins at or before its address.
print_functions() {
	local counts=$build/counts plugin=$build/profile.so

	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -shared \
		-fPIC -o "$plugin" "$top/bench/plugin/profile.c"
	rm -f "$counts"
	boot "$log" -plugin "$plugin,out=$counts" -- port /bin/user_trace \
		>"$out" || return
	tr -d '\r' <"$out" >"$build/phases"
	sed -n 's/^\([0-9a-f]*\) [tTwW] /\1 = /p' "$vm_kdir/System.map" |
		LC_ALL=C sort - "$counts" |
		awk -f "$top/syscall/functions.awk" "$build/phases" -
}

begin=$SECONDS limit=$vm_hang log=$build/boot.log out=$build/output
mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages)
[ "$do" != kdir ] || vm_headers_only=y
vm_kernel || vm_die "the kernel cannot be built here: $vm_skip"
if [ "$do" = kdir ]; then
	echo "$vm_kdir"
	exit
fi
build_guest
case $do in
shell)
	limit=86400
	boot - -- console /bin/sh
	exit ;;
functions)
	print_functions || vm_die "nothing counted; kernel log: $log"
	exit ;;
esac
built=$((SECONDS - begin))

if ! boot "$log" -- port /bin/guest >"$out"; then
	cat "$out" >&2
	vm_die "no table; kernel log: $log"
fi
tr -d '\r' <"$out" >"$build/figures"
# shellcheck disable=SC2154 # vm_kernel sets it
echo "Linux $vm_release ($vm_compiler), QEMU -icount shift=0 -cpu $vm_plain_cpu"
echo
if [ -n "$csv" ]; then
	{
		echo minimum,median,per_call,name
		sed -n 's/^ *\([0-9]*\) *\([0-9]*\) *\([0-9.]*\)  \(.*\)$/\1,\2,\3,"\4"/p' \
			"$build/figures"
	} >"$csv"
fi
status=0
awk -f "$top/syscall/table.awk" "$build/figures" || status=1
echo "# $built s to build, $((SECONDS - begin - built)) s in the virtual machine"
exit "$status"
