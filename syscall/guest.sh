#!/bin/sh
# SPDX-License-Identifier: MIT
# The commands that run.sh has the guest run, in a shell of busybox: all
# programs, one after the other. table.awk knows the lines of their tables by
# their form.
set -eu

user_functioncall
insmod /kernel_syscall.ko
dmesg | sed -n 's/.*kernel_syscall: \( *[m0-9]\)/\1/p'
rmmod kernel_syscall
user_syscall
insmod /usertime.ko interval_ms=3600000
user_files
runtime_demo --seconds 1 | sed 's/^/# runtime_demo: /'
runtime_demo --seconds 0 --pid 1 | sed 's/^/# runtime_demo --pid 1: /'
urt runtime 1 | sed 's/^/# urt runtime 1: /'
rmmod usertime
dmesg | sed -n 's/.*hello from/# log: hello from/p' | head -n 1
