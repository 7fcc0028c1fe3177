#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# copy.sh DIR: copies this tree to DIR, which exists: of a checkout what git knows
# and what is new there, of a tarball everything; nothing that was built.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
dir=$(cd "$1" && pwd)
cd "$top"

files() {
	if [ -e .git ]; then
		git -c safe.directory="$top" ls-files -z --cached --others \
			--exclude-standard
	else
		find . -path ./build -prune -o ! -type d -print0
	fi
}

# What git knows may be gone.
files | while IFS= read -rd '' file; do
	[ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T - | tar -x --no-same-owner -C "$dir"
