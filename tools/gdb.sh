#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The module under gdb: boots a guest with the module loaded, and attaches gdb,
# which knows the module's source. The guest continues with gdb's "continue".
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
	cat <<END
Usage: tools/gdb.sh [--kernel NAME] COMMAND [-- GDB_ARGUMENT...]
Runs a shell command, as root, in a virtual machine with the module loaded, and
gdb on that machine's kernel. Examples:

  tools/gdb.sh 'urt run -- sh -c "true; true"'
  tools/gdb.sh 'echo \$\$ >/proc/urt/status' -- -batch \\
          -ex 'break urt_registry_add' -ex continue -ex backtrace

  --kernel NAME  of tools/vm/kernels/list, instead of this distribution's own
  --help         this

Of the kernel itself gdb knows the functions where it was built here (debug-a,
debug-b), and everything where linux-image-...-dbg of its version is installed.
Missing packages are installed, through sudo if you are not root.
Exit status: gdb's; 1 no guest, 2 wrong usage, 3 the kernel cannot be had here.
END
}

usage_error() {
	echo "tools/gdb.sh: $*" >&2
	echo "See tools/gdb.sh --help" >&2
	exit 2
}

command=''
while [ $# -gt 0 ]; do
	case $1 in
	--kernel)
		[ $# -gt 1 ] || usage_error "--kernel needs a name"
		URT_KERNEL=$2
		shift ;;
	--kernel=*) URT_KERNEL=${1#*=} ;;
	--help) usage; exit ;;
	--) shift; break ;;
	-*) usage_error "unknown argument '$1'" ;;
	*)
		[ -z "$command" ] || usage_error "one command, please: quote it"
		command=$1 ;;
	esac
	shift
done
[ -n "$command" ] || usage_error "which command?"

build=$top/build/gdb${URT_KERNEL:+/$URT_KERNEL}
export URT_KERNEL
. "$top/tools/vm/vm.sh"
mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install gdb binutils $(vm_packages) >&2
vm_kernel || { echo "tools/gdb.sh: $vm_skip" >&2; exit 3; }
# Kernels that we build have no types and lines. The module needs them.
vm_make+=(KCFLAGS=-g)
vm_module
vm_root "$build/root"
cp "$top/tools/vm/gdb" "$build/root/bin/wait_for_gdb"
echo "$command" >"$build/root/command"
vm_pack "$build/root" "$build/root.cpio.gz"

# The path of a socket must be short, and the path of a checkout may be long.
dir=$(mktemp -d)
guest=''
end_guest() {
	[ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null || true
	[ -z "$guest" ] || wait "$guest" || true
	rm -r "$dir"
}
trap end_guest EXIT

mkfifo "$dir/go"
exec {go}<>"$dir/go"
# Gives the guest a process group of its own, so that Ctrl-C reaches only gdb.
set -m
vm_boot "$build/root.cpio.gz" "$build/kernel.log" 86400 quiet \
	-smp 1 -gdb "unix:$dir/gdb,server=on,wait=off" -pidfile "$dir/pid" -- \
	port /bin/sh /bin/wait_for_gdb <&"$go" >"$build/output" &
guest=$!
set +m

# The guest prints where module and kernel are, and waits.
until grep -q '^add-symbol-file ' "$build/output"; do
	{ kill -0 $guest 2>/dev/null && [ $SECONDS -lt 900 ]; } ||
		vm_die "the guest did not load the module; see $build/kernel.log"
	sleep 0.1
done

# load_kernel FILE: finds where the kernel was loaded, because its address is
# random.
load_kernel() {
	local linked is

	linked=$(nm "$1" | sed -n 's/ T _text$//p')
	is=$(sed -n 's/^_text \([0-9a-f]*\).*/\1/p' "$build/output")
	echo "symbol-file -o $((0x$is - 0x$linked)) $1"
}

commands=$build/commands
{
	for vmlinux in "$vm_kdir/vmlinux" "/usr/lib/debug/boot/vmlinux-$vm_release"; do
		[ ! -e "$vmlinux" ] || load_kernel "$vmlinux"
	done
	echo "target remote $dir/gdb"
	sed -n 's/\r$//; s/^add-symbol-file /&'"${vm_ko//\//\\/}"' /p' "$build/output"
	# gdb reads this when it continues.
	echo "shell echo go >$dir/go"
} >"$commands"
echo "What the guest prints: $build/output" >&2
gdb -q -iex 'set confirm off' -x "$commands" "$@"
