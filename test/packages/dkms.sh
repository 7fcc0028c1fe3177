#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the package usertime-dkms on the other suites of tools/vm/kernels/list. DKMS
# builds the module in the roots that the matrix has made, as the suite's DKMS does.
# Prints TAP. test/packages.sh runs it after debian.sh, which makes the package.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/packages/dkms
export LC_ALL=C
. "$top/tools/vm/vm.sh"
[ -n "${URT_UNSHARED-}" ] || vm_as_root env URT_UNSHARED=y URT_CACHE="$vm_cache" \
	unshare --mount --propagation private bash "$0" "$@" || exit
[ -n "${URT_UNSHARED-}" ] || exit 0
. "$top/test/packages/tap.sh"
. "$top/test/packages/root.sh"

rm -rf "$build"
mkdir -p "$build"
read -r version <"$top/VERSION"
package=$top/build/packages/debian/usertime-dkms_${version}_all.deb

# root_layer ROOT: sets layer to a layer that adds dkms to a root of the matrix.
root_layer() {
	layer=$vm_cache/dkms_${1##*/root_}
	[ ! -d "$layer" ] || return 0
	show "installing dkms in ${1##*/}"
	rm -rf "$layer" "${layer%_*}"_*
	overlay layer "$1"
	keep_archives "$work/layer" "$work/archives"
	in_suite "$work/layer" apt-get update -q
	in_suite "$work/layer" apt-get install -qy dkms
	umount "$work/layer/var/cache/apt/archives"
	overlay_end layer
	mv "$work/layer.upper" "$layer"
}

# Programs see the architecture of the root, not of this machine.
in_suite() {
	case $arch in
	i386) in_root "$1" linux32 "${@:2}" ;;
	*) in_root "$@" ;;
	esac
}

# builds ROOT
builds() {
	local release module

	root_layer "$1"
	overlay "$name" "$layer:$1"
	cp "$package" "$work/$name/root/"
	in_suite "$work/$name" dpkg -i "/root/${package##*/}"
	release=$(find "$1/usr/src" -maxdepth 1 -name 'linux-headers-*' \
		! -name '*-common*' -printf '%f\n' | sed 's/^linux-headers-//')
	in_suite "$work/$name" dkms status
	module=$(find "$work/$name/lib/modules/$release/updates/dkms" \
		-name 'usertime.ko*')
	[ "$(modinfo -F version "$module")" = "$version" ]
	modinfo -F vermagic "$module" | grep "^$release "
	modinfo -F signer "$module"
	in_suite "$work/$name" dpkg -P usertime-dkms
	[ ! -e "$module" ]
	overlay_end "$name"
	rm -rf "${work:?}/$name" "$work/$name".*
}

[ -e "$package" ] || vm_die "there is no $package: test/packages.sh makes it"
vm_install kmod
make_fresh
while read -r name suite arch _; do
	root=$(find "$vm_cache" -maxdepth 1 -name "root_${name}_*" ! -name '*.image')
	text="DKMS builds it on $suite ($arch) by that suite's own means"
	case $suite:$arch in
	source:*) continue ;;
	"$(vm_suite):$vm_host_arch") continue ;;	# debian.sh does
	*:arm64) skipped "$text" "the root is for cross compilers"; continue ;;
	esac
	if [ -n "$root" ]; then
		claim "$text" builds "$root"
	else
		skipped "$text" "the matrix has made no root of it yet"
	fi
done < <(vm_kernels)
finish
