#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Does everything that can be done to the module, at random and all at once. The
# guest has several CPUs that really run at the same time. See races/races.h.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
	cat <<END
Usage: test/races.sh [--kernel NAME] [--cpus N] [--minutes M] [--seed S]

  --kernel NAME  of tools/vm/kernels/list; else this distribution's
  --cpus N       of the guest (2)
  --minutes M    of racing (2)
  --seed S       of all that is random, to do the same again (else the time's);
                 who wins a race is not up to it
  --help         this

Prints TAP and what was done how often; the kernel's log stays in
build/races/. Missing packages are installed, through sudo if you are not root.
Exit status: 0 good, 1 not, 2 wrong usage, 3 the kernel cannot be had here.
END
}

usage_error() {
	echo "test/races.sh: $*" >&2
	usage >&2
	exit 2
}

number() { [[ $2 =~ ^[0-9]+$ && $2 -ge $3 ]] || usage_error "$1 $2"; }

kernel=${URT_KERNEL-} cpus=2 minutes=2 seed=$(($(date +%s) % 1000000))
while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit ;;
	--kernel | --cpus | --minutes | --seed)
		[ $# -gt 1 ] || usage_error "$1 needs a value"
		declare "${1#--}=$2"
		shift ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
number --cpus "$cpus" 2
number --minutes "$minutes" 1
number --seed "$seed" 0

export URT_KERNEL=$kernel
build=$top/build/races${kernel:+/$kernel}
. "$top/tools/vm/vm.sh"
mkdir -p "$build"
# shellcheck disable=SC2046 # package names
vm_install $(vm_packages)
vm_kernel || {
	echo "test/races.sh: $kernel cannot be had: $vm_skip" >&2
	exit 3
}
vm_module

root=$build/root
rm -rf "$root"
mkdir -p "$root"/{bin,dev,etc}
vm_program "$root/init" "$top/tools/vm/init.c"
vm_program "$root/bin/races" "$top"/test/races/*.c \
	"$top"/test/harness/{lib,klog,debug,tap}.c
cp "$vm_ko" "$root/"
vm_pack "$root" "$root.cpio.gz"

log=$build/log-$cpus-$seed
# The guest ends by itself, or its kernel hangs. An emulated CPU stands still
# for long while other CPUs run, so that watchdogs need longer limits.
append="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300 \
workqueue.watchdog_thresh=300 clocksource.verify_n_cpus=0 tsc=nowatchdog"
append+=" sysctl.kernel.hung_task_timeout_secs=900"
# The guest reads its log itself. A warning must not stop the lines behind it.
append+=" panic_on_warn=0 loglevel=5"
# The reports of KCSAN about the kernel's own races are too many for a console.
[ "$kernel" != debug-b ] || append+=" loglevel=3"
echo "# test/races.sh${kernel:+ --kernel $kernel} --cpus $cpus" \
	"--minutes $minutes --seed $seed; Linux $vm_release"
vm_boot "$root.cpio.gz" "$log" $((minutes * 60 + 5400)) \
	"softlockup_panic=1 $append" -smp "$cpus" -- port /bin/races "$seed" "$minutes"
