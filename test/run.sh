#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All tests: builds module, programs and a guest, boots it, runs the tests in
# there, and prints what prove(1) makes of their TAP.
# shellcheck disable=SC2030,SC2031 # list_tests() changes them for itself alone
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
	cat <<END
Usage: test/run.sh [--matrix | --kernel NAME] [--quick | --full]
                   [--build] [--only NAME]... [--keep] [--verbose]
       test/run.sh --list
Runs the tests of the kernel module in a virtual machine.

  --list       name, virtual machine and claim of every test, and no more
  --matrix     on every kernel of test/kernels/list, then a table of them
  --kernel NAME  on that one of them, instead of this distribution's own
  --quick      leave out those that take long
  --full       the same with 100,000 processes and 10,000 trees, too: they take
               more than half an hour
  --build      build what is needed, and no more
  --only NAME  this test; may be given several times
  --keep       keep the kernel logs of guests that passed, too
  --verbose    every line that the tests print
  --help       this

Missing packages are installed, through sudo if you are not root.
Exit status: 0 all passed, 1 some failed, hung, or the kernel complained,
2 wrong usage, 3 the kernel cannot be had here (--kernel).
END
}

usage_error() {
	echo "test/run.sh: $*" >&2
	usage >&2
	exit 2
}

list='' matrix='' only_build='' how=all keep='' verbose='' only=() again=()
while [ $# -gt 0 ]; do
	case $1 in
	--list) list=y ;;
	--matrix) matrix=y ;;
	--build) only_build=y ;;
	--quick | --full) how=${1#--}; again+=("$1") ;;
	--only | --kernel)
		[ $# -gt 1 ] || usage_error "$1 needs a name"
		if [ "$1" = --only ]; then
			only+=("$2")
			again+=("$1" "$2")
		else
			URT_KERNEL=$2
		fi
		shift ;;
	--only=*) only+=("${1#*=}"); again+=("$1") ;;
	--kernel=*) URT_KERNEL=${1#*=} ;;
	--keep) keep=y; again+=("$1") ;;
	--verbose) verbose=--verbose ;;
	--help) usage; exit ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
if [ -n "$matrix" ]; then
	[ -z "${URT_KERNEL-}" ] || usage_error "--matrix is all kernels"
	exec "$top/test/matrix.sh" "${again[@]}"
fi

build=$top/build/test${URT_KERNEL:+/$URT_KERNEL}
export URT_KERNEL
. "$top/test/vm/vm.sh"
mkdir -p "$build"

# make_tests DIR
make_tests() {
	vm_guest_in make -s -C "$top/test" -j"$(nproc)" O="$1" \
		CC="$(vm_guest_cc)" LIBURT="$vm_liburt" >"$build/tests.log" 2>&1 || {
		cat "$build/tests.log" >&2
		vm_die "the tests do not build"
	}
}

# add_syscall ROOT: what the tests use of syscall/; a module where the kernel has
# the system calls.
add_syscall() {
	vm_program "$1/bin/runtime_demo" "$top/syscall/runtime_demo.c"
	grep -q '[[:space:]]ksys_hello[[:space:]]' "$vm_kdir/Module.symvers" \
		2>/dev/null || return 0
	make -s -C "$top/syscall" OUT="$build/syscall" KDIR="$vm_kdir" module \
		>"$build/syscall.log" 2>&1 || {
		cat "$build/syscall.log" >&2
		vm_die "kernel_syscall.ko does not build"
	}
	cp "$build/syscall/module/kernel_syscall.ko" "$1/"
}

build_all() {
	# shellcheck disable=SC2046 # package names
	vm_install perl $(vm_packages)
	vm_kernel || {
		echo "$vm_skip" >"$build/skipped"
		echo "test/run.sh: $URT_KERNEL is skipped: $vm_skip" >&2
		exit 3
	}
	vm_module
	vm_library
	vm_root "$build/root"
	make_tests "$build/tests"
	cp "$build/tests/tests" "$build/root/bin/tests"
	add_syscall "$build/root"
	vm_pack "$build/root" "$build/root.cpio.gz"
	# For boot.sh.
	declare -p vm_arch vm_image vm_release vm_compiler vm_qemu vm_cpu \
		vm_plain_cpu vm_console vm_port vm_data vm_append \
		vm_shift >"$build/kernel"
}

# A line each: name, guest, claim.
list_tests() {
	(
		if [ "$vm_arch" != "$vm_host_arch" ]; then
			vm_arch=$vm_host_arch vm_cross='' build=$build/native
			mkdir -p "$build"
			vm_library
			make_tests "$build/tests"
		fi
		"$build/tests/tests" --list
	)
}

add_guest() { [[ " ${boots[*]} " = *" $1 "* ]] || boots+=("$1"); }

# Sets boots: the guests that have one of these tests, or any without names.
choose_guests() {
	local name guest known=' '

	while read -r name guest _; do
		if [ $# -gt 0 ]; then
			[[ " $* " = *" $name "* ]] || continue
			known+="$name "
		fi
		# One guest has all that one CPU can run.
		[ "$guest" = nohz ] || add_guest counted
		[ "$guest" != two ] || [ -z "$vm_own" ] || add_guest two
		[ "$guest" != nohz ] || add_guest nohz
	done <"$build/list"
	for name; do
		[[ $known = *" $name "* ]] ||
			usage_error "there is no test '$name'; see --list"
	done
}

# For the table of --matrix: passed, failed, skipped, seconds.
write_result() {
	awk -v seconds="$1" '
		/^ok .*# SKIP/ { skipped++; next }
		/^ok / { passed++ }
		/^not ok / { failed++ }
		END { print passed + 0, failed + 0, skipped + 0, seconds }
	' "$build"/*.tap >"$build/result"
}

rm -f "$build"/*.{log,tap,data} "$build"/{kernel,skipped,result,passed}
build_all
[ -z "$only_build" ] || exit 0
list_tests >"$build/list"
if [ -n "$list" ]; then
	cat "$build/list"
	exit
fi
boots=()
choose_guests "${only[@]}"

# The library as it is installed; urt top on a terminal; the manual pages, and
# all examples.
failed=0
[ ${#only[@]} -gt 0 ] || [ -z "$vm_own" ] ||
	prove $verbose --exec bash "$top"/test/{lib,top,man,examples}.sh || failed=1

export URT_TEST_BUILD=$build
# One argument: the kernel takes 32 for init, and panics at more.
URT_TEST_ARGS="$how $(IFS=,; echo "${only[*]}")"
export URT_TEST_ARGS
echo "Linux $vm_release ($vm_arch, $vm_compiler); kernel logs of the guests: $build/"
begin=$SECONDS
prove $verbose --exec "$top/test/boot.sh" "${boots[@]}" || failed=1
write_result $((SECONDS - begin))
[ "$failed" = 0 ] || exit 1
touch "$build/passed"
[ -n "$keep" ] || rm -f "$build"/boot-*.log
