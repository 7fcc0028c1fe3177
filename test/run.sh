#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All tests: builds module, programs and a guest, boots it, runs the tests in
# there, and prints what prove(1) makes of their TAP.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/test
. "$top/test/vm/vm.sh"

usage() {
	cat <<END
Usage: test/run.sh [--list] [--quick | --full] [--only NAME]... [--keep] [--verbose]
Runs the tests of the kernel module in a virtual machine.

  --list       name, virtual machine and claim of every test, and no more
  --quick      leave out those that take long
  --full       the same with 100,000 processes and 10,000 trees, too: they take
               more than half an hour
  --only NAME  this test; may be given several times
  --keep       keep the kernel logs of guests that passed, too
  --verbose    every line that the tests print
  --help       this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all passed, 1 some failed, hung, or the kernel complained,
2 wrong usage.
END
}

usage_error() {
	echo "test/run.sh: $*" >&2
	usage >&2
	exit 2
}

list='' how=all keep='' verbose='' only=()
while [ $# -gt 0 ]; do
	case $1 in
	--list) list=y ;;
	--quick | --full) how=${1#--} ;;
	--only)
		[ $# -gt 1 ] || usage_error "--only needs the name of a test"
		only+=("$2")
		shift ;;
	--only=*) only+=("${1#*=}") ;;
	--keep) keep=y ;;
	--verbose) verbose=--verbose ;;
	--help) usage; exit ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done

mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install perl $(vm_packages)
vm_kernel
vm_module
vm_library
vm_root "$build/root"
vm_program "$build/root/bin/tests" "$top"/test/{runner,lib}.c \
	"$top"/test/cases/*.c "$vm_liburt" -ljansson

if [ -n "$list" ]; then
	"$build/root/bin/tests" --list
	exit
fi

# The library as it is installed; urt top on a terminal.
others_failed=0
[ ${#only[@]} -gt 0 ] || prove $verbose --exec bash "$top"/test/{lib,top}.sh ||
	others_failed=1

boots=()
while read -r name boot _; do
	if [ ${#only[@]} -gt 0 ]; then
		[[ " ${only[*]} " = *" $name "* ]] || continue
		known+=" $name"
	fi
	[[ " ${boots[*]} " = *" $boot "* ]] || boots+=("$boot")
done < <("$build/root/bin/tests" --list)
for name in "${only[@]}"; do
	[[ "${known-} " = *" $name "* ]] ||
		usage_error "there is no test '$name'; see --list"
done

vm_pack "$build/root" "$build/root.cpio.gz"
rm -f "$build"/*.log
export URT_TEST_BUILD=$build URT_TEST_IMAGE=$vm_image
# One argument: the kernel takes 32 for init, and panics at more.
URT_TEST_ARGS="$how $(IFS=,; echo "${only[*]}")"
export URT_TEST_ARGS
echo "Linux $vm_release; kernel logs of the guests: $build/"
prove $verbose --exec "$top/test/boot.sh" "${boots[@]}" ||
	exit 1
[ "$others_failed" = 0 ] || exit 1
[ -n "$keep" ] || rm -f "$build"/boot-*.log
