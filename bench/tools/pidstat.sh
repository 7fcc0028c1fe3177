# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2086 # words
# pidstat (sysstat) with its usual options: processes that have run in the
# interval.
case $1 in
start)
	export LC_ALL=C S_TIME_FORMAT=ISO
	exec pidstat $3 "$2" >/tmp/seen ;;
seen)	# time uid pid %usr %system %guest %wait %CPU CPU command
	awk -v interval="$2" '$1 ~ /:/ && $NF ~ /^load/ {
			ms += $8 / 100 * interval * 1000
		} END { print ms + 0 }' /tmp/seen ;;
esac
