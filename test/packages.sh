#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests make install, the version, the completion and a release. Tests the Debian packages
# in a fresh root and in a virtual machine of it, DKMS on other suites, signed modules and
# Secure Boot.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/packages
parts=(install debian dkms secure)

usage() {
	cat <<END
Usage: test/packages.sh [--verbose] [PART]...
Tests the packages. Without PART, all of these:

  install   make install and uninstall, version, completion, release
  debian    make deb in a fresh root of this distribution; install, upgrade, use in
            a virtual machine, remove, purge
  dkms      the module built by DKMS on the other suites of the matrix whose roots
            are there (after debian)
  secure    signed modules, and UEFI Secure Boot (after debian)

  --verbose  every line that the tests print
  --help     this

Missing packages are installed; roots are made and mounted: through sudo if you are
not root. Exit status: 0 all passed, 1 some failed, 2 wrong usage.
END
}

verbose='' chosen=()
for argument; do
	case $argument in
	--verbose) verbose=--verbose ;;
	--help) usage; exit ;;
	install | debian | dkms | secure) chosen+=("$argument") ;;
	*)
		echo "test/packages.sh: unknown argument '$argument'" >&2
		usage >&2
		exit 2 ;;
	esac
done
[ ${#chosen[@]} -gt 0 ] || chosen=("${parts[@]}")

. "$top/tools/vm/vm.sh"
mkdir -p "$build"
vm_install perl
cd "$top/test/packages"
exec prove $verbose --timer --exec bash "${chosen[@]/%/.sh}"
