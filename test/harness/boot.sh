#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs one part of the tests and prints its TAP. It boots a guest with the tests
# of that part, or runs a script. test/run.sh calls it, through prove(1), with the
# name of the guest or the path of the script.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$URT_TEST_BUILD
seed=${URT_TEST_SEED:-1}

# run.sh reads the output.
case $1 in
*.sh)
	"$1" | tee "$build/$(basename "$1" .sh).tap"
	exit ;;
esac

. "$top/tools/vm/vm.sh"
# shellcheck source=/dev/null # what run.sh has found out
. "$build/kernel"
vm_vary "$seed"

# The kernel turns an argument that it does not know into an environment variable
# of ours.
qemu=("${vm_varied[@]}") append="URT_TEST_SEED=$seed"
case $1 in
two) qemu+=(-smp 2) ;;				# for races
nohz) qemu+=(-smp 2) append+=" nohz_full=1" ;;	# a CPU without a tick
# Everything that one CPU can run. Time counts instructions. How busy this machine
# is therefore does not matter, and waiting costs none of its time.
counted*)
	qemu+=(-cpu "$vm_plain_cpu" -smp 1 -icount "shift=$vm_shift,sleep=off")
	# Several guests share the tests: counted-1-of-2.
	[ "$1" = counted ] || append+=" URT_TEST_SHARE=$(
		tmp=${1#counted-}; echo "${tmp/-of-//}")" ;;
esac

read -ra args <<<"$URT_TEST_ARGS"
vm_boot "$build/root.cpio.gz" "$build/boot-$1.log" "${URT_TEST_LIMIT:-$vm_hang}" \
	"quiet softlockup_panic=1 $append" "${qemu[@]}" -- \
	port /bin/tests "${1%%-*}" "${args[@]}" | tee "$build/$1.tap"
