#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests that the manual pages are right. Compares them with the command's own
# help, the module's parameters, and the headers. Runs on the host; prints TAP.
# examples.sh runs the examples of the pages.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/test/man
export LC_ALL=C
. "$top/tools/vm/vm.sh"

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install mandoc bsdextrautils libmicrohttpd-dev $(vm_packages) >&2
for tool in mandoc col modinfo gcc awk; do
	command -v "$tool" >/dev/null || vm_die "there is no $tool"
done
vm_kernel
vm_module
make -s -C "$top/app" O="$build/app" urt >"$build/urt.log" 2>&1 ||
	{ cat "$build/urt.log" >&2; vm_die "urt does not build"; }
cd "$top/man"

. "$top/test/harness/claim.sh"

# same WHAT-IS WHAT-THE-PAGE-SAYS: compares two files, neither of them empty.
same() { [ -s "$1" ] && [ -s "$2" ] && diff "$1" "$2"; }

# --- urt(1) ---

help_of() { ARGP_HELP_FMT=rmargin=79 "$build/app/urt/urt" "$@" --help; }

# Prints options as "-o" and "--output=file", sorted.
help_options() {
	help_of "$@" | grep -oE '^ +(-[A-Za-z?], )?--[a-z-]+(=[^ ]+)?' |
		tr ',' '\n' | sed 's/^ *//' |
		# An argument may contain commas: --pid=PID,...
		awk '/^[.]/ { held = held "," $0; next }
		     held { print held } { held = $0 } END { print held }' |
		tr '[:upper:]' '[:lower:]' | sort
}

# section FILE MACRO HEADING: prints the source of the section.
section() {
	awk -v macro="$2" -v heading="$3" '
		$1 == macro || $1 == ".Sh" {
			line = $0
			sub(/^[^ ]+ /, "", line)
			inside = $1 == macro && line == heading
			next
		}
		inside' "$1"
}

# Prints the options of .It lines in one form.
page_options() {
	grep '^\.It Fl' | sed -E 's/^\.It //; s/\\&//g; s/ Ns = Ns Ar /=/g' |
		awk '{
			for (i = 1; i < NF; i++)
				if ($i == "Fl")
					print "-" $(i + 1)
		}' | tr '[:upper:]' '[:lower:]' | sort
}

common_option() { grep -vxE -- '-[?v]|--(help|usage|version)'; }

commands() {
	help_of | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort
}

options_of() {
	help_options "$1" | common_option >"$build/is" || true
	if compgen -G "urt-$1.*" >/dev/null; then
		# The command has a page of its own, where arguments may have
		# other names.
		cat "urt-$1".* | page_options | common_option | sed 's/=.*//'
		sed -i 's/=.*//' "$build/is"
	else
		section urt.1 .Ss "urt $1" | page_options
	fi >"$build/says" || true
	diff "$build/is" "$build/says"
}

all_options() {
	local command

	for command in $(commands); do
		options_of "$command" || { echo "urt $command"; return 1; }
	done
}

all_commands() {
	commands >"$build/is"
	sed -n 's/^\.Ss urt //p' urt.1 | sort >"$build/says"
	same "$build/is" "$build/says"
}

common_options() {
	help_options >"$build/is"
	section urt.1 .Sh DESCRIPTION | sed '/^\.Ss/q' | page_options \
		>"$build/says"
	same "$build/is" "$build/says"
}

# The variables that the C library uses for its locale, and execvp(3).
environment() {
	{
		grep -rhoE 'getenv\("[A-Z_]+"\)' "$top"/app/urt "$top"/lib |
			cut -d'"' -f2
		echo 'LANG LC_ALL LC_CTYPE PATH' | tr ' ' '\n'
	} | sort -u >"$build/is"
	section urt.1 .Sh ENVIRONMENT | grep '^\.It Ev' | tr -d ',' |
		tr ' ' '\n' | grep -E '^[A-Z_]+$' | sort >"$build/says"
	same "$build/is" "$build/says"
}

# --- usertime(4) ---

parameters() {
	modinfo -F parm "$vm_ko" |
		sed -E 's/^([a-z_]+):.*(\(default [^)]*\)).*/\1 \2/' |
		sort >"$build/is"
	section usertime.4 .Sh PARAMETERS |
		sed -n 's/^\.It Va \([a-z_]*\) No /\1 /p' | sort >"$build/says"
	same "$build/is" "$build/says"
}

# Prints the names of errors in a header, or after .Er in pages.
header_errors() {
	grep -E '^ \*' "$1" | grep -oE '\bE[A-Z]{3,}\b' | grep -v '^EPOLL' | sort -u
}
page_errors() { grep -hoE '\bEr E[A-Z]+' "$@" | sed 's/Er //' | sort -u; }

module_errors() {
	header_errors "$top/usertime/urt.h" >"$build/is"
	section usertime.4 .Sh ERRORS | page_errors >"$build/says"
	same "$build/is" "$build/says"
}

# Finds lines of text with the names of columns in the sources.
columns() {
	local line

	line=$(sed -n 's/^\t"\(pid ppid .*\)";$/\1 comm/p' "$top/usertime/procfs.c")
	[ -n "$line" ] && grep -xF "$line" usertime.4 || return
	line=$(sed -n 's/^ \*\t\(exit PID .*\)$/\1/p' "$top/usertime/urt.h")
	[ -n "$line" ] && grep -xF "$line" usertime.4
}

# --- liburt(3) ---

# The names of the page FILE.
names_of() { awk '/^\.Nd/ { exit } /^\.Nm/ { print $2 }' "$1"; }

function_pages() { grep -l '^\.Nm urt_' ./*.3; }

functions() {
	local page

	sed -n 's/^\t\(urt_.*\);$/\1/p' "$top/lib/liburt.map" | sort >"$build/is"
	for page in $(function_pages); do names_of "$page"; done |
		sort >"$build/says"
	same "$build/is" "$build/says"
}

synopsis() {
	mandoc -Tascii -O width=200 "$1" 2>/dev/null | col -bx |
		sed -n '/^SYNOPSIS$/,/^DESCRIPTION$/p' | sed '1d;$d'
}

# A synopsis is C. The compiler compares it with the header.
synopses() {
	local page

	for page in $(function_pages); do
		synopsis "$page" >"$build/synopsis.c"
		gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only \
			-I"$top/lib" "$build/synopsis.c" || return
		names_of "$page" | sort >"$build/is"
		grep -oE 'urt_[a-z_]+\(' "$build/synopsis.c" | tr -d '(' |
			sort >"$build/says"
		same "$build/is" "$build/says" || return
	done
}

# fields STRUCT...: prints the names of their members in the header.
fields() {
	local name

	for name; do
		sed -n "/^struct $name {/,/^};/p" "$top/lib/liburt.h" |
			sed -nE 's|/\*.*||; s/^\t.*[ *]([a-z_]+)(\[.*\])?;.*/\1/p'
	done | sort
}

# members PAGE STRUCT...
members() {
	local page=$1
	shift
	fields "$@" >"$build/is"
	section "$page" .Sh DESCRIPTION | sed -n 's/^\.It Va //p' |
		sort >"$build/says"
	same "$build/is" "$build/says"
}

structures() {
	members urt_next.3 urt_record urt_accuracy &&
		members urt_snapshot.3 urt_snapshot urt_process
}

library_errors() {
	header_errors "$top/lib/liburt.h" >"$build/is"
	page_errors ./*.3 >"$build/says"
	same "$build/is" "$build/says"
}

# --- all pages ---

# Every page of ours that a page refers to exists.
references() {
	local name section unknown=''

	while read -r name section; do
		[ -e "$name.$section" ] || unknown+=" $name($section)"
	done < <(sed -nE 's/^\.Xr (urt[a-z_-]*|liburt|usertime) ([1-8]).*/\1 \2/p' \
		./*.[1-8] | sort -u)
	[ -z "$unknown" ] || { echo "there is no$unknown"; return 1; }
}

# A page with several names is one file for the first of them. The other names
# lead to it.
names() {
	local page name

	for page in ./*.3; do
		! grep -q '^\.so ' "$page" || continue
		page=${page#./}
		for name in $(names_of "$page"); do
			if [ "$name" = "${page%.*}" ]; then
				echo "$page"
			else
				echo "$name.${page##*.} man${page##*.}/$page"
			fi
		done
	done | sort >"$build/is"
	for page in *.3; do
		echo "$page$(sed -n '1s/^\.so / /p' "$page")"
	done | sort >"$build/says"
	same "$build/is" "$build/says"
}

claim 'urt(1) has the commands that urt --help has' all_commands
claim 'urt(1) has the options of each command, and no others' all_options
claim 'urt(1) has the options that all commands have' common_options
claim 'urt(1) has the environment that urt looks at' environment
claim 'usertime(4) has the parameters of modinfo, defaults and bounds' parameters
claim 'usertime(4) has the errors of urt.h' module_errors
claim 'usertime(4) has the columns as they are' columns
claim 'each function of liburt has one page' functions
claim 'synopses agree with the header' synopses
claim 'their structures have the members of the header' structures
claim 'they have the errors of liburt.h' library_errors
claim 'pages of ours that are referred to exist' references
claim 'pages of section 3 go by the names that they have, no others' names
finish
