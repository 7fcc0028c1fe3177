#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs all tests: builds module, programs and a guest, boots it, runs the tests
# in it, and prints the summary that prove(1) makes of their TAP.
# shellcheck disable=SC2030,SC2031 # list_tests() changes them for itself alone
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
	cat <<END
Usage: test/run.sh [--all | --full] [--kernel NAME | --matrix] [--seed N]
                   [--only NAME]... [--build] [--keep] [--verbose]
       test/run.sh --list
Runs the tests of module, library and command in virtual machines. Without
options it runs the short tests on this distribution's kernel.

  --all        the long tests too, and those that need two CPUs
  --full       all of these with 100,000 processes and 10,000 trees
  --kernel NAME  on this kernel of tools/vm/kernels/list
  --matrix     on every kernel of tools/vm/kernels/list, then print a table
  --seed N     another machine and other random input: memory, its layout,
               speed, and the seed of random tests follow from N (default 1)
  --only NAME  run this test, or those that a pattern such as 'map_*' names;
               may be given several times
  --list       print name, virtual machine and claim of every test
  --build      build what is needed and stop
  --jobs N     share the tests among N virtual machines that run at a time
               (default: 2 on two CPUs, 1 for --only)
  --keep       keep the kernel logs of machines that passed
  --verbose    print every line that the tests print
  --help       print this

The script installs missing packages, with sudo if you are not root.
Exit status: 0 all tests passed, 1 a test failed or hung or the kernel
complained, 2 wrong usage, 3 the kernel cannot be had here (--kernel).
END
}

usage_error() {
	echo "test/run.sh: $*" >&2
	echo "See test/run.sh --help" >&2
	exit 2
}

# take_value OPTION VALUE
take_value() {
	case $1 in
	--only) only+=("$2") ;;
	--kernel) URT_KERNEL=$2 ;;
	--seed) seed=$2 ;;
	--jobs) jobs=$2 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
}

list='' matrix='' only_build='' how=short keep='' verbose='' seed=1 jobs=''
only=()
while [ $# -gt 0 ]; do
	case $1 in
	--list) list=y ;;
	--matrix) matrix=y ;;
	--build) only_build=y ;;
	--all | --full) how=${1#--} ;;
	--keep) keep=y ;;
	--verbose) verbose=--verbose ;;
	--help) usage; exit ;;
	--*=*) take_value "${1%%=*}" "${1#*=}" ;;
	--only | --kernel | --seed | --jobs)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		take_value "$1" "$2"
		shift ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[[ $seed =~ ^[1-9][0-9]{0,8}$ ]] || usage_error "--seed takes a number from 1, not '$seed'"
[ -n "$jobs" ] || jobs=$(($(nproc) > 1 && ${#only[@]} == 0 ? 2 : 1))
[[ $jobs =~ ^[1-9]$ ]] || usage_error "--jobs takes a number from 1 to 9, not '$jobs'"

# The options again, for messages and for each kernel of the matrix.
again=()
[ "$how" = short ] || again+=("--$how")
[ "$seed" = 1 ] || again+=(--seed "$seed")
if [ -n "$matrix" ]; then
	[ -z "${URT_KERNEL-}" ] || usage_error "--matrix is all kernels"
	exec "$top/test/harness/matrix.sh" "${again[@]}" "${only[@]/#/--only=}"
fi

build=$top/build/test${URT_KERNEL:+/$URT_KERNEL}
export URT_KERNEL
. "$top/tools/vm/vm.sh"
mkdir -p "$build"

# make_tests DIR
make_tests() {
	vm_guest_in make -s -C "$top/test" -j"$(nproc)" O="$1" \
		CC="$(vm_guest_cc)" LIBURT="$vm_liburt" >"$build/tests.log" 2>&1 || {
		cat "$build/tests.log" >&2
		vm_die "the tests do not build"
	}
}

# add_syscall ROOT: adds the parts of syscall/ that tests use. The module is
# added if the kernel has the system calls.
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
	# For urt top on a terminal.
	install -D -t "$build/root/lib/terminfo/x" /lib/terminfo/x/xterm
	add_syscall "$build/root"
	vm_pack "$build/root" "$build/root.cpio.gz"
	# For harness/boot.sh.
	declare -p vm_arch vm_image vm_release vm_compiler vm_qemu vm_cpu \
		vm_plain_cpu vm_console vm_port vm_data vm_append \
		vm_shift >"$build/kernel"
}

# Prints a line for each test: name, guest, claim.
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

# Sets parts: the virtual machines that have one of these tests. Without names,
# it takes all of them, and the scripts that need none or their own.
choose_parts() {
	local name guest pattern wanted=' ' elsewhere=' ' n

	for pattern in "${@:-*}"; do
		n=0
		while read -r name guest _; do
			# shellcheck disable=SC2053 # a pattern
			[[ $name = $pattern ]] || continue
			wanted+="$guest " n=1
			# A pattern does not select all guests, but a name does.
			[ "$name" = "$pattern" ] || [ "$how" != short ] || continue
			elsewhere+="$guest "
		done <"$build/list"
		[ "$n" = 1 ] ||
			usage_error "there is no test '$pattern'; see --list"
	done

	parts=()
	# The guest "counted" has all tests that one CPU can run.
	if [[ $wanted = *" counted "* || $wanted = *" two "* ]]; then
		if [ "$jobs" = 1 ]; then
			parts+=(counted)
		else
			for ((n = 1; n <= jobs; n++)); do
				parts+=("counted-$n-of-$jobs")
			done
		fi
	fi
	[[ $elsewhere != *" two "* || -z $vm_own ]] || parts+=(two)
	[[ $elsewhere != *" nohz "* ]] || parts+=(nohz)
	[ $# -gt 0 ] || [ -z "$vm_own" ] ||
		parts+=("$top"/test/{docs/examples,urt/top,docs/man,unit,liburt/install,urt/host}.sh)
	[ ${#parts[@]} -gt 0 ] ||
		usage_error "no virtual machine here has a test of these: $*"
}

# Writes the line of the --matrix table: passed, failed, skipped, seconds.
write_result() {
	awk -v seconds="$1" '
		/^ok .*# [Ss][Kk][Ii][Pp]/ { skipped++; next }
		/^ok / { passed++ }
		/^not ok / { failed++ }
		END { print passed + 0, failed + 0, skipped + 0, seconds }
	' "$build"/*.tap >"$build/result"
}

# Prints which tests failed, what they expected and saw, and how to run them
# again.
explain_failures() {
	local part command

	for part in "${parts[@]}"; do
		[ "${part%.sh}" = "$part" ] || {
			command=${part#"$top/"} part=$(basename "$part" .sh)
			awk -v command="$command" '
				/^# / { said = said "    " substr($0, 3) "\n"; next }
				/^not ok / { sub(/^not ok [0-9]* - /, "")
					printf "\nFAILED %s\n%s", $0, said; failed = 1 }
				{ said = "" }
				END { if (failed) print "    repeat:   " command }
			' "$build/$part.tap"
			continue
		}
		command="test/run.sh${URT_KERNEL:+ --kernel $URT_KERNEL} --seed $seed"
		awk -v command="$command" -v log_file="$build/boot-$part.log" '
			/^# broken: / { expected = substr($0, 11); next }
			/^# seen: / { seen = substr($0, 9); next }
			/^# (killed|no end|rmmod|insmod|kernel log|the guest)/ {
				said = said "    " substr($0, 3) "\n"
				if (/^# the guest/) { crashed = 1 }
				next
			}
			/^not ok / {
				sub(/^not ok [0-9]* - /, "")
				name = $0
				sub(/:.*/, "", name)
				printf "\nFAILED %s\n", $0
				if (expected) printf "    expected: %s\n", expected
				if (seen) printf "    seen:     %s\n", seen
				printf "%s    repeat:   %s --only %s\n", said, command, name
				failed = 1
			}
			/^(not )?ok / { expected = seen = said = ""; last = $0 }
			END {
				if (crashed && !failed)
					printf "\nFAILED after \"%s\"\n%s", last, said
				if (crashed || failed)
					printf "    kernel log: %s\n", log_file
			}
		' "$build/$part.tap"
	done
}

# Suggests next steps to a newcomer.
what_else() {
	cat <<END
These were the short tests. There is more:
  test/run.sh --all      the long tests too, and those on two CPUs: 20 minutes
  test/run.sh --list     what each test claims
  test/run.sh --matrix   other kernels: 5.10 to 7.2, 32 bits, arm64, PREEMPT_RT, debug
  make soak              everything: matrix, races, mutants, coverage, bench, packages
END
}

rm -f "$build"/*.{log,tap,data} "$build"/{kernel,skipped,result,passed}
build_all
[ -z "$only_build" ] || exit 0
list_tests >"$build/list"
if [ -n "$list" ]; then
	cat "$build/list"
	exit
fi
parts=()
choose_parts "${only[@]}"

export URT_TEST_BUILD=$build URT_TEST_SEED=$seed
# All in one argument, because the kernel takes 32 for init, and panics at more.
URT_TEST_ARGS="$how $(IFS=,; echo "${only[*]}")"
export URT_TEST_ARGS
echo "Linux $vm_release ($vm_arch, $vm_compiler); kernel logs of the guests: $build/"
begin=$SECONDS failed=0
# If several tests run at a time, prove prints none of their lines.
[ -z "$verbose" ] || jobs=1
prove $verbose -j "$jobs" --exec "$top/test/harness/boot.sh" "${parts[@]}" \
	2>"$build/stderr.log" || failed=1
write_result $((SECONDS - begin))
for part in "${parts[@]}"; do
	part=$build/$(basename "$part" .sh).tap
	grep -q '^1\.\.[1-9]' "$part" 2>/dev/null || {
		echo "test/run.sh: no test ran for $part" >&2
		failed=1
	}
done
if [ "$failed" = 1 ]; then
	cat "$build/stderr.log" >&2
	explain_failures
	exit 1
fi
touch "$build/passed"
[ -n "$keep" ] || rm -f "$build"/boot-*.log
[ "$how" != short ] || [ ${#only[@]} -gt 0 ] || [ -n "${URT_KERNEL-}" ] ||
	what_else
