#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests make install and uninstall, the version, the completion, a release. None of
# this needs the module loaded. Prints TAP; test/packages.sh runs it.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/packages/install
export LC_ALL=C
. "$top/tools/vm/vm.sh"
. "$top/test/packages/tap.sh"

rm -rf "$build"
mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install git bash-completion $(vm_packages)
vm_kernel
read -r version <"$top/VERSION"

# Makes a repository of its own, for tags, and a tree without a repository.
make_copies() {
	mkdir "$build/tarball"
	"$top/packaging/copy.sh" "$build/repository"
	"$top/packaging/copy.sh" "$build/tarball"
	repository add -A
	repository commit -q -m all
}

repository() {
	git -C "$build/repository" -c user.name=test -c user.email=test@localhost \
		-c commit.gpgSign=false \
		-c tag.gpgSign=false -c advice.detachedHead=false "$@"
}

# Lists everything below DIR except directories.
files() { (cd "$1" && find . ! -type d | sort); }

# --- the version ---

says() {
	local said

	said=$("$build/repository/version.sh")
	echo "it says $said"
	# shellcheck disable=SC2053 # a pattern
	[[ $said == $1 ]]
}

follows_git() {
	says "$version-g*[0-9a-f]"
	repository tag -a -m release "v$version"
	says "$version"
	echo >>"$build/repository/README.md"
	says "$version-dirty"
	repository commit -qam more
	says "$version-1-g*[0-9a-f]"
	[ "$(URT_VERSION=7 "$build/repository/version.sh")" = 7 ]
}

# This holds beside another project's repository as well, such as below this one
# here.
is_version_in_tarball() {
	[ "$("$build/tarball/version.sh")" = "$version" ]
	cp -r "$build/tarball" "$build/nowhere"
	GIT_CEILING_DIRECTORIES=$build "$build/nowhere/version.sh" | grep -xF "$version"
}

# --- install ---

# install TARGET...
in_tarball() {
	make -C "$build/tarball" -j"$(nproc)" KDIR="$vm_kdir" PREFIX=/opt/urt \
		DESTDIR="$build/root" "$@"
}

installs() {
	local file

	in_tarball install
	for file in opt/urt/bin/urt opt/urt/lib/liburt.so.1 \
		opt/urt/lib/pkgconfig/liburt.pc opt/urt/include/liburt.h \
		opt/urt/share/bash-completion/completions/urt \
		opt/urt/lib/modules-load.d/usertime.conf \
		opt/urt/share/urt/prometheus/{urt.rules.yml,dashboard.json} \
		etc/modprobe.d/usertime.conf \
		"lib/modules/$vm_release/updates/usertime.ko"; do
		[ -s "$build/root/$file" ] || { echo "no $file"; return 1; }
	done
	for file in "$build"/tarball/man/*.[1348]; do
		[ ! -e "$file" ] || [ -s "$build/root/opt/urt/share/man/man${file##*.}/${file##*/}" ] || {
			echo "no ${file##*/}"
			return 1
		}
	done
	[ "$(files "$build/root" | grep -c '\.service$')" = \
		"$(find "$build/tarball/packaging/systemd" -name '*.service' 2>/dev/null | wc -l)" ]
}

tells_version() {
	[ "$("$build/root/opt/urt/bin/urt" --version)" = "urt $version" ]
	[ "$(modinfo -F version \
		"$build/root/lib/modules/$vm_release/updates/usertime.ko")" = "$version" ]
	grep -x "Version: $version" "$build/root/opt/urt/lib/pkgconfig/liburt.pc"
	[ -e "$build/root/opt/urt/lib/liburt.so.$version" ]
}

uninstalls() {
	in_tarball uninstall
	files "$build/root" | diff /dev/null -
}

# Installs again over a changed configuration, and uninstalls.
keeps_changes() {
	local conf=$build/root/etc/modprobe.d/usertime.conf

	in_tarball install
	echo 'options usertime restrict=1' >>"$conf"
	cp "$conf" "$build/changed"
	in_tarball install
	cmp "$conf" "$build/changed"
	in_tarball uninstall | grep 'modprobe.d/usertime.conf stays'
	cmp "$conf" "$build/changed"
	[ "$(files "$build/root")" = ./etc/modprobe.d/usertime.conf ]
	rm -r "$build/root"
}

# Only the module needs a kernel's headers.
needs_no_kernel() {
	local ended=0

	make -C "$build/tarball" PREFIX=/opt/urt DESTDIR="$build/root" \
		KDIR=/nowhere install-tools
	[ -x "$build/root/opt/urt/bin/urt" ]
	make -C "$build/tarball" DESTDIR="$build/root" KDIR=/nowhere \
		install-module || ended=$?
	[ "$ended" != 0 ]
	[ ! -e "$build/root/lib" ]
	rm -r "$build/root"
}

# --- from any directory, with any name ---

# Seen elsewhere: a relative DESTDIR is another directory for each Makefile.
# Relative paths start where make was called.
takes_relative() {
	local where=$build/tarball

	(cd "$where" && make -j"$(nproc)" PREFIX=/opt/urt \
		KDIR="$(realpath --relative-to=. "$vm_kdir")" DESTDIR=stage install)
	[ -x "$where/stage/opt/urt/bin/urt" ]
	[ -s "$where/stage/opt/urt/include/liburt.h" ]
	[ -s "$where/stage/etc/modprobe.d/usertime.conf" ]
	[ -s "$where/stage/lib/modules/$vm_release/updates/usertime.ko" ]
	[ -z "$(find "$where"/{app,lib,usertime} -name stage -o -name opt)" ]
	[ ! -e "$vm_kdir/stage" ]
	(cd "$where" && make PREFIX=/opt/urt DESTDIR=stage uninstall)
	files "$where/stage" | diff /dev/null -
	rm -r "$where/stage"
}

# stops TEXT MAKE_ARGUMENT...: make prints the text, and writes nothing.
stops() {
	local text=$1 ended=0
	shift
	files "$build/tarball" >"$build/before"
	make -C "$build/tarball/$1" "${@:2}" >"$build/make.out" 2>&1 || ended=$?
	cat "$build/make.out"
	[ "$ended" != 0 ]
	grep -F "$text" "$build/make.out"
	files "$build/tarball" | diff "$build/before" -
}

refuses_dirs() {
	local dir target

	for dir in app:install lib:install app:uninstall lib:uninstall \
		usertime:install usertime:install-config \
		usertime:install-dkms usertime:uninstall; do
		target=${dir#*:}
		dir=${dir%:*}
		stops 'must begin with a slash' "$dir" "$target" DESTDIR=stage
		stops 'must begin with a slash' "$dir" "$target" "DESTDIR=/a b"
		stops 'must begin with a slash' "$dir" "$target" PREFIX=opt
	done
	stops 'must not have blanks' . install "DESTDIR=/a b"
	stops 'there is no kernel to build for in /nowhere' usertime KDIR=/nowhere
	stops 'there is no kernel to build for in /nowhere' . module KDIR=/nowhere
}

# Seen elsewhere: a blank in a path ends in a message about a missing rule. Parts
# that need no kernel are built there. The module's part says why it is not.
strange_path() {
	local where="$build/a b:c"

	mkdir "$where"
	"$top/packaging/copy.sh" "$where"
	make -C "$where" app lib CFLAGS=-O0
	[ -x "$where/app/urt/urt" ]
	make -C "$where" module KDIR="$vm_kdir" 2>"$build/err" && return 1
	cat "$build/err"
	grep -F 'with a blank or a colon in its name' "$build/err"
	"$where/demo.sh" 2>"$build/err" && return 1
	[ "$(wc -l <"$build/err")" = 1 ]
	grep -F 'no path with a blank, a colon or a comma' "$build/err"
	make -C "$where" clean KDIR="$vm_kdir"
	[ ! -e "$where/app/urt/urt" ]
	rm -r "$where"
}

# A user who builds a kernel there may have set this.
other_output() {
	rm -f "$build/tarball/usertime/usertime.ko"
	KBUILD_OUTPUT=/nowhere make -C "$build/tarball" module KDIR="$vm_kdir"
	[ -s "$build/tarball/usertime/usertime.ko" ]
	KBUILD_OUTPUT=/nowhere make -C "$build/tarball" install-module \
		KDIR="$vm_kdir" DESTDIR="$build/root"
	[ -s "$build/root/lib/modules/$vm_release/updates/usertime.ko" ]
	rm -r "$build/root"
}

# All users can read files that are for all users.
any_umask() {
	(umask 077; in_tarball install && in_tarball -C usertime install-dkms)
	[ -z "$(find "$build/root" -mindepth 1 -type d ! -perm 755 -print \
		-o -type f ! -perm -444 -print | tee /dev/stderr)" ]
	rm -r "$build/root"
}

# --- for DKMS ---

in_range() {
	local expression release

	expression=$("$top/usertime/kernels.sh")
	for release in 5.10.0-32-cloud-amd64 5.15.200 5.19 6.1.0-56-rt-amd64 \
		6.12.107+deb13-arm64 6.19.3 7.0 7.2.12+deb14-cloud-amd64; do
		[[ $release =~ $expression ]] || { echo "$release is not"; return 1; }
	done
	for release in 4.19.0 5.1.0 5.9.16-amd64 7.3.0 7.20 8.0 15.10.1 61.1 6; do
		[[ ! $release =~ $expression ]] || { echo "$release is"; return 1; }
	done
	# The kernels of the matrix whose roots are in the cache.
	for release in "$vm_cache"/root_*/usr/src/linux-headers-*64 "$vm_kdir"; do
		release=${release##*/linux-headers-}
		[[ $release == '*64' || $release =~ $expression ]] ||
			{ echo "$release is not"; return 1; }
	done
}

# --- a release ---

release() { "$build/repository/packaging/release.sh"; }

# refuses WORDS: the release stops for that reason.
refuses() {
	local ended=0

	release >"$build/release.out" 2>&1 || ended=$?
	cat "$build/release.out"
	[ "$ended" = 1 ] && grep -F "$1" "$build/release.out"
}

releases() {
	repository checkout -q "v$version"
	release
	mkdir "$build/unpacked"
	tar -xf "$build/repository/build/release/usertime-$version.tar.xz" \
		-C "$build/unpacked"
	[ "$("$build/unpacked/usertime-$version/version.sh")" = "$version" ]
	diff -r -x .git -x build "$build/repository" "$build/unpacked/usertime-$version"
	(cd "$build/repository/build/release" &&
		sha256sum -c "usertime-$version.tar.xz.sha256")
	cp "$build/repository/build/release/usertime-$version.tar.xz" "$build/first"
	release
	cmp "$build/repository/build/release/usertime-$version.tar.xz" "$build/first"
}

refuses_others() {
	echo >>"$build/repository/README.md"
	refuses 'is not clean'
	repository checkout -q README.md
	# change FILE EXPRESSION WHY
	change() {
		sed -i "$2" "$build/repository/$1"
		repository commit -qam "$1"
		refuses "$3"
		repository reset -q --hard HEAD~
	}
	change README.md '1s/$/ /' 'has no tag'
	change VERSION 's/.*/9.9.9/' 'CHANGELOG.md'
	change VERSION 's/.*/next/' 'is no version'
	change debian/changelog '1s/(.*)/(0.0.1)/' 'debian/changelog'
	change CHANGELOG.md "s/^## $version.*/## Unreleased/" 'CHANGELOG.md'
}

git -c init.defaultBranch=main init -q "$build/repository"
claim 'a copy of this tree is a repository' make_copies
claim 'the version is what git describes' follows_git
claim 'where there is no repository, it is that of VERSION' is_version_in_tarball
claim 'make install puts all of it below DESTDIR and PREFIX' installs
claim 'module, command and library tell that version' tells_version
claim 'bash completes the options of --help' "$top/test/packages/completion.sh" \
	"$build/tarball/app/urt/urt" "$top/app/urt.bash"
claim 'make uninstall takes all of it away' uninstalls
claim 'a configuration that was changed stays as it is' keeps_changes
claim 'command and library are installed without headers of a kernel' needs_no_kernel
claim 'relative paths are seen from where make is called' takes_relative
claim 'a directory that would be another one is refused' refuses_dirs
claim 'below a blank or a colon, make app and make lib work' strange_path
claim 'an output directory for another kernel does not matter' other_output
claim 'all users can read installed files, with any umask' any_umask
claim 'the range of kernels is that of the matrix' in_range
claim 'a release is a tarball of the tag, the same each time' releases
claim 'a release whose versions differ is refused' refuses_others
finish
