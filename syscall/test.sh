#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the system calls, and urt runtime beside them, on a kernel that has the
# calls.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
kernels="lab debug-a debug-b"

usage() {
	cat <<END
Usage: syscall/test.sh [--kernel NAME] [--verbose] [--keep]
Runs the tests of get_process_runtime(), hello(), their module, runtime_demo and
urt runtime in a virtual machine. test/run.sh --kernel NAME runs them, too, and
all others.

  --kernel NAME  ${kernels// /, } (lab): the first is the one of syscall/run.sh;
                 debug-a finds wrong uses of memory, locks and RCU, debug-b
                 races
  --verbose      every line that the tests print
  --keep         keep the kernel's log, though they passed
  --help         this

Exit status: 0 all passed, 1 some failed, 2 wrong usage, 3 the kernel cannot be
had here.
END
}

usage_error() {
	echo "syscall/test.sh: $*" >&2
	echo "See syscall/test.sh --help" >&2
	exit 2
}

kernel=lab more=()
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--kernel)
		[ $# -gt 1 ] || usage_error "--kernel needs a name"
		kernel=$2
		shift ;;
	--kernel=*) kernel=${1#*=} ;;
	--verbose | --keep) more+=("$1") ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $kernel && " $kernels " = *" $kernel "* ]] ||
	usage_error "no kernel '$kernel' has the system calls; there are: $kernels"

while read -r name; do
	more+=(--only "$name")
done < <(sed -n 's/^TEST(\([a-z0-9_]*\),.*/\1/p' \
	"$top"/test/{syscall/*,urt/runtime}.c)
exec "$top/test/run.sh" --kernel "$kernel" "${more[@]}"
