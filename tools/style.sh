#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All checks that only read the sources: the compiler's warnings and its
# analyzer, sparse, coccinelle, checkpatch.pl, cppcheck, clang-tidy, mandoc,
# pyflakes, shellcheck, and prose.py. style/Makefile says which check reads which
# file. It skips a file that was clean before and has not changed, also in another
# checkout. style/check.sh runs the checks.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/style
. "$top/tools/vm/vm.sh"
mkdir -p "$build"
cd "$top"

# Coccinelle does not run without Python's library, but does not depend on it.
packages() {
	echo perl sparse shellcheck coccinelle cppcheck clang-tidy mandoc \
		libpython3-dev pyflakes3 patch libbpf-dev libmicrohttpd-dev
	vm_packages
}

# In any case, a tool that does not run must fail, because it would find
# nothing.
need() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || vm_die "there is no $tool"
	done
}

# kernel_scripts: sets scripts to checkpatch.pl and the semantic patches. Only
# the kernel's source has them.
kernel_scripts() {
	local source new

	apt-cache show linux-source >/dev/null 2>&1 ||
		vm_as_root apt-get update -q >/dev/null
	source=$(apt-cache depends linux-source | sed -n 's/.*Depends: //p')
	vm_install "$source" xz-utils
	scripts=$vm_cache/scripts_${source}_$(version_of "$source")
	[ ! -d "$scripts" ] || return 0
	mkdir -p "$vm_cache"
	new=$(mktemp -d "$vm_cache/new.XXXXXX")
	tar -xf "/usr/src/$source.tar.xz" -C "$new" --strip-components=2 \
		--wildcards '*/scripts/coccinelle/*' '*/scripts/checkpatch.pl' \
		'*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
	mv "$new" "$scripts"
}

version_of() { dpkg-query -W -f '${Version}' "$1"; }

# A file that is newer than a stamp makes the stamp stale. Another version of a
# tool must do so as well.
note_tools() {
	local package

	for package in $(packages) "${scripts##*/}"; do
		echo "$package $(version_of "$package" 2>/dev/null || true)"
	done >"$build/tools.new"
	echo "$vm_release ${lab_kdir##*/}" >>"$build/tools.new"
	cmp -s "$build/tools.new" "$build/tools" ||
		mv "$build/tools.new" "$build/tools"
}

# Every test that SECURITY.md cites exists.
cited_tests() {
	local name unknown=''

	# shellcheck disable=SC2016 # backquotes as they stand there
	while read -r name; do
		grep -q "^TEST($name," test/*/*.c || unknown+=" $name"
	done < <(sed -n '/^## Threats/,/^## Not/p' SECURITY.md |
		awk -F '|' 'NF > 3 { print $4 }' | grep -o '`[a-z0-9_]*`' |
		tr -d '`' | sort -u)
	[ -z "$unknown" ] ||
		vm_die "SECURITY.md names tests that do not exist:$unknown"
}

# A claim stands alone. It does not continue the claim before it.
claims_alone() {
	local found

	# shellcheck disable=SC2016 # variables are perl's
	found=$(git ls-files 'test/*.c' 'test/*.sh' 'test/*.js' 'test/*guest' |
		xargs perl -0777 -ne '
		my $go_on = qr/(?:and|or|also|the same|then|nor|so (?:do|does|is)) [^\x27"`]*/;
		print "$ARGV: $1\n" while
			/(?:TEST\(\w+,|claim[ (]|restored |ends |skipped |
			 (?:tap|number|string|conclude)\([^;]*?,)\s*[\x27"`]($go_on)/gx')
	[ -z "$found" ] ||
		vm_die "these claims do not read alone; say of what: $found"
}

# prose.py refuses sentences that a reader must read twice, and dead links.
prose() {
	# shellcheck disable=SC2046 # names of files
	python3 tools/style/prose.py $(git ls-files '*.md' '*.[1-8]' '*.[ch]' '*.js' \
		'*.py' '*Makefile'; tools/style/check.sh list_scripts) >"$build/prose" || {
		cat "$build/prose"
		vm_die "these sentences and links need a mend: see CONTRIBUTING.md, Style"
	}
}

# Every mutant applies to the present module.
mutants_apply() {
	local patch

	for patch in test/mutants/*.patch; do
		patch -p1 -F0 -s --dry-run <"$patch" >/dev/null ||
			vm_die "$patch does not apply any more"
	done
}

# shellcheck disable=SC2046 # package names
vm_install $(packages)
need gcc perl sparse shellcheck spatch cppcheck clang-tidy mandoc pyflakes3
vm_kernel
kernel_scripts
lab_kdir=$(syscall/run.sh --kdir)
note_tools
cited_tests
claims_alone
prose
mutants_apply

clean=$vm_cache/style
mkdir -p "$clean"
find "$clean" -type f -mtime +30 -delete

make -s -k -O -j "$(nproc)" -f tools/style/Makefile OUT="$build" KDIR="$vm_kdir" \
	LAB_KDIR="$lab_kdir" SCRIPTS="$scripts" CLEAN="$clean" 2>"$build/make.log" || {
	# make's own lines repeat the failures. Other errors are news.
	grep -vE '^make: .*(Error [0-9]+$|not remade because of errors)' \
		"$build/make.log" >&2
	vm_die "see above"
}
echo "style: nothing to say about $(git ls-files | wc -l) files"
