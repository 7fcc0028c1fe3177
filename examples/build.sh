#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh COMMAND [ARGUMENT...]: runs a command, then says on standard error what
# CPU time went into it, by the name of the program: with nothing but a shell and
# awk, and the module loaded. Waits for what the command leaves running, too.
# Exit status: that of the command; 125 the module is not loaded, or the quota is
# used up; 2 wrong usage.
set -u

[ $# -gt 0 ] || { echo "Usage: build.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -w /proc/urt/session ] || {
	echo "build.sh: the usertime module is not loaded," \
		"or this /proc does not show it" >&2
	exit 125
}

# A session: it is ours until the last process that has it open closes it.
exec 3<>/proc/urt/session

# Read from the start, so that records never have to wait for each other. End of
# file comes when all that was registered has ended.
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

# This shell, and so all that it starts from here on, but not its awk; in the end
# not itself any more.
echo "tree $$ -$!" >&3 || { kill $!; exit 125; }
"$@" 3<&-
status=$?
echo "-$$" >&3
wait
exit $status
