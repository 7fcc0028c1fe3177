#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds, installs and links liburt as a distribution does. Runs on the host and
# needs no module; prints TAP. test/run.sh runs it before the guests.
# shellcheck disable=SC2317 # claim calls the functions
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/test/lib-host
export LC_ALL=C
. "$top/tools/vm/vm.sh"

rm -rf "$build"
mkdir -p "$build"
vm_install gcc g++ make libc6-dev binutils pkg-config
[ "$vm_arch" != amd64 ] || vm_install libc6-dev-i386

. "$top/test/harness/claim.sh"

lib() {
	make -C "$top/lib" O="$build/o" PREFIX=/opt/urt DESTDIR="$build/root" \
		CFLAGS='-O2 -Wall -Wextra -Wpedantic -Werror' "$@"
}

# Prints the names that the shared library exports, without the version's name.
exported() {
	nm -D --defined-only "$build/o/liburt.so" |
		sed -n 's/.* T \(.*\)@@LIBURT_1$/\1/p' | sort
}

exports_script() {
	diff <(sed -n 's/^\t\(urt_.*\);$/\1/p' "$top/lib/liburt.map" | sort) \
		<(exported) &&
	# There is nothing else, and no other version.
	[ "$(nm -D --defined-only "$build/o/liburt.so" | grep -vc ' A ')" = \
		"$(exported | wc -l)" ]
}

# A function's declaration begins a line. Comments do not.
exports_header() {
	diff <(sed -n 's/^[a-z].*[ *]\(urt_[a-z_]*\)(.*/\1/p' \
		"$top/lib/liburt.h" | sort) <(exported)
}

has_soname() {
	readelf -d "$build/o/liburt.so" | grep -F 'soname: [liburt.so.1]'
}

flags() {
	PKG_CONFIG_PATH=$build/root/opt/urt/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$build/root pkg-config "$@" liburt
}

source_file() {
	cat >"$build/program.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <liburt.h>

int main(void)
{
	struct urt *u = urt_open();

	/* Where the module is loaded, that works. */
	if (!u && errno != ENOENT)
		return 1;
	urt_close(u);
	return printf("%s\n", urt_strerror(ECHILD)) < 0;
}
END
}

links() {
	local program=$build/program

	# shellcheck disable=SC2046 # flags are words
	gcc -Wall -Werror -o "$program" "$program.c" $(flags --cflags --libs) &&
		readelf -d "$program" | grep -F 'NEEDED' | grep -F liburt.so.1 &&
		LD_LIBRARY_PATH=$build/root/opt/urt/lib "$program" |
			grep -F 'not registered'
}

links_static() {
	# shellcheck disable=SC2046 # flags are words
	gcc -static -o "$build/program" "$build/program.c" \
		$(flags --static --cflags --libs) && "$build/program"
}

includes_cplusplus() {
	# shellcheck disable=SC2046 # flags are words
	g++ -Wall -Wextra -Werror -o "$build/program" -x c++ \
		"$build/program.c" -x none $(flags --cflags --libs)
}

uninstalls() {
	lib uninstall && [ -z "$(find "$build/root" ! -type d)" ]
}

# The kernel's headers are found last. Both architectures share them.
builds_32() {
	lib O="$build/o32" CC="gcc -m32 -idirafter \
		/usr/include/$(gcc -print-multiarch)" "$build/o32/liburt.a"
}

source_file
claim 'the library builds without a warning' lib
claim 'liburt exports the symbols of its version script' exports_script
claim 'liburt exports the functions of its header' exports_header
claim 'its soname is liburt.so.1' has_soname
claim 'it installs below DESTDIR' lib install
claim 'a program links the shared one by pkg-config, and runs' links
claim 'a program links the static one by pkg-config, and runs' links_static
claim 'C++ can include the header and link' includes_cplusplus
claim 'it uninstalls and leaves no file' uninstalls
if [ "$vm_arch" = amd64 ]; then
	claim 'it builds for 32 bits without a warning' builds_32
else
	skipped 'it builds for 32 bits without a warning' 'on amd64 only'
fi
finish
