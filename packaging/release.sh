#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make release: checks that this commit is the release that VERSION names, then
# makes its tarball in build/release.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/build/release
cd "$top"

usage() {
	cat <<END
Usage: packaging/release.sh
Checks that VERSION, CHANGELOG.md, debian/changelog and the tag of this commit
agree and that the tree is clean; then makes build/release/usertime-VERSION.tar.xz
and its checksum. Publishes nothing.

To release 1.2.3: write that in VERSION, in CHANGELOG.md ("## 1.2.3 - DATE") and in
debian/changelog, commit, let .ci/run pass, then: git tag -a v1.2.3

Exit status: 0 made, 1 something does not agree (all of it is said), 2 wrong usage.
END
}

case ${1-} in
'') ;;
--help) usage; exit ;;
*) echo "packaging/release.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
esac

wrong=0
complain() { echo "packaging/release.sh: $*" >&2; wrong=1; }

git rev-parse --git-dir >/dev/null 2>&1 ||
	{ complain "this is no checkout: a release is made of a commit"; exit 1; }
read -r version <VERSION
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
	complain "VERSION: '$version' is no version like 1.2.3"
[ -z "$(git status --porcelain)" ] ||
	complain "the tree is not clean: commit, or take away, what git status shows"

dated=$(sed -nE 's/^## ([^ ]+) - [0-9]{4}-[0-9]{2}-[0-9]{2}$/\1/p' CHANGELOG.md |
	head -n 1)
[ "$dated" = "$version" ] ||
	complain "CHANGELOG.md: its newest release with a date is '$dated', not $version"
debian=$(sed -n '1s/^usertime (\(.*\)) .*/\1/p' debian/changelog)
[ "$debian" = "$version" ] ||
	complain "debian/changelog: it begins with '$debian', not $version"
symbols=$(sed -n 's/^ LIBURT_.* //p' debian/liburt1.symbols | sort -V | tail -n 1)
[ "$(printf '%s\n' "$symbols" "$version" | sort -V | tail -n 1)" = "$version" ] ||
	complain "debian/liburt1.symbols: a symbol is of $symbols, after $version"
git tag --points-at HEAD | grep -qxF "v$version" ||
	complain "this commit has no tag v$version"
[ "$wrong" = 0 ] || exit 1

mkdir -p "$out"
name=usertime-$version
# It follows from the commit alone, with its time. Anybody gets the same file again.
git archive --format=tar --prefix="$name/" HEAD | xz -6 -T1 >"$out/$name.tar.xz"
(cd "$out" && sha256sum "$name.tar.xz" >"$name.tar.xz.sha256")
echo "$out/$name.tar.xz"
