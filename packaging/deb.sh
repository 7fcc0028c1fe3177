#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make deb: the Debian packages of this tree, in build/deb. They are built from a
# copy, so that nothing is left in the tree.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/deb
. "$top/tools/vm/vm.sh"

usage() {
	cat <<END
Usage: packaging/deb.sh [--version VERSION] [--output DIR]
Builds usertime-dkms, urt, liburt1 and liburt-dev, without a signature.

  --version VERSION  instead of that of the file VERSION
  --output DIR       instead of build/deb
  --help             this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 built, 1 not, 2 wrong usage.
END
}

usage_error() {
	echo "packaging/deb.sh: $*" >&2
	usage >&2
	exit 2
}

read -r version <"$top/VERSION"
while [ $# -gt 0 ]; do
	case $1 in
	--version | --output)
		[ $# -gt 1 ] || usage_error "$1 needs an argument"
		if [ "$1" = --version ]; then version=$2; else build=$2; fi
		shift ;;
	--help) usage; exit ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $version =~ ^[0-9][0-9A-Za-z.+~]*$ ]] ||
	usage_error "'$version' is no version: 1.2.3, or the like"
mkdir -p "$build"
build=$(cd "$build" && pwd)

# debian/control says what it takes, and nothing else does.
build_depends() {
	awk '/^Build-Depends:/ { on = 1; next }
		/^[^ ]/ { on = 0 }
		on { gsub(/,/, ""); print $1 }' "$top/debian/control" |
		sed -e 's/^debhelper-compat$/debhelper/' \
			-e 's/^dh-sequence-dkms$/dh-dkms/'
}

copy() {
	"$top/packaging/copy.sh" "$1"
	# The packages say what debian/changelog says.
	[ "$version" = "$(cat "$1/VERSION")" ] || {
		echo "$version" >"$1/VERSION"
		sed -i "1s/(.*)/($version)/" "$1/debian/changelog"
	}
}

# shellcheck disable=SC2046 # package names
vm_install build-essential $(build_depends)
rm -rf "$build"/{source,*.deb,*.changes,*.buildinfo}
mkdir "$build/source"
copy "$build/source"
(cd "$build/source" && dpkg-buildpackage -b -us -uc) >"$build/build.log" 2>&1 || {
	tail -n 30 "$build/build.log" >&2
	vm_die "the packages do not build; all of it: $build/build.log"
}
rm -rf "$build/source"
ls "$build"/*.deb
