#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs every example of the manual pages, and all of examples/, in a guest. An
# example runs as an ordinary user, unless the page says otherwise. TAP. C
# programs are compiled as the pages say, with the headers and the library as
# they are installed.
# shellcheck disable=SC2016 # the guest's shell expands them
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/test/examples
export LC_ALL=C.UTF-8
. "$top/tools/vm/vm.sh"

root=$build/root cases=$build/root/cases
mkdir -p "$build"
cd "$top"
# shellcheck disable=SC2046 # package names
vm_install g++ python3-minimal libpython3-stdlib python3-yaml pkg-config \
	ncurses-base procps $(vm_packages) >&2
vm_kernel
vm_module
vm_root "$root"

# --- other parts of the guest ---

add_library() {
	make -s -C lib install O="$build/lib" PREFIX=/usr \
		DESTDIR="$build/installed" >"$build/lib.log" 2>&1 ||
		{ cat "$build/lib.log" >&2; vm_die "the library does not build"; }
	mkdir -p "$root/usr/lib"
	cp -L "$build/installed/usr/lib/liburt.so.1" "$root/usr/lib/"
}

# Adds this machine's Python, without the parts about Python itself.
add_python() {
	local program dir

	program=$(readlink -f /usr/bin/python3)
	dir=/usr/lib/${program##*/}
	vm_borrow "$root" "$program"
	mkdir -p "$root/usr/lib" "$root/usr/bin"
	cp -r "$dir" "$root/usr/lib/"
	rm -rf "$root$dir"/{test,idlelib,tkinter,lib2to3,pydoc_data,ensurepip,distutils} \
		"$root$dir"/config-*
	find "$root$dir" -name __pycache__ -prune -exec rm -r {} +
	ln -s "${program##*/}" "$root/bin/python3"
	ln -s /bin/env "$root/usr/bin/env"
	vm_loads "$dir"/lib-dynload/_ctypes.*.so | while read -r file; do
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
	done
	cat >"$root/bin/in_terminal" <<'END'
import os, pty, sys
os.environ["TERM"] = "vt100"
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
END
}

add_others() {
	vm_borrow "$root" pgrep
	cp test/docs/examples_guest "$root/bin/run_examples"
	cp test/harness/claim.sh "$root/lib/"
	cp -r examples "$root/"
	mkdir -p "$root/lib/terminfo"
	cp -r /lib/terminfo/v "$root/lib/terminfo/"
	# For modprobe(8).
	mv "$root/usertime.ko" "$root/lib/modules/$vm_release/"
	echo 'usertime.ko:' >"$root/lib/modules/$vm_release/modules.dep"
}

# --- cases ---

# program OUTPUT SOURCE: compiles with the output of pkg-config.
program() {
	# shellcheck disable=SC2046 # flags are words
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$1" "$2" $(
		PKG_CONFIG_PATH=$build/installed/usr/lib/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$build/installed \
			pkg-config --static --cflags --libs liburt)
}

# compile DIR: builds the program of an example. If this machine has no compiler
# for it, the guest skips it.
compile() {
	local source=("$1"/program.*)

	case ${source[0]} in
	*.c) program "$1/program" "${source[0]}" ;;
	*.cc) g++ -O2 -Wall -Wextra -Werror -static -o "$1/program" \
		"${source[0]}" ;;
	*.rs) if command -v rustc >/dev/null; then
			rustc -O -C target-feature=+crt-static \
				-o "$1/program" "${source[0]}"
		else
			echo 'rustc is not installed' >"$1/skip"
		fi ;;
	*.go) if command -v go >/dev/null; then
			CGO_ENABLED=0 go build -o "$1/program" "${source[0]}"
		else
			echo 'go is not installed' >"$1/skip"
		fi ;;
	esac
}

# example NAME AS STATUS COMMANDS REGEX...
example() {
	local dir=$cases/$1

	mkdir "$dir"
	echo "$2" >"$dir/as"
	echo "$3" >"$dir/status"
	echo "$4" >"$dir/run"
	shift 4
	printf '%s\n' "$@" >"$dir/prints"
}

# Prints the commands that a YAML file has for cpu_step.sh.
ci_steps() {
	/usr/bin/python3 - "$1" <<'END'
import sys, yaml

def strings(node):
    if isinstance(node, str):
        yield node
    for child in (node.values() if isinstance(node, dict) else
                  node if isinstance(node, list) else ()):
        yield from strings(child)

with open(sys.argv[1]) as file:
    for line in strings(yaml.safe_load(file)):
        if line.startswith("ci/cpu_step.sh "):
            print(line)
END
}

# ci_project FILE: prints shell commands that make a project and run the job's
# steps.
ci_project() {
	cat <<END
mkdir ci
cp /examples/ci/cpu_step.sh ci/
printf '#!/bin/sh\necho configured\n' >configure
chmod +x configure
printf 'all: ; sh -c "seq 9 | tail -n 1"; true\ncheck: ; false\n' >Makefile
END
	ci_steps "$1"
	echo 'cat cpu_steps.csv'
}

of_pages() {
	local dir

	awk -v out="$cases" -f test/docs/examples.awk man/*.[1-8]
	for dir in "$cases"/*; do
		compile "$dir"
	done
}

# Runs make and a shell in the guest, as processes to follow.
some_work="sh -c 'seq 99 | tail -n 1; exit 3'"

of_shell() {
	local steps

	example build.sh user 3 "/examples/build.sh $some_work" '^99$' \
		'^ +count +user s' '^ +1 +[0-9.]+ +[0-9.]+  seq$' \
		'^ +1 +[0-9.]+ +[0-9.]+  tail$'
	example build.sh-unloaded root 125 \
		'rmmod usertime; /examples/build.sh true' 'is not loaded'
	example service.sh user 0 '(sleep 1 &)
		sleep 60 & (usleep 1500000; kill -SEGV $!) &
		/examples/service.sh sleep' '^following 2$' \
		'^sleep .* ms of CPU in .*: exit 0$' \
		'^sleep .* ms of CPU in .*: signal 11$'
	example service.sh-none user 1 '/examples/service.sh nothing' \
		'no process nothing that is yours'
	for steps in github gitlab; do
		example "ci-$steps" user 0 \
			"$(ci_project "examples/ci/$steps.yml")" \
			'^configure,0,[0-9.]+,[0-9.]+,[0-9.]+,1,0,0$' \
			'^build,0,[0-9.]+,[0-9.]+,[0-9.]+,[4-9],0,0$' \
			'^test,2,[0-9.]+,[0-9.]+,[0-9.]+,[2-4],0,0$'
		example "ci-$steps-unloaded" root 0 "rmmod usertime
			$(ci_project "examples/ci/$steps.yml")" \
			'^build,0,[0-9.]+,[0-9.]+,[0-9.]+,,,$'
	done
	example ci-at-once user 0 '
		begin=$(cut -d. -f1 /proc/uptime)
		for n in 1 2 3 4 5; do /examples/ci/cpu_step.sh $n /bin/true; done
		[ $(($(cut -d. -f1 /proc/uptime) - begin)) -lt 5 ] && echo fast
		cat cpu_steps.csv' '^5,0,0.[0-9]+,0.[0-9]+,0.[0-9]+,1,0,0$' '^fast$'
	# Processes that a step leaves running do not delay the job.
	example ci-left-behind user 0 '
		/examples/ci/cpu_step.sh left sh -c "sleep 600 & true"
		cat cpu_steps.csv' '^left,0,[0-9.]+,[0-9.]+,[0-9.]+,[12],0,0$'
}

of_c() {
	program "$root/bin/budget" examples/budget.c
	program "$root/bin/refresh" examples/refresh.c
	example budget.c user 0 "$some_work & budget \$! 10" '^[0-9]+ ms used$'
	example budget.c-used-up user 3 '
		sh -c "while :; do :; done & while :; do :; done" & all=$!
		budget $all 0.5; status=$?
		wait $all; echo ended with $?
		exit $status' '^used up$' '^ended with 143$'
	example budget.c-nobody user 1 'budget 2147483647 1' \
		'there is no such process'
	example refresh.c user 0 'sleep 12 & refresh $!' '^[0-9]+: [0-9]+$'
	example refresh.c-nobody user 1 'refresh 2147483647' 'No such process'
}

of_python() {
	example session.py user 3 "/examples/session.py sh -c 'sleep 3; exit 3'" \
		'"living": \[\{"pid": [0-9]+, "name": "sh", "cpu_ns": [1-9]' \
		'^\{"ended": [0-9]+, "name": "sleep", "cpu_ns": [1-9]' \
		'^\{"ended": [0-9]+, "name": "sh", "cpu_ns": [1-9]'
	example wait.py user 0 '(sleep 1 &)
		sleep 60 & (usleep 500000; kill -TERM $!) &
		/examples/wait.py $(pgrep -x sleep)' \
		'^[0-9]+ sleep: exit 0, 0.[0-9]{3} s$' \
		'^[0-9]+ sleep: signal 15, 0.[0-9]{3} s$'
	example wait.py-nobody user 1 '/examples/wait.py 2147483647' \
		'there is no such process'
}

add_library
add_python
add_others
mkdir "$cases"
of_pages
of_shell
of_c
of_python
vm_pack "$root" "$build/root.cpio.gz"
vm_boot "$build/root.cpio.gz" "$build/kernel.log" "$vm_hang" quiet \
	-cpu "$vm_plain_cpu" -smp 1 -icount "shift=$vm_shift,sleep=off" -- \
	port /bin/sh /bin/run_examples
