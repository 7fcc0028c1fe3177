# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# prometheus-process-exporter, asked for all processes by name each interval, as
# Prometheus would ask. The cost of asking is not counted.
url=http://127.0.0.1:9256/metrics

ask() {
	echo 0 >/sys/fs/cgroup/aside/cgroup.procs
	until wget -q -O /tmp/first $url; do sleep 1; done
	while sleep "$1"; do	# however long an answer takes
		(wget -q -O /tmp/new $url && mv /tmp/new /tmp/seen) &
	done
}

seconds() {
	awk '/^namedprocess_namegroup_cpu_seconds_total\{groupname="load/ {
			s += $NF
		} END { print s + 0 }' "$1"
}

case $1 in
start)
	ip link set lo up
	cat >/tmp/exporter.yml <<-'END'
	process_names:
	  - name: "{{.Comm}}"
	    cmdline:
	    - '.+'
	END
	ask "$2" &
	exec prometheus-process-exporter -config.path /tmp/exporter.yml \
		-web.listen-address 127.0.0.1:9256 ;;
seen)
	echo "$(seconds /tmp/seen) $(seconds /tmp/first)" |
		awk '{ print ($1 - $2) * 1000 }' ;;
esac
