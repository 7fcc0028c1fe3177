#!/bin/sh
# SPDX-License-Identifier: MIT
# service.sh NAME: follows all processes of that name and their descendants. It
# prints a line for each one that ends, until none is left. Use it for services
# whose workers come and go: you see a crash at once, and the CPU time of each
# worker. Only root can follow services of other users.
# Exit status: 0 all have ended; 1 none could be followed; 2 wrong usage.
set -u

[ $# = 1 ] || { echo "Usage: service.sh NAME" >&2; exit 2; }
[ -w /proc/urt/session ] || {
	echo "service.sh: the usertime module is not loaded," \
		"or this /proc does not show it" >&2
	exit 1
}

exec 3<>/proc/urt/session
followed=0
for pid in $(pgrep -x "$1"); do
	if echo "tree $pid" >&3; then
		followed=$((followed + 1))
	fi
done
[ $followed -gt 0 ] ||
	{ echo "service.sh: no process $1 that is yours" >&2; exit 1; }
echo "following $followed"

# Decodes a status of wait(2): a signal in the lowest seven bits, or a code
# above them.
ending() {
	case $1 in
	-) echo hidden ;;
	*) if [ $(($1 & 127)) = 0 ]; then
		echo "exit $(($1 >> 8))"
	else
		echo "signal $(($1 & 127))"
	fi ;;
	esac
}

while read -r kind pid ppid _ user sys _ real status name <&3; do
	case $kind in
	exit)
		printf '%s (%d, of %d): %d ms of CPU in %d ms: %s\n' "$name" \
			"$pid" "$ppid" $(((user + sys) / 1000000)) \
			$((real / 1000000)) "$(ending "$status")" ;;
	lost | missed)
		# The second word of these lines is a number of processes.
		echo "$kind: $pid" ;;
	esac
done
