# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# urt stat of the load, or of the tree of the process that is its own word.
case $1 in
start)
	insmod /usertime.ko
	echo "${3:-load}" >/tmp/whose
	exec urt stat --tree "${3:-$LOAD}" "$2" >/tmp/seen ;;
seen)	# time pid %usr %sys %CPU user-s sys-s threads state name; in the end a
	# Sums up. The output for each process is rounded to 1 ms.
	awk -v whose="$(cat /tmp/whose)" '
		$1 == "average" && $NF == "(total)" { sum = ($6 + $7) * 1000 }
		$1 ~ /:/ && $NF ~ /^load/ { last[$2] = ($6 + $7) * 1000 }
		END {
			for (pid in last) ms += last[pid]
			print whose == "load" ? sum : ms
		}' /tmp/seen
	rmmod usertime ;;
esac
