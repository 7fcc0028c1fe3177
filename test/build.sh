#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compiles the module on every kernel of tools/vm/kernels/list. No compiler may warn,
# also not with W=1. Prints a line for each kernel, as TAP.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/warnings
vm_headers_only=y	# nothing is booted
. "$top/tools/vm/vm.sh"
mkdir -p "$build"
. "$top/test/harness/claim.sh"

# compile NAME: compiles all of the module in a copy of its own.
compile() {
	local modpost=()

	export URT_KERNEL=$1
	build=$build/$1
	rm -rf "$build"
	mkdir -p "$build"
	vm_kernel || return
	vm_make=()	# what debug kernels count is no matter of warnings
	[ "$vm_arch" != arm64 ] ||
		vm_make=(ARCH=arm64 "CROSS_COMPILE=$vm_cross")
	# This kernel is prepared, but not built, so that its symbols are unknown.
	[ -e "$vm_kdir/Module.symvers" ] || modpost=(KBUILD_MODPOST_WARN=1)
	vm_make+=(W=1 "${modpost[@]}")
	vm_module
	! grep -E 'warning:|Warning:' "$build/module.log" |
		grep -v 'undefined!$'
}

mapfile -t names < <(vm_kernels | cut -d' ' -f1)
for name in "${names[@]}"; do
	status=0
	(compile "$name") >"$build/$name.log" 2>&1 || status=$?
	case $status in
	0) ok "$name" ;;
	3) skipped "$name" 'it cannot be had here' ;;
	*)
		sed 's/^/# /' "$build/$name.log"
		not_ok "$name" ;;
	esac
done
finish
