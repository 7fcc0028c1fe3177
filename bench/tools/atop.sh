# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# atop writes a log, as its service does. As root it turns process accounting on.
case $1 in
start)
	mkdir -p /var/cache/atop.d /var/log/atop /run
	exec atop -w /tmp/atop.raw "$2" ;;
seen)	# Label, host, epoch, date, time, interval, pid, (name), state, ticks per
	# second, user and system ticks; the first sample is since boot.
	atop -r /tmp/atop.raw -P PRC | awk '/^SEP/ { samples++; next }
		samples && $8 ~ /^\(load/ { ms += ($11 + $12) * 1000 / $10 }
		END { print ms + 0 }'
	rm /tmp/atop.raw ;;
esac
