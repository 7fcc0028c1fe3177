#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything that reads the sources and finds fault: the compiler's warnings and
# its analyzer, sparse, coccinelle, checkpatch.pl, cppcheck, clang-tidy, mandoc,
# pyflakes and shellcheck. style/Makefile says what looks at which file, and
# leaves out what is as it was when nothing was found, in whichever checkout;
# style/check.sh how.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/style
. "$top/tools/vm/vm.sh"
mkdir -p "$build"
cd "$top"

# Coccinelle does not run without Python's library, and does not ask for it.
packages() {
	echo perl sparse shellcheck coccinelle cppcheck clang-tidy mandoc \
		libpython3-dev pyflakes3 patch libbpf-dev libmicrohttpd-dev
	vm_packages
}

# Here or not, a tool that does not run would find nothing.
need() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || vm_die "there is no $tool"
	done
}

# kernel_scripts: sets scripts to checkpatch.pl and the semantic patches, which
# come with the kernel's source only.
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

# What is newer than a stamp makes it stale: so does another version of a tool.
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

# A claim reads alone: it does not go on with the one before.
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

# Every mutant of the module is one of today's module.
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
mutants_apply

clean=$vm_cache/style
mkdir -p "$clean"
find "$clean" -type f -mtime +30 -delete

make -s -k -O -j "$(nproc)" -f tools/style/Makefile OUT="$build" KDIR="$vm_kdir" \
	LAB_KDIR="$lab_kdir" SCRIPTS="$scripts" CLEAN="$clean" 2>"$build/make.log" || {
	# make's own lines say again what failed; other errors are news.
	grep -vE '^make: .*(Error [0-9]+$|not remade because of errors)' \
		"$build/make.log" >&2
	vm_die "see above"
}
echo "style: nothing to say about $(git ls-files | wc -l) files"
