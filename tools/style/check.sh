#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh NAME [FILE]...: runs one of the checks below. If it finds something, prints
# its name and the findings, and fails. Call it from the top of the checkout, with OUT,
# KDIR, LAB_KDIR and SCRIPTS as in Makefile.
# shellcheck disable=SC2317 # they are called by their names
set -euo pipefail

# The flags for compiling programs, whichever tool reads them.
program_flags() {
	echo -std=gnu11 -Iusertime -Ilib -Itest/harness -Iapp/urt
	case $1 in
	test/unit/parse.c) ;;
	app/urt/* | test/unit/*) echo -D_GNU_SOURCE ;;
	esac
}

# W=1 and sparse. Drops the messages of this make to the make that called us.
check_module() {
	local copy=$OUT/usertime

	unset MAKEFLAGS MAKELEVEL
	rm -rf "$copy"
	cp -r usertime "$copy"
	make -C "$copy" KDIR="$KDIR" clean >/dev/null
	make -C "$copy" -j "$(nproc)" KDIR="$KDIR" W=1 C=2 \
		>"$OUT/module.log" 2>&1 ||
		{ cat "$OUT/module.log"; return; }
	grep -E 'warning|error' "$OUT/module.log" || true
}

# Does the same for the module in syscall/, which needs a kernel with the system
# calls.
check_lab_module() {
	local log=$OUT/lab_module.log

	unset MAKEFLAGS MAKELEVEL
	rm -rf "$OUT/syscall"
	make -C syscall OUT="$OUT/syscall" KDIR="$LAB_KDIR" \
		W=1 C=2 KBUILD_MODPOST_WARN=1 module >"$log" 2>&1 ||
		{ cat "$log"; return; }
	# Headers that are only prepared know no symbols yet.
	grep -E 'warning|error' "$log" |
		grep -vE 'undefined!$|unresolved symbol errors|turn errors into' || true
}

# Checks the patches as a maintainer would get them, except signers and
# MAINTAINERS. Git would tell checkpatch.pl by their names that they are sources.
check_patches() {
	local patch

	for patch; do
		perl "$SCRIPTS/checkpatch.pl" --no-tree --strict --terse \
			--show-types --no-signoff --ignore FILE_PATH_CHANGES \
			- <"$patch" 2>&1 | sed "s|^|${patch##*/}: |"
	done | grep -v ': total: 0 errors, 0 warnings, 0 checks' || true
}

check_checkpatch() {
	perl "$SCRIPTS/checkpatch.pl" --no-tree --strict --terse --show-types \
		-f "$@" 2>&1 | grep -v '^total:.* 0 errors, 0 warnings, 0 checks' || true
}

# A semantic patch names its own options.
check_cocci() {
	local options dir log=$OUT/cocci/${1##*/}.log

	options=$(sed -n 's|^// *Options: *||p' "$1")
	for dir in usertime syscall/module; do
		# shellcheck disable=SC2086 # words
		spatch -D report --very-quiet --no-show-diff --cocci-file "$1" \
			$options --dir "$dir" || echo "spatch failed"
	done >"$log" 2>&1
	grep -v '^warning: ' "$log" || true	# those are about the rule
}

# The warnings of a kernel's W=1, a few more, and the analyzer.
check_gcc() {
	# shellcheck disable=SC2046 # words
	gcc $(program_flags "$1") -O2 -fdiagnostics-plain-output -fanalyzer \
		-Wall -Wextra -Wno-unused-parameter -Wmissing-declarations \
		-Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
		-Wmissing-format-attribute -Wmissing-include-dirs \
		-Wunused-const-variable -Wshadow -Wpointer-arith -Wvla -Wundef \
		-Wlogical-op -Wduplicated-cond -Wduplicated-branches \
		-c -o /dev/null "$1" 2>&1 || true
}

# clang-tidy prints on standard error how many findings in foreign headers it left out.
check_tidy() {
	# shellcheck disable=SC2046 # words
	clang-tidy --quiet "$1" -- $(program_flags "$1") 2>"$OUT/tidy/$1.log" ||
		cat "$OUT/tidy/$1.log"
}

check_layout() {
	local folder

	for folder; do
		FLAGS=$(program_flags "$folder/") tools/style/layout.sh "$folder"
	done
}

# Some checks are of no use here. variableScope: variables are declared at the
# beginning of a function, as in the kernel. shadowFunction: a variable is not
# called, and gcc's -Wshadow reports real cases. constParameter: callbacks have
# the type that their caller needs. unreachableCode: it believes that raise()
# never returns, and compilers do this check.
cppcheck_all() {
	cppcheck --quiet --inline-suppr --std=c11 --platform=unix64 \
		--suppress=variableScope --suppress=shadowFunction \
		--suppress=constParameter --suppress=unreachableCode "$@" 2>&1
}

check_cppcheck() {
	cppcheck_all --enable=warning,style,performance,portability \
		-Iusertime -Ilib -Itest/harness -Iapp/urt "$@"
}

# The kernel's code is GNU C, and not portable on purpose.
check_cppcheck_module() {
	cppcheck_all --enable=warning,style,performance -Iusertime -Isyscall \
		--suppress=arithOperationsOnVoidPointer \
		--include=tools/style/cppcheck_kernel.h "$@"
}

check_shellcheck() {
	shellcheck -x -P SCRIPTDIR -P "$PWD" "$1" 2>&1 || true
}

# A page may cite a page that is not installed here. man.sh checks our own pages.
check_mandoc() {
	# Skips a page that only leads to another page, which is found where it
	# is installed.
	! grep -q '^\.so ' "$1" || return 0
	mandoc -Tlint -Wstyle "$1" 2>&1 |
		grep -vE 'STYLE: referenced manual not found|outdated mandoc\.db' ||
		true
}

check_pyflakes() {
	pyflakes3 "$1" 2>&1 || true
}

# Scripts are known by their first line, or by a hint for shellcheck there.
list_scripts() {
	git ls-files | while read -r file; do
		[ ! -f "$file" ] || ! head -n 3 "$file" | tr -d '\0' |
			grep -qE '^(#!.*[/ ](ba|da)?sh( |$)|# shellcheck shell=)' ||
			echo "$file"
	done
}

name=$1
shift
if [ "$name" = list_scripts ]; then
	list_scripts
	exit
fi
found=$("check_$name" "$@")
[ -n "$found" ] || exit 0
echo "$name: $found"
exit 1
