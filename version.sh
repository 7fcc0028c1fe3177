#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the version of this tree. In a checkout, this is git's description by
# the last tag, or VERSION and the commit before the first tag. Elsewhere, such
# as in a tarball or in the source of a package, it is VERSION. A build may set
# URT_VERSION instead.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)

git_here() { git -C "$here" "$@" 2>/dev/null; }

if [ -n "${URT_VERSION-}" ]; then
	echo "$URT_VERSION"
	exit
fi
read -r version <"$here/VERSION"
# This directory may be inside the checkout of another project.
if [ "$(git_here rev-parse --show-toplevel)" = "$here" ]; then
	described=$(git_here describe --dirty --match 'v[0-9]*') ||
		described=v$version-g$(git_here describe --dirty --always \
			--exclude '*') ||
		described=v$version
	version=${described#v}
fi
echo "$version"
