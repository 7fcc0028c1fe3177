#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# layout.sh FOLDER...: checks that each .c includes its own header first, and that
# each header compiles alone. No files of a folder may call each other in a circle.
# Prints what is wrong. Call it from the top of the checkout, with OUT and KDIR as
# in Makefile, and FLAGS, the flags for compiling programs.
set -euo pipefail

# own_header_first FOLDER
own_header_first() {
	local c first

	for c in "$1"/*.c; do
		[ -e "${c%.c}.h" ] || continue
		first=$(grep -m 1 '^#include' "$c") || true
		case $first in
		"#include \"$(basename "$c" .c).h\"") ;;
		"#include \"$(basename "$1")/$(basename "$c" .c).h\"") ;;
		*) echo "$c does not include its own header first" ;;
		esac
	done
}

# Includes only this header, so that a missing include of the header shows.
alone() { printf '#include "%s"\n' "$1"; }

# compile_module FOLDER OBJECTS: compiles a copy of it with the kernel's own flags.
compile_module() {
	local h failed=

	unset MAKEFLAGS MAKELEVEL
	cp -r "$1"/. "$2"
	make -C "$2" KDIR="$KDIR" clean >/dev/null
	for h in "$1"/*.h; do
		alone "$(basename "$h")" >"$2/alone_$(basename "$h" .h).c"
		echo "usertime-y += alone_$(basename "$h" .h).o" >>"$2/Kbuild"
	done
	make -C "$2" -j "$(nproc)" KDIR="$KDIR" >"$2.log" 2>&1 || failed=y
	grep -E 'warning:|error:' "$2.log" || [ -z "$failed" ] || cat "$2.log"
	rm -f "$2"/alone_*.o "$2"/usertime*.o
}

# compile_programs FOLDER OBJECTS
compile_programs() {
	local file

	for file in "$1"/*.h; do
		# shellcheck disable=SC2086 # words
		alone "$file" | gcc $FLAGS -I. -I"$1" -x c -fsyntax-only - 2>&1 ||
			true
	done
	for file in "$1"/*.c; do
		# shellcheck disable=SC2086 # words
		gcc $FLAGS -I"$1" -c -o "$2/$(basename "$file" .c).o" "$file" 2>&1 ||
			true
	done
}

# circles OBJECTS: tsort(1) puts callers before the files that they call, if it
# can.
circles() {
	local o

	for o in "$1"/*.o; do
		nm "$o" | awk -v o="$(basename "$o" .o)" '
			$1 == "U" { print "uses", $2, o }
			$2 ~ /^[A-TVW-Z]$/ { print "has", $3, o }'
	done | awk '
		$1 == "has" { at[$2] = $3 }
		$1 == "uses" { uses[$3 " " $2] }
		END {
			for (use in uses) {
				split(use, u, " ")
				if (u[2] in at && at[u[2]] != u[1])
					print u[1], at[u[2]]
			}
		}' | sort -u | { tsort 2>&1 >/dev/null || true; } | awk -v in_="${1#"$OUT/layout/"}" '
		/input contains a loop/ {
			printf "%s%s: files call each other in a circle:",
				found++ ? "\n" : "", in_
			next
		}
		{ printf " %s", $2 }
		END { if (found) print "" }'
}

for folder; do
	objects=$OUT/layout/$folder
	rm -rf "$objects"
	mkdir -p "$objects"
	own_header_first "$folder"
	if [ -e "$folder/Kbuild" ]; then
		compile_module "$folder" "$objects"
	else
		compile_programs "$folder" "$objects"
	fi
	circles "$objects"
done
