#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that reads the sources and finds fault: the compiler at W=1,
# sparse, checkpatch.pl --strict, shellcheck. Silence is success.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/style
. "$top/test/vm/vm.sh"
mkdir -p "$build"
cd "$top"

# checkpatch.pl comes with the kernel's source only.
checkpatch() {
	local source dir

	apt-cache show linux-source >/dev/null 2>&1 ||
		vm_as_root apt-get update -q >/dev/null
	source=$(apt-cache depends linux-source | sed -n 's/.*Depends: //p')
	dir=$vm_cache/checkpatch_$source
	if [ ! -s "$dir/checkpatch.pl" ]; then
		vm_install "$source" xz-utils
		mkdir -p "$dir"
		tar -xf "/usr/src/$source.tar.xz" -C "$dir" \
			--strip-components=2 --wildcards \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch'
	fi
	perl "$dir/checkpatch.pl" --no-tree --strict --terse --show-types -f "$@"
}

# shellcheck disable=SC2046 # package names
vm_install perl sparse shellcheck $(vm_packages)
vm_kernel

rm -rf "$build/usertime"
cp -r usertime "$build/usertime"
make -C "$build/usertime" KDIR="$vm_kdir" clean >/dev/null
make -C "$build/usertime" KDIR="$vm_kdir" W=1 C=2 >"$build/log" 2>&1 ||
	{ cat "$build/log"; exit 1; }
if grep -E 'warning|error' "$build/log"; then
	exit 1
fi
mapfile -t sources < <(git ls-files 'usertime/*.[ch]' usertime/Kbuild \
	usertime/Makefile)
checkpatch "${sources[@]}" >"$build/checkpatch.log" || {
	grep -v '^total' "$build/checkpatch.log"
	exit 1
}
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
shellcheck -x -P SCRIPTDIR -P "$top" "${scripts[@]}"
shellcheck -x test/vm/demo test/vm/top
echo "style: nothing to say about $((${#sources[@]} + ${#scripts[@]} + 2)) files"

# Every test that SECURITY.md cites exists.
cited_tests() {
	local name missing=''

	while read -r name; do
		grep -qx "TEST($name,.*" test/cases/*.c || missing+=" $name"
	done < <(sed -n '/^## Threats/,/^## Not/p' SECURITY.md |
		awk -F '|' 'NF > 3 { print $4 }' | grep -o '`[a-z0-9_]*`' |
		tr -d '`' | sort -u)
	[ -z "$missing" ] || {
		echo "SECURITY.md names tests that do not exist:$missing"
		return 1
	}
}

cited_tests
