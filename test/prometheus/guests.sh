# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2317 # variables of test/prometheus.sh; claim calls
# shellcheck disable=SC2015,SC2016 # A && B || C as it is meant; guests expand
# Runs Prometheus and two guests. It scrapes their exporters through ports of this
# machine. A third guest counts instructions. Sourced by test/prometheus.sh.

make_guest() {
	local root=$build/root

	vm_kernel
	vm_module
	vm_library
	vm_root "$root"
	rm "$root/bin/urt"	# a static one; this one speaks HTTP
	vm_borrow "$root" "$urt"
	vm_borrow "$root" "$tools/usr/bin/prometheus-process-exporter"
	vm_program "$root/bin/load" "$top/test/prometheus/load.c"
	cp "$top/test/prometheus/guest" "$root/bin/"
	net_modules "$root/net"
	vm_pack "$root" "$build/root.cpio.gz"
}

# --- guests ---

declare -A guests_of ours_of peer_of	# their processes; forwarded ports
# One guest has no IPv6. A server on every address must be reached there as well.
declare -A append_of=([one]=ipv6.disable=1)
forward() {
	ours_of[$1]=$(free_port)
	peer_of[$1]=$(free_port)
}

# boot NAME QEMU_ARGUMENTS...: boots a guest, whose shell then waits for
# commands.
boot() {
	local name=$1
	shift

	rm -f "$build/in.$name" "$build/out.$name"
	mkfifo "$build/in.$name"
	: >"$build/out.$name"
	set -m	# a group of its own, to be ended with all that it consists of
	vm_boot "$build/root.cpio.gz" "$build/kernel-$name.log" "$vm_hang" \
		"quiet ${append_of[$name]-}" -smp 1 -m 512 "$@" -- port /bin/sh /bin/guest \
		<"$build/in.$name" >"$build/out.$name" 2>&1 &
	set +m
	guests_of[$name]=$!
	started+=("-$!")
	exec {fd}>"$build/in.$name"
	declare -g "fd_$name=$fd"
	until_true 180 has_dones "$name" 0 ||
		vm_die "guest $name does not answer: $build/kernel-$name.log"
}

boot_forwarded() {
	local here=hostfwd=tcp:127.0.0.1 there=10.0.2.15

	boot "$1" -device virtio-net-pci,netdev=net,romfile= -netdev "user,id=net,\
restrict=on,$here:${ours_of[$1]}-$there:9877,$here:${peer_of[$1]}-$there:9256"
}

dones() { grep -c '^# done' "$build/out.$1" || true; }
has_dones() { [ "$(dones "$1")" -gt "$2" ]; }

# guest NAME SECONDS COMMAND: prints the command's output, and returns its
# status.
guest() {
	local name=$1 limit=$2 before lines fd=fd_$1

	before=$(dones "$name")
	lines=$(wc -l <"$build/out.$name")
	echo "$3" >&"${!fd}"
	until_true "$limit" has_dones "$name" "$before" || return
	tail -n "+$((lines + 1))" "$build/out.$name" | tr -d '\r' |
		awk '/^# done/ { exit $3 } { print }'
}

end_guest() {
	local fd=fd_$1

	echo end >&"${!fd}"
	exec {fd}>&-
	wait "${guests_of[$1]}"
}

# --- Prometheus ---

start_prometheus() {
	server=http://127.0.0.1:$(free_port)
	cat >"$build/prometheus.yml" <<-END
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: ['$top/packaging/prometheus/*.rules.yml']
	scrape_configs:
	  - job_name: urt
	    static_configs:
	      - {targets: ['127.0.0.1:${ours_of[one]}'], labels: {instance: one}}
	      - {targets: ['127.0.0.1:${ours_of[two]}'], labels: {instance: two}}
	  - job_name: peer
	    static_configs:
	      - {targets: ['127.0.0.1:${peer_of[one]}'], labels: {instance: one}}
	END
	"$prometheus" --config.file "$build/prometheus.yml" \
		--storage.tsdb.path "$build/data" \
		--web.listen-address "${server#http://}" \
		--log.level=warn 2>"$build/prometheus.log" &
	started+=($!)
}

ask() { "$promtool" query instant "$server" "$1"; }

# value EXPRESSION: prints its only value.
value() { ask "$1" | sed -n 's/.*=> \(.*\) @\[.*/\1/p'; }

is() { [ "$(value "$1")" = "$2" ]; }

# holds EXPRESSION: a comparison has a result left.
holds() { [ -n "$(value "$1")" ]; }

# growth NAME [MATCHERS]: prints the growth of its CPU time in all since then, in
# seconds. Each series counts from 0 on, and from 0 again after each reset.
# increase() would guess values before the first sample and behind the last one.
since=$(($(date +%s) - 600))
growth() {
	ask "{__name__=~\"urt_process_cpu_.*_seconds_total\",instance=\"$1\"${2-}}[$(($(date +%s) - since))s]" |
		awk '/=>$/ { last = 0; next }
			/ @\[/ { sum += $1 < last ? $1 : $1 - last; last = $1 }
			END { printf "%.6f\n", sum }'
}

# near SECONDS SECONDS TOLERANCE
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a - b <= t && b - a <= t) }'; }

# --- claims ---

declare -A truth

# take_truth NAME: adds the output of the guest's load to the truth.
take_truth() {
	local guest=$1 word name seconds

	while read -r word name seconds _; do
		[ "$word" != total ] || { seconds=$name name=total; }
		truth[$guest.$name]=$(awk -v a="${truth[$guest.$name]-0}" \
			-v b="$seconds" 'BEGIN { printf "%.6f", a + b }')
	done
}

run_load() { take_truth "$1" < <(guest "$1" 60 "load run $2"); }

# The kernel's final values come with the next refresh, and then a scrape must
# come.
settled() { [ "$(guest "$1" 10 'wc -l </proc/urt/status')" = 0 ]; }

wait_for_scrape() {
	until_true 20 settled "$1" &&
		until_true 20 holds "timestamp(urt_up{instance=\"$1\"}) > $(date +%s) + 1"
}

# same GUEST NAME TOLERANCE [MATCHERS]: compares with wait4().
same() {
	local seen matcher=${4-",comm=\"$2\""}

	[ "$2" != total ] || matcher=
	seen=$(growth "$1" "$matcher")
	printf 'guest %s, %-8s wait4 %s s, Prometheus %s s\n' "$1" "$2:" \
		"${truth[$1.$2]}" "$seen"
	near "$seen" "${truth[$1.$2]}" "$3"
}

# A child has its own name only after it has set it, hence the 1 %.
counts_exactly() {
	wait_for_scrape one && wait_for_scrape two || return 1
	same one short "$(awk "BEGIN { print ${truth[one.short]} / 100 }")" &&
		same one long "$(awk "BEGIN { print ${truth[one.long]} / 100 }")" &&
		same one total 0.001 &&
		same two other "$(awk "BEGIN { print ${truth[two.other]} / 100 }")" &&
		same two total 0.001 &&
		holds 'urt_process_exits_total{instance="one",comm="short"} == 40'
}

beside_peer() {
	local peer

	peer=$(value 'sum(namedprocess_namegroup_cpu_seconds_total{groupname="short"}) or vector(0)')
	printf 'short: wait4 %s s, urt exporter %s s, process-exporter %s s\n' \
		"${truth[one.short]}" "$(growth one ',comm="short"')" "$peer"
	awk -v peer="$peer" -v all="${truth[one.short]}" 'BEGIN {
		printf "process-exporter misses %.0f %%\n", 100 * (1 - peer / all)
		exit peer > all / 2 }'
}

no_resets() {
	local family

	for family in cpu_user_seconds cpu_system_seconds exits; do
		is "sum(resets(urt_process_${family}_total{instance=\"$1\"}[10m]))" 0 ||
			return 1
	done
}

reload() {
	guest two 20 'rmmod usertime' || return 1
	until_true 20 is 'urt_up{instance="two"}' 0 || return 1
	guest two 20 load_module || return 1
	until_true 20 is 'urt_up{instance="two"}' 1 || return 1
	run_load two 'other 10 20 50'
	wait_for_scrape two && same two total 0.001 && no_resets two &&
		echo "resets of urt_refreshes_total: $(value \
			'resets(urt_refreshes_total{instance="two",registry="system"}[10m])')" &&
		holds 'resets(urt_refreshes_total{instance="two",registry="system"}[10m]) == 1'
}

# The growth after the reboot is measured alone. Prometheus does not see a reset
# if a series is higher again at the next sample.
reboot() {
	end_guest one || return 1
	since=$(date +%s) truth[one.total]=0
	boot_forwarded one
	guest one 20 'load_module; start_exporter --listen :9877' || return 1
	until_true 20 is 'urt_up{instance="one"}' 1 || return 1
	run_load one 'short 10 20 50'
	wait_for_scrape one && same one total 0.001 || return 1
	ask 'resets(urt_process_exits_total{instance="one"}[10m])'
	holds 'resets(urt_process_exits_total{instance="one",comm="short"}[10m]) == 1'
}

# The exporter starts again, and follows a tree that the registry has as well.
follows() {
	guest two 20 'end_exporter; start_exporter --listen :9877 --tree $$ -C load --per-pid=1 --interval 1' &&
		guest two 20 'until_true 10 scrape /tmp/metrics' || return 1
	since=$(date +%s)
	# The name contains a newline, and so does the line.
	truth[two.odd]=$(guest two 60 'load run "$(printf "q\"b\\\\\nx\377")" 20 20 200' |
		awk '/ 20$/ { print $(NF - 1) }')
	wait_for_scrape two || return 1
	same two odd "$(awk "BEGIN { print ${truth[two.odd]} / 100 }")" \
		',comm=~"(?s)q.*"' || return 1
	ask 'urt_process_exits_total{instance="two",comm=~"(?s)q.*"}' &&
		holds 'urt_process_exits_total{instance="two",comm=~"(?s)q.*"} == 20' &&
		holds 'urt_exporter_pids_left_out{instance="two"} >= 1' &&
		holds 'count(urt_pid_cpu_user_seconds_total{instance="two"}) == 1'
}

pins() {
	guest two 10 '! rmmod usertime' &&
		guest two 10 'urt exporter --listen :9999 -p 2147483647; [ $? = 1 ]'
}

# It must fail as it would have failed at once with the module.
fails_late() {
	guest count 30 'rmmod usertime; start_exporter --textfile /tmp -p 2147483647' &&
		guest count 20 'until_true 10 grep -q waiting /tmp/exporter.err' &&
		guest count 20 'load_module; wait $exporter; [ $? = 1 ]' &&
		guest count 10 'cat /tmp/exporter.err; [ ! -e /tmp/urt.prom ]'
}

catches_up() {
	take_truth two < <(guest two 60 run_stopped)
	wait_for_scrape two &&
		same two late "$(awk "BEGIN { print ${truth[two.late]} / 100 }")" &&
		ask 'urt_exporter_missed_refreshes_total{instance="two"}' &&
		holds 'urt_exporter_missed_refreshes_total{instance="two"} >= 3'
}

# Prints what an exporter of another user sees with a procfs mounted with this
# option.
hidden() {
	local seen

	seen=$(guest two 30 "seen_with '$1'")
	echo "procfs with $1: $seen"
	[ "$seen" = "$2" ]
}

hides() {
	guest two 10 'urt add 1' && hidden defaults 'up 1, registered 1' &&
		hidden hidepid=ptraceable 'up 1, registered 0' &&
		hidden hidepid=invisible 'up 1, registered 0' &&
		hidden subset=pid 'up 0, registered 0'
	guest two 10 'urt remove 1'
}

lint() {
	curl -sf "http://127.0.0.1:${ours_of[two]}/metrics" >"$build/metrics" &&
		"$promtool" check metrics <"$build/metrics" >"$build/lint" 2>&1 &&
		[ ! -s "$build/lint" ] || { cat "$build/lint"; return 1; }
	grep -c . "$build/metrics"
}

cost() {
	local us bytes seen status=0 limit what

	boot count -cpu "$vm_plain_cpu" -icount shift=0,sleep=off -m 1024
	guest count 30 'load_module' || return 1
	# By name, the usual way; with four series for each process; with a name
	# for each.
	for what in '5000 1000 1' '10000 1000 1 --per-pid' '10000 1000 1000'; do
		limit=${what%% *} what=${what#* }
		read -r us bytes seen < <(guest count 120 "scrape_cost $what")
		echo "scrape_cost $what: $us us of CPU, $bytes bytes, $seen processes"
		[ "$seen" -ge 1000 ] && [ "$us" -lt "$limit" ] || status=1
	done
	return $status
}

start_guests() {
	local name

	for name in one two; do
		forward $name
		boot_forwarded $name
		guest $name 20 'load_module; start_exporter --listen :9877'
	done
	guest one 20 start_peer
	start_prometheus
	until_true 60 is 'sum(up)' 3 ||
		vm_die "Prometheus does not scrape: $build/prometheus.log"
}

# Runs loads in both guests at one time.
run_loads() {
	local other

	guest one 90 'load run short 40 20 200; load run long 2 500 3000' \
		>"$build/truth.one" &
	other=$!
	guest two 90 'load run other 40 20 200' >"$build/truth.two"
	wait "$other"
	take_truth one <"$build/truth.one"
	take_truth two <"$build/truth.two"
}

guest_claims() {
	start_guests
	run_loads
	claim 'Prometheus agrees with wait4() in two guests' counts_exactly
	claim 'where process-exporter misses most' beside_peer
	claim 'a reload of the module takes nothing away, and adds nothing' reload
	claim 'a reboot is a reset of counters, and nothing else' reboot
	claim 'a tree that is also registered counts once' follows
	claim 'an exporter that follows processes holds the module, and names a missing one' pins
	claim 'stopped for a while, it misses refreshes, but no exit' catches_up
	claim 'promtool finds no fault in the metrics' lint
	claim 'a unit that hides /proc from the exporter is reported' hides
	claim 'the guests end well' end_guests
	claim 'a scrape of 1,000 processes costs less than 5 ms' cost
	claim 'errors are reported also where the module comes late' fails_late
	claim 'the last guest ends well' end_guest count
}

end_guests() { end_guest one && end_guest two; }
