#!/bin/bash
# SPDX-License-Identifier: MIT
# guest.sh VERSION: runs the tests in a machine that has the packages installed.
# Results go to the second serial port, whose last line is the final status. The
# third port gets the picture of a run.
set -euo pipefail

exec 3>/dev/ttyS1
stty -F /dev/ttyS1 raw
stty -F /dev/ttyS2 raw
trap 'echo "# status $?" >&3; sync; poweroff -ff' EXIT
exec >&3 2>&3

parameter() { cat "/sys/module/usertime/parameters/$1"; }

as_user() { runuser -u user -- "$@"; }

# scrape NAME: prints the value of that metric, from the service.
scrape() {
	local name value

	exec 4<>/dev/tcp/127.0.0.1/9877 || return
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&4
	while read -r name value; do
		[ "$name" != "$1" ] || echo "$value"
	done < <(tr -d '\r' <&4)
	exec 4>&-
} 2>/dev/null

# comes NAME PATTERN: the metric matches within 30 seconds.
comes() {
	local begin=$SECONDS value

	# shellcheck disable=SC2053 # a pattern
	until value=$(scrape "$1") && [[ $value == $2 ]]; do
		[ $((SECONDS - begin)) -lt 30 ] || {
			echo "$1 is '$value', not $2"
			systemctl --no-pager status urt-exporter
			journalctl --no-pager -u urt-exporter
			return 1
		}
		sleep 0.2
	done
	echo "$1 $value"
}

echo "Linux $(uname -r), $(systemctl --version | head -n 1)"
echo '# what modules-load.d and modprobe.d have made of the boot'
[ "$(cat /sys/module/usertime/version)" = "$1" ]
[ "$(parameter max_records)" = 77 ]
[ "$(parameter interval_ms)" = 5000 ]
modprobe -r usertime
[ ! -e /proc/urt ]

echo '# modprobe usertime'
modprobe usertime
cd /home/user
# shellcheck disable=SC2016 # for the shell that is timed
command='for i in 1 2 3; do seq 20000 | sort -r >file.$i; done; cat file.* | wc -l'
echo "\$ urt run --html run.html --svg run.svg -- sh -c '$command'"
as_user urt run -o report --html run.html --svg run.svg -- sh -c "$command"
cat report
grep -qE '^processes +9$' report
grep -qE '^lost +0$' report
[ "$(as_user id -u)" != 0 ]
echo "\$ ls -s run.html run.svg"
as_user ls -s run.html run.svg
cat run.svg >/dev/ttyS2

echo '# systemctl start urt-exporter'
systemctl start urt-exporter
comes urt_up 1
systemctl show -p User -p DynamicUser -p NoNewPrivileges urt-exporter
systemd-analyze --no-pager security urt-exporter | tail -n 1

echo '# the same for all processes of the machine, with the rights that its page has'
echo 'ARGS="--all --interval=1"' >/etc/default/urt-exporter
mkdir -p /etc/systemd/system/urt-exporter.service.d
cp /root/rights.conf /etc/systemd/system/urt-exporter.service.d/
systemctl daemon-reload
systemctl restart urt-exporter
comes 'urt_processes{comm="systemd"}' '[1-9]*'
for name in one two three; do
	cp /bin/true "/tmp/short-$name"
	as_user "/tmp/short-$name"
	comes "urt_process_exits_total{comm=\"short-$name\"}" 1
done
systemctl stop urt-exporter
systemctl show -p Result -p ExecMainStatus urt-exporter | tee stopped
grep -qx 'ExecMainStatus=0' stopped
echo "done"
