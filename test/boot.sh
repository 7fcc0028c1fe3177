#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots one guest and prints the TAP of the tests that belong there. Called by
# test/run.sh, through prove(1), with the name of the guest.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$URT_TEST_BUILD
. "$top/test/vm/vm.sh"
# shellcheck source=/dev/null # what run.sh has found out
. "$build/kernel"

qemu=() append=
case $1 in
two) qemu+=(-smp 2) ;;				# for races
nohz) qemu+=(-smp 2) append="nohz_full=1" ;;	# a CPU without a tick
# All that one CPU can run. Time is counted in instructions, so that it does not
# matter how busy this machine is, and waiting takes none of its.
counted) qemu+=(-cpu "$vm_plain_cpu" -smp 1 -icount "shift=$vm_shift,sleep=off") ;;
*) vm_die "no such guest: $1" ;;
esac

# An argument of the kernel's that it does not know becomes our environment.
[ -z "${URT_TEST_SEED-}" ] || append+=" URT_TEST_SEED=$URT_TEST_SEED"
read -ra args <<<"$URT_TEST_ARGS"
# What is wrong goes to standard error as well, which prove lets through.
vm_boot "$build/root.cpio.gz" "$build/boot-$1.log" "${URT_TEST_LIMIT:-10800}" \
	"quiet softlockup_panic=1 $append" "${qemu[@]}" -- \
	port /bin/tests "$1" "${args[@]}" | tee "$build/$1.tap" \
	>(grep -E '^(not ok|# (broken|seen|kernel log|killed|no end|rmmod|insmod|the guest))' >&2)
