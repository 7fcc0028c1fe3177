#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests urt exporter. Its answers are tested on this machine, where it needs no
# module. A real Prometheus scrapes two guests at once, while processes come and go
# in them. TAP.
set -euo pipefail

# nohup(1) makes us ignore SIGHUP. A shell cannot undo this for its children.
[ -n "${URT_HANGS_UP-}" ] ||
	URT_HANGS_UP=y exec env --default-signal=HUP "$0" "$@"

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/prometheus
export LC_ALL=C
. "$top/tools/vm/vm.sh"
. "$top/test/harness/claim.sh"
. "$top/test/prometheus/tools.sh"
. "$top/test/prometheus/host.sh"
. "$top/test/prometheus/guests.sh"

usage() {
	cat <<END
Usage: test/prometheus.sh [--host]
Tests urt exporter, with Debian's Prometheus and two virtual machines.

  --host   what needs no virtual machine only
  --help   this

Missing packages are installed, through sudo if you are not root; those of
Prometheus are unpacked, not installed.
Exit status: 0 all passed, 1 some failed, 2 wrong usage.
END
}

guests=y
case ${1-} in
'') ;;
--host) guests='' ;;
--help) usage; exit ;;
*) echo "test/prometheus.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
esac

# claim TEXT COMMAND...: runs the command, and always shows its output as remarks.
claim() {
	local text=$1 result=ok
	shift
	"$@" >"$build/out" 2>&1 || result=not_ok
	sed 's/^/# /' "$build/out"
	$result "$text"
}

# until_true SECONDS COMMAND...: waits until the command succeeds, or the time is
# up.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || { echo "not within the time: $*"; return 1; }
		read -rt 0.1 <>"$build/never" || true
	done
}

started=()	# what is ended in the end: processes, and groups of them
# shellcheck disable=SC2317 # trap calls it
clean_up() {
	local pid

	for pid in "${started[@]}"; do
		kill -- "$pid" 2>/dev/null || true
	done
	wait
}

rm -rf "$build"/{data,text,never,in.*,out.*}
mkdir -p "$build"
mkfifo "$build/never"	# nobody writes to it: a pause
trap clean_up EXIT

# shellcheck disable=SC2046 # package names
vm_install $(vm_packages) libmicrohttpd-dev curl \
	python3 systemd >&2
get_tools
make_exporter
host_claims
[ -z "$guests" ] || { make_guest; guest_claims; }
finish
