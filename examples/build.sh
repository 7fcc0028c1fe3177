#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh COMMAND [ARGUMENT...]: runs a command, then reports on standard error
# its CPU time by the names of the programs. It needs only a shell, awk and the
# loaded module. It waits for processes that the command leaves running.
# Exit status: that of the command; 125 the module is not loaded, or the quota is
# used up; 2 wrong usage.
set -u

[ $# -gt 0 ] || { echo "Usage: build.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -w /proc/urt/session ] || {
	echo "build.sh: the usertime module is not loaded," \
		"or this /proc does not show it" >&2
	exit 125
}

# The session exists until the last process that has it open closes it.
exec 3<>/proc/urt/session

# The reader runs from the start, so that records never have to wait. Its file
# ends when all registered processes have ended.
awk '
	$1 == "exit" { n[$10]++; user[$10] += $5; sys[$10] += $6 }
	$1 == "lost" { n["(lost)"] += $2; user["(lost)"] += $3; sys["(lost)"] += $4 }
	$1 == "missed" { missed += $2 }
	END {
		print "  count    user s     sys s  name"
		fflush()	# before what sort has to say
		for (name in n) {
			line = sprintf("%7d %9.3f %9.3f  %s", n[name],
				user[name] / 1e9, sys[name] / 1e9, name)
			print line | "sort -k2,2nr"
		}
		close("sort -k2,2nr")
		if (missed)
			printf "%7d could not be registered\n", missed
	}' <&3 >&2 &

# Registers this shell, and so all processes that it starts from here on. The
# reader is unregistered. At the end the shell unregisters itself.
echo "tree $$ -$!" >&3 || { kill $!; exit 125; }
"$@" 3<&-
status=$?
echo "-$$" >&3
wait
exit $status
