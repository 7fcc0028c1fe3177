#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the screen of urt top as a user sees it. In a virtual machine, tmux
# presses the keys and shows the screen. TAP; the screens are kept in
# build/top/.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/top
. "$top/tools/vm/vm.sh"

# Adds what tmux and a full-screen program need beyond a shell.
add_tmux() {
	local dir=$1

	vm_borrow "$dir" tmux
	mkdir -p "$dir/usr/lib/locale" "$dir/lib/terminfo"
	cp -r /usr/lib/locale/C.utf8 "$dir/usr/lib/locale/"
	cp -r /lib/terminfo/. "$dir/lib/terminfo/"
	cp "$top/test/urt/top_guest" "$dir/bin/test_top"
	cp "$top/test/harness/claim.sh" "$dir/lib/"
}

# Turns the guest's lines "# screen NAME" and "#| ..." into files.
keep_screens() {
	awk -v dir="$build" '
		/^# screen / { file = dir "/" $3 ".txt"; printf "" >file; next }
		/^#[|] / { print substr($0, 4) >file; next }
		{ print; fflush() }'
}

mkdir -p "$build"
rm -f "$build"/*.txt
# shellcheck disable=SC2046 # package names
vm_install tmux ncurses-base $(vm_packages) >&2
vm_kernel
vm_module
vm_library
vm_root "$build/root"
add_tmux "$build/root"
vm_pack "$build/root" "$build/root.cpio.gz"

vm_boot "$build/root.cpio.gz" "$build/kernel.log" "$vm_hang" quiet \
		-smp 1 -icount "shift=$vm_shift,sleep=off" -- \
		port /bin/sh /bin/test_top |
	keep_screens
