#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the Debian packages, from "make deb" in a fresh root to their purge, and in
# a virtual machine of that root. Prints TAP; test/packages.sh runs it.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/packages/debian
export LC_ALL=C
. "$top/tools/vm/vm.sh"
[ -n "${URT_UNSHARED-}" ] || vm_as_root env URT_UNSHARED=y URT_CACHE="$vm_cache" \
	unshare --mount --propagation private bash "$0" "$@" || exit
[ -n "${URT_UNSHARED-}" ] || exit 0
. "$top/test/packages/tap.sh"
. "$top/test/packages/root.sh"

rm -rf "$build"
mkdir -p "$build/old"
read -r version <"$top/VERSION"
old=0.9.0

# --- building ---

# A machine that has a shell and apt. Its user must ask only for make.
builds() {
	overlay built "$fresh"
	keep_archives "$work/built" "$fresh.archives"
	mkdir "$work/built/root/usertime"
	"$top/packaging/copy.sh" "$work/built/root/usertime"
	in_root "$work/built" sh -ec '
		if command -v make cc dpkg-buildpackage; then exit 1; fi
		apt-get update -q
		apt-get install -qy make
		cd /root/usertime
		make deb
		packaging/deb.sh --version '"$old"' --output /root/old
	'
	cp "$work"/built/root/usertime/build/deb/*.{deb,changes,buildinfo} "$build"
	cp "$work"/built/root/old/*.deb "$build/old"
	umount "$work/built/var/cache/apt/archives"
	overlay_end built
	for name in usertime-dkms_"$version"_all urt_"$version"_"$vm_host_arch" \
		liburt{1,-dev}_"$version"_"$vm_host_arch"; do
		[ -e "$build/$name.deb" ]
	done
}

silent_lintian() {
	lintian --allow-root --display-info --display-experimental --pedantic \
		"$build"/*.changes >"$build/lintian" 2>&1
	cat "$build/lintian"
	[ ! -s "$build/lintian" ]
}

# Packages that a user names, and apt's choice.
resolves() {
	overlay plain "$fresh"
	keep_archives "$work/plain" "$fresh.archives"
	copy_packages "$work/plain"
	in_root "$work/plain" apt-get update -q
	in_root "$work/plain" sh -c 'apt-get install -s /root/new/*.deb' |
		tee "$build/plan"
	umount "$work/plain/var/cache/apt/archives"
	overlay_end plain
	for name in usertime-dkms urt liburt1 liburt-dev dkms; do
		grep "^Inst $name " "$build/plan"
	done
}

copy_packages() {
	mkdir -p "$1/root/new" "$1/root/old"
	cp "$build"/{usertime-dkms,urt,liburt1,liburt-dev}_*.deb "$1/root/new"
	cp "$build"/old/{usertime-dkms,urt,liburt1,liburt-dev}_*.deb "$1/root/old"
}

# --- installing ---

# Adds headers of this suite and dependencies of the packages as a layer over the
# fresh root, stored under their versions.
make_layer() {
	local package packages=(dkms openssl libjansson4 libmicrohttpd12 \
		libncursesw6 libc6-dev)

	for package in linux-headers-{cloud,rt,6.12-cloud}-amd64; do
		[ -z "$(candidate "$package")" ] || packages+=("$package")
	done
	layer=$fresh.$(for package in "${packages[@]}"; do
		echo "$package $(candidate "$package")"
	done | sha256sum | cut -c 1-12)
	[ ! -d "$layer" ] || return 0
	show "making a layer of ${packages[*]}"
	rm -rf "$fresh".????????????
	# Newer headers bring their kernel, whose initrd is not needed.
	overlay layer "$fresh"
	keep_archives "$work/layer" "$fresh.archives"
	{
		in_root "$work/layer" apt-get update -q &&
		in_root "$work/layer" env INITRD=No \
			apt-get install -qy "${packages[@]}"
	} >"$build/layer.log" 2>&1 || {
		tail -n 20 "$build/layer.log" >&2
		vm_die "no layer for the tests of packages"
	}
	umount "$work/layer/var/cache/apt/archives"
	overlay_end layer
	mv "$work/layer.upper" "$layer"
}

# Lists the contents of the root, except dates and users of the installation, files
# that other programs make of all files, and the key of DKMS.
inventory() {
	(cd "$work/target" && find . -xdev \( -path ./proc -o -path ./root -o \
		-path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log -o \
		-path ./var/cache -o -path ./tmp \) -prune -o -print) |
		grep -vE '/modules/[^/]*/modules\.|^\./etc/ld\.so\.cache|/dkms/mok\.' | sort
}

# The kernels that DKMS must build for.
releases() {
	find "$work/target/usr/src" -maxdepth 1 -name 'linux-headers-*' \
		! -name '*-common*' -printf '%f\n' |
		sed 's/^linux-headers-//' | sort -V
}

target() { in_root "$work/target" "$@"; }

# modules_are VERSION: every kernel with headers has a module of that version.
modules_are() {
	local release

	target dkms status
	for release in $(releases); do
		[ "$(target modinfo -k "$release" -F version usertime)" = "$1" ] || {
			echo "$release has not version $1"
			target cat "/var/lib/dkms/usertime/$1/build/make.log" | tail
			return 1
		}
	done
	! target dkms status -m usertime | grep -v "^usertime/$1"
}

installs_old() {
	copy_packages "$work/target"
	# DKMS must build for every kernel, not only for the running one, which is
	# none of these.
	echo 'autoinstall_all_kernels="yes"' >>"$work/target/etc/dkms/framework.conf"
	inventory >"$build/before"
	target sh -c 'apt-get install -qy /root/old/*.deb'
	modules_are "$old"
	[ "$(target urt --version)" = "urt $old" ]
}

# A file that the administrator changed stays as it is.
upgrades() {
	target sed -i 's/^#options usertime max_records.*/options usertime max_records=77/' \
		/etc/modprobe.d/usertime.conf
	target sh -c 'apt-get install -qy /root/new/*.deb'
	modules_are "$version"
	[ "$(target urt --version)" = "urt $version" ]
	target grep '^options usertime max_records=77$' /etc/modprobe.d/usertime.conf
	! find "$work/target/usr/src" "$work/target/var/lib/dkms" \
		-name "*$old*" | grep .
}

# Compiles the program of a user who has installed liburt-dev.
compiles() {
	cat >"$work/target/root/program.c" <<-END
		#include <stdio.h>
		#include <liburt.h>
		int main(void) { return puts(urt_strerror(1)) < 0; }
	END
	target sh -ec '
		cc -Wall -Werror -o /root/program /root/program.c -lurt
		/root/program
		ldd /root/program | grep /liburt.so.1
	'
}

signed_by_dkms() {
	local release

	for release in $(releases); do
		target modinfo -k "$release" -F signer usertime |
			grep -x 'DKMS module signing key'
	done
	# secure.sh needs the kernel of the fresh root.
	release=$(find "$fresh/boot" -name 'vmlinuz-*' -printf '%f\n')
	release=${release#vmlinuz-}
	cp "$work/target/lib/modules/$release/updates/dkms/usertime.ko" \
		"$work/target/var/lib/dkms/mok.pub" \
		"$work/target/boot/vmlinuz-$release" \
		"$work/target/lib/modules/$release/kernel/fs/efivarfs/efivarfs.ko" \
		"$work/target/usr/src/linux-headers-$release/scripts/sign-file" \
		"$build"
	echo "$release" >"$build/release"
}

# A kernel out of range is left alone. The upgrade that has brought the kernel
# succeeds.
skips_others() {
	local release ended=0

	release=$(releases | head -n 1)
	target dkms build -m usertime -v "$version" -k 7.3.0-new \
		--kernelsourcedir "/usr/src/linux-headers-$release" || ended=$?
	[ "$ended" = 77 ]
	! target dkms status -m usertime | grep 7.3.0
}

# Every parameter of the module is documented, with its default.
documents_parameters() {
	local module

	module=$(find "$work/target/lib/modules" -name usertime.ko | head -n 1)
	diff <(modinfo -F parm "$module" |
		sed -nE 's/^([a-z_]*):.*\(default ([0-9]+).*/\1=\2/p' | sort) \
		<(sed -n 's/^#options usertime //p' "$top/packaging/dkms/modprobe.conf" |
		sort)
	[ "$(modinfo -F parm "$module" | wc -l)" = \
		"$(grep -c '^#options' "$top/packaging/dkms/modprobe.conf")" ]
}

# --- in a virtual machine ---

# Its disk is the present root, with a user, and a service that tests. It lacks the
# build tools and other kernels, because they take long to copy.
make_disk() {
	local release=$1 dir size

	# Nothing may be mounted in an overlay below another overlay.
	trap 'mount -t proc proc "$work/target/proc"' EXIT
	umount "$work/target/proc"
	overlay disk "$work/target"
	in_root "$work/disk" useradd -m -s /bin/bash user
	install -m 755 "$top/test/packages/guest.sh" "$work/disk/usr/local/bin/urt-guest"
	printf '[Service]\nType=oneshot\nExecStart=/usr/local/bin/urt-guest %s\n' \
		"$version" >"$work/disk/etc/systemd/system/urt-guest.service"
	# urt-exporter(8) shows these as an example, the one with capabilities.
	awk '/^\[Service\]$/, /^\.Ed$/ { if (/^\.Ed$/) {
			if (text ~ /Ambient/) printf "%s", text
			text = ""
		} else text = text $0 "\n" }' "$top/man/urt-exporter.8" \
		>"$work/disk/root/rights.conf"
	umount "$work/disk/proc"
	rm -rf "$work/disk/usr/lib/gcc" "$work"/disk/usr/src/linux-headers-* \
		"$work"/disk/var/cache/apt/* "$work"/disk/var/lib/apt/lists/*
	for dir in "$work"/disk/lib/modules/*; do
		[ "${dir##*/}" = "$release" ] || rm -rf "$dir"
	done
	# Not -x, because in an overlay, files of the layers below are on other
	# devices.
	size=$(du -sm "$work/disk" | cut -f 1)
	mke2fs -q -t ext4 -d "$work/disk" "$work/disk.img" $((size * 2 + 500))M
	umount "$work/disk"
}

boots() {
	local release

	release=$(cat "$build/release")
	(make_disk "$release")
	vm_machine
	vm_image=$work/target/boot/vmlinuz-$release
	vm_boot "$work/target/boot/initrd.img-$release" "$build/boot.log" "$vm_hang" \
		"quiet root=/dev/vda rw systemd.firstboot=no systemd.unit=urt-guest.service" \
		-drive "if=virtio,format=raw,file=$work/disk.img" -smp 2 -- |
		tee "$build/guest"
	mv "$build/boot.log.data" "$build/run.svg"
}

# heard LINE...: the guest printed these lines. The last one comes only without a
# failure.
heard() {
	local line

	for line; do
		grep -xF -- "$line" "$build/guest" >"$build/heard" ||
			{ echo "it did not say: $line"; return 1; }
	done
}

# The picture is well-formed, and has the name of each process.
pictured() {
	xmllint --noout "$build/run.svg"
	for name in sort seq wc cat sh; do
		grep ">$name" "$build/run.svg"
	done
}

# --- removing ---

# Modules, commands and libraries are removed. Configuration and settings of
# services stay.
removes() {
	target apt-get remove -qy usertime-dkms urt liburt1 liburt-dev
	inventory >"$build/removed"
	diff "$build/before" "$build/removed" | grep '^[<>]' |
		grep -v '/deb-systemd-helper-' >"$build/left" || true
	[ "$(cat "$build/left")" = '> ./etc/modprobe.d/usertime.conf' ] || {
		cat "$build/left"
		return 1
	}
}

purges() {
	target dpkg --purge usertime-dkms urt liburt1 liburt-dev
	inventory | diff "$build/before" -
	# shellcheck disable=SC2016 # for dpkg-query
	! target dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' \
		usertime-dkms urt liburt1 liburt-dev 2>/dev/null | grep -v '^un'
}

make_fresh
vm_install lintian kmod e2fsprogs libxml2-utils qemu-system-x86
claim 'make deb builds the packages in a fresh root' builds
claim 'lintian has nothing to say' silent_lintian
claim 'apt finds all that they need in a fresh root' resolves
make_layer
overlay target "$layer:$fresh"
claim "version $old is installed, and built for every kernel there" installs_old
show "$(releases | paste -sd' ')"
claim 'an upgrade replaces it, and keeps the configuration' upgrades
claim 'the modules are signed with the key of DKMS' signed_by_dkms
claim 'a program is linked with liburt-dev, and runs' compiles
claim 'a kernel out of range is skipped' skips_others
claim 'modprobe.d has every parameter, and its default' documents_parameters
claim 'a machine of that root boots, and finds nothing amiss' boots
show_file "$build/guest"
claim 'it has loaded the module, and a user counts a run' heard \
	'processes            9' 'lost                 0'
claim 'the picture of that run shows every process' pictured
claim 'the exporter answers there as a service, as a user of its own' heard \
	'urt_up 1' DynamicUser=yes NoNewPrivileges=yes
claim 'with the rights that its page gives it, it counts the whole machine' heard \
	'urt_processes{comm="systemd"} 1' \
	'urt_process_exits_total{comm="short-three"} 1' 'done'
claim 'removed, they leave their configuration and nothing else' removes
claim 'purged, they leave nothing' purges
finish
