#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows the module on a fresh machine: installs missing packages, builds, boots
# a stock kernel in a virtual machine, and shows the module there.
set -euo pipefail

top=$(cd "$(dirname "$0")" && pwd)
build=$top/build/demo
. "$top/tools/vm/vm.sh"

usage() {
	cat <<END
Usage: ./demo.sh [--host | --shell]
Shows the usertime module at work, in a virtual machine.

  --host   on the running kernel instead, which must load modules (needs root)
  --shell  an interactive shell in the virtual machine, the module loaded
  --help   this

Missing packages are installed, through sudo if you are not root. Set
URT_ACCEL=kvm where KVM works and you want it faster.
Exit status: 0 all was shown, 1 something failed, 2 wrong usage.
END
}

mode=vm
case ${1-} in
'') ;;
--host | --shell) mode=${1#--} ;;
--help) usage; exit ;;
*) echo "demo.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { echo "demo.sh: one argument at most" >&2; exit 2; }

on_host() {
	local kdir
	kdir=/lib/modules/$(uname -r)/build

	vm_install gcc make libc6-dev kmod
	[ -d "$kdir" ] || vm_install "linux-headers-$(uname -r)"
	make -C "$top/usertime" KDIR="$kdir" >"$build/module.log" 2>&1 ||
		{ cat "$build/module.log" >&2; exit 1; }
	make -s -C "$top/app" O="$build" register_and_poll
	vm_as_root env PATH="$build:$PATH" sh "$top/tools/vm/demo" \
		"$top/usertime/usertime.ko"
}

in_vm() {
	# shellcheck disable=SC2046 # package names
	vm_install $(vm_packages)
	vm_kernel
	echo "Building the module for Linux $vm_release, and a guest" >&2
	vm_module
	vm_root "$build/root"
	cp "$top/tools/vm/demo" "$build/root/bin/demo"
	vm_pack "$build/root" "$build/root.cpio.gz"
	echo "Booting it" >&2
}

mkdir -p "$build"
case $mode in
host)
	on_host ;;
vm)
	in_vm
	vm_boot "$build/root.cpio.gz" "$build/kernel.log" "$vm_hang" quiet \
		-smp 2 -- port /bin/sh /bin/demo /usertime.ko ;;
shell)
	in_vm
	echo "Leave the shell with 'exit' (or the machine with Ctrl-A x)." >&2
	vm_boot "$build/root.cpio.gz" - 86400 quiet -smp 2 -- \
		console /bin/sh /bin/demo --shell /usertime.ko ;;
esac
