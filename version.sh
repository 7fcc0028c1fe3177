#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the version of this tree: in a checkout what git makes of the last tag
# (or VERSION and the commit, before the first one); elsewhere, as in a tarball
# and in a package's source, VERSION. A build that knows better says URT_VERSION.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)

git_here() { git -C "$here" "$@" 2>/dev/null; }

if [ -n "${URT_VERSION-}" ]; then
	echo "$URT_VERSION"
	exit
fi
read -r version <"$here/VERSION"
# The checkout that this stands in may be another project's.
if [ "$(git_here rev-parse --show-toplevel)" = "$here" ]; then
	described=$(git_here describe --dirty --match 'v[0-9]*') ||
		described=v$version-g$(git_here describe --dirty --always \
			--exclude '*') ||
		described=v$version
	version=${described#v}
fi
echo "$version"
