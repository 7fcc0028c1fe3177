#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the tests that need no virtual machine: models of urt top and urt exporter,
# names and tables, the parser of liburt. Each is a program of its own, which ends
# at once if it misuses memory or has undefined behaviour. Prints TAP, within
# seconds. test/run.sh runs it as well.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test/unit
export LC_ALL=C.UTF-8
. "$top/tools/vm/vm.sh"
. "$top/test/harness/claim.sh"

mkdir -p "$build"
vm_install gcc libc6-dev libjansson-dev >&2

command=$top/app/urt unit=$top/test/unit harness=$top/test/harness

# program NAME ARGUMENT_OF_GCC...: builds and runs a program.
program() {
	local name=$1
	shift
	rm -f "$build/$name"
	gcc -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter \
		-fsanitize=address,undefined -fno-sanitize-recover=undefined \
		-pthread -I"$top/lib" -I"$top/usertime" -I"$command" \
		-I"$harness" -o "$build/$name" "$@" "$harness/tap.c" -ljansson &&
		"$build/$name"
}

programs() {
	local status=0

	program top_model -D_GNU_SOURCE "$unit/top_model.c" \
		"$command"/top/{model,order,text}.c || status=1
	program names -D_GNU_SOURCE "$unit/names.c" \
		"$command"/{format,table,memory}.c || status=1
	program exporter_model -D_GNU_SOURCE "$unit"/exporter_{model,world}.c \
		"$command"/{exporter/{model,metrics,text},format,memory}.c ||
		status=1
	# The test replaces the kernel, /proc and the clock.
	program exporter_phases -D_GNU_SOURCE -Wl,--wrap=clock_gettime \
		"$unit"/exporter_{phases,kernel,world}.c \
		"$command"/{exporter/{model,source},clock,memory}.c || status=1
	program parse "$unit"/{native,parse}.c "$harness/lib.c" \
		"$top"/lib/*.c || status=1
	return "$status"
}

programs | as_one 5
