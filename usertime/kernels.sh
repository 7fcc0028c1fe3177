#!/bin/sh
# SPDX-License-Identifier: MIT
# The range of kernels, "FROM TO" in the file beside this one, as an expression
# that their releases match: dkms(8) has no other way to say it everywhere.
set -eu

awk '!/^#/ {
	split($1, from, ".")
	split($2, to, ".")
	for (major = from[1]; major <= to[1]; major++) {
		minor = major == from[1] ? from[2] : 0
		# No series has come to more than 20.
		last = major == to[1] ? to[2] : 20
		minors = minor
		while (++minor <= last)
			minors = minors "|" minor
		all = all (all ? "|" : "") major "[.](" minors ")"
	}
	print "^(" all ")([^0-9]|$)"
}' "$(dirname "$0")/kernels"
