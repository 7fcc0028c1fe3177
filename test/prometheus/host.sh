# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2317 # variables of test/prometheus.sh; claim calls
# shellcheck disable=SC2015 # A && B || C as it is meant
# Tests on this machine. They do not need the module, and a loaded module does
# not matter. Sourced by test/prometheus.sh.

make_exporter() {
	make -s -C "$top/app" O="$build/dynamic" \
		CFLAGS="-O2 -g -Wall -Wextra -Wpedantic -Werror" urt \
		>"$build/urt.log" 2>&1 || {
		cat "$build/urt.log" >&2
		vm_die "urt does not build"
	}
	urt=$build/dynamic/urt/urt
	port=$(free_port)
	url=http://127.0.0.1:$port
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
	local port

	for _ in {1..100}; do
		port=$((RANDOM % 20000 + 20000))
		! is_free $port || { echo $port; return; }
	done
	vm_die "no free port"
}

# --- starting and ending ---

start_here() {
	"$urt" exporter "$@" 2>"$build/exporter.err" &
	exporter=$!
	started+=("$exporter")
}

answers() { curl -sf -o /dev/null "$url/metrics"; }

# Sends SIGTERM, and checks the result.
end_here() {
	kill "$exporter"
	wait "$exporter"
}

# fails STATUS WORDS ARGUMENT...: the message contains the words.
fails() {
	local want=$1 words=$2 got=0
	shift 2

	timeout 10 "$urt" exporter "$@" >"$build/fails" 2>&1 || got=$?
	[ $got = "$want" ] && grep -qF -- "$words" "$build/fails" || {
		echo "urt exporter $*: $got instead of $want"
		cat "$build/fails"
		return 1
	}
}

wrong_usage() {
	fails 2 'no address and port' --listen localhost &&
		fails 2 'no address and port' --listen 127.0.0.1 &&
		fails 2 'no address and port' --listen 127.0.0.1:65536 &&
		fails 2 'no address and port' --listen '[::1:80' &&
		fails 1 'Name or service not known' --listen '[::g]:80' &&
		fails 2 'not an interval' --interval 0 &&
		fails 2 'not an interval' --interval 0.009 &&
		fails 2 'not an interval' --interval 3600.001 &&
		fails 2 'from 1 to 100000' --per-pid=0 &&
		fails 2 'from 1 to 100000' --names 100001 &&
		fails 2 'is no option' nonsense &&
		fails 2 'number' -p x &&
		fails 2 'a name is empty' -C ''
}

cannot_begin() {
	local status=0

	fails 1 "cannot listen on 127.0.0.1:$port: Address already in use" \
		--listen "127.0.0.1:$port" || status=1
	fails 1 'No such file' --textfile "$build/nowhere" || status=1
	fails 1 'Not a directory' --textfile "$urt" || status=1
	return $status
}

# --- HTTP ---

# gives STATUS CURL_ARGUMENT...
gives() {
	local want=$1 got
	shift

	got=$(curl -s -o "$build/answer" -w '%{http_code}' "$@")
	[ "$got" = "$want" ] || { echo "$* gives $got, not $want"; return 1; }
}

# header LENGTH: prints a header of so many bytes and a few. The library reads 8
# KiB at a time.
header() { printf 'X: %*s' "$1" x | tr ' ' x; }

takes_long_requests() {
	header 12000 | gives 200 -m 1 -H @- "$url/metrics" &&
		header 100000 | gives 431 -m 1 -H @- "$url/metrics"
}

speaks_http() {
	gives 200 "$url/metrics" &&
		gives 200 --head "$url/metrics" &&
		gives 200 "$url/metrics?a=b" &&
		gives 200 "$url/" && grep -q 'href="/metrics"' "$build/answer" &&
		gives 404 "$url/metricsx" &&
		gives 404 "$url/metrics/../../etc/passwd" --path-as-is &&
		gives 405 -d x=y "$url/metrics" &&
		gives 405 -X DELETE "$url/" &&
		curl -sI "$url/metrics" |
		grep -q '^Content-Type: text/plain; version=0.0.4'
}

says_no_module() {
	[ -e /proc/urt ] || {
		curl -s "$url/metrics" | grep -x 'urt_up 0' &&
			grep 'waiting: the usertime module is not loaded' "$build/exporter.err"
	}
}

# Connections that send nothing, or send it slowly, give way in the end.
survives_idlers() {
	local fds=() fd i begin=$SECONDS

	for i in {1..80}; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
		[ $((i % 2)) = 0 ] || printf 'GET /metrics HT' >&"$fd"
	done
	curl -sf -m 30 -o /dev/null "$url/metrics" || return 1
	echo "80 connections that say nothing: a scrape took $((SECONDS - begin)) s"
	for fd in "${fds[@]}"; do exec {fd}>&-; done
}

sockets() { find "/proc/$exporter/fd" -lname 'socket:*' | wc -l; }
has_sockets() { [ "$(sockets)" -ge "$1" ]; }
has_sockets_below() { [ "$(sockets)" -lt "$1" ]; }
is_past() { [ "$SECONDS" -ge "$1" ]; }

# All places are taken, and all are overdue in one moment, because the exporter
# is stopped until they are. The listening socket is one more.
survives_stalled() {
	local fds=() fd status=0

	for _ in {1..64}; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		fds+=("$fd")
		printf 'GET /m' >&"$fd"
	done
	until_true 10 has_sockets 65 || status=1
	kill -STOP "$exporter"
	until_true 10 is_past $((SECONDS + 3)) || status=1
	kill -CONT "$exporter"
	curl -sf -m 10 -o /dev/null "$url/metrics" || status=1
	for fd in "${fds[@]}"; do exec {fd}>&-; done
	return $status
}

# A client that left before the exporter looked at it has no place, not even for
# the time of a request.
survives_leavers() {
	local fd

	kill -STOP "$exporter"
	for _ in {1..60}; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		printf 'GET /m' >&"$fd"
		exec {fd}>&-
	done
	kill -CONT "$exporter"
	answers && until_true 1 has_sockets_below 10
}

# Sending a byte at a time gains no time. This runs in a shell of its own,
# because SIGPIPE may kill it.
cut_off() { ! (printf 'G' >&"$1") 2>/dev/null; }

ends_dribblers() {
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	until_true 25 cut_off "$fd"
	exec {fd}>&-
}

crowd() {
	local pids=() pid i

	for i in {1..100}; do
		curl -sf -m 20 -o "$build/crowd.$i" "$url/metrics" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || return 1; done
	for i in {1..100}; do
		grep -q '^urt_up ' "$build/crowd.$i" || return 1
	done
	rm "$build"/crowd.*
}

# --- files ---

text_file() {
	local dir=$build/text seen

	mkdir -p "$dir"
	(umask 077; exec "$urt" exporter --textfile "$dir" --interval 0.1) \
		2>"$build/exporter.err" &
	exporter=$!
	started+=("$exporter")
	until_true 10 [ -e "$dir/urt.prom" ] || return 1
	[ "$(stat -c %a "$dir/urt.prom")" = 644 ] || return 1
	fails 1 'another urt exporter writes there' --textfile "$dir" || return 1
	# The file is never seen half written, and it is written again and again.
	seen=$(stat -c %i "$dir/urt.prom")
	for _ in {1..200}; do
		tail -n 1 "$dir/urt.prom" | grep -q '^# TYPE urt_process_start_time_seconds' || {
			echo "cut: $(tail -n 1 "$dir/urt.prom")"
			return 1
		}
	done
	until_true 10 differs "$dir/urt.prom" "$seen" || return 1
	end_here && [ -z "$(ls -A "$dir")" ]
}

start_file() {
	rm -rf "$build/text"
	mkdir "$build/text"
	start_here --textfile "$build/text" --interval 0.1
	until_true 10 [ -e "$build/text/urt.prom" ]
}

# Its parent hangs up, which has no effect under nohup.
hangs_up() {
	start_file && kill -HUP "$exporter" && wait "$exporter" &&
		[ -z "$(ls -A "$build/text")" ] || return 1
	trap '' HUP	# as nohup does
	start_file || return 1
	trap - HUP
	kill -HUP "$exporter"
	until_true 10 differs "$build/text/urt.prom" \
		"$(stat -c %i "$build/text/urt.prom")" && end_here
}

# A user who may read a directory may lock it.
locked_by_others() {
	local fd status=0

	rm -rf "$build/text"
	mkdir "$build/text"
	exec {fd}<"$build/text"
	flock "$fd"
	start_here --textfile "$build/text" --interval 0.1
	until_true 10 [ -e "$build/text/urt.prom" ] && end_here || status=1
	exec {fd}<&-
	return $status
}

remade() {
	start_file || return 1
	rm -rf "$build/text"
	until_true 10 grep -q 'No such file' "$build/exporter.err" &&
		mkdir "$build/text" &&
		until_true 10 [ -e "$build/text/urt.prom" ] && end_here
}

# A limit has the effect of a full disk.
no_room() {
	trap '' XFSZ	# else it would end it
	start_file || return 1
	trap - XFSZ
	prlimit --pid "$exporter" --fsize=1024
	until_true 10 grep -q 'File too large' "$build/exporter.err" &&
		kill -KILL "$exporter" && ! wait "$exporter" &&
		[ -s "$build/text/urt.prom" ] &&
		[ ! -e "$build/text/urt.prom.new" ]
}

differs() { [ "$(stat -c %i "$1")" != "$2" ]; }

# --- rules, dashboard and services ---

rules() {
	"$promtool" check rules "$top"/packaging/prometheus/*.rules.yml &&
		(cd "$top/test/prometheus" &&
			"$promtool" test rules rules.test.yml)
}

# Every family in the rules, the dashboard and the manual exists, and the manual
# has all of them.
families() {
	local known used

	known=$(grep -oh '^	*[{(]* *"urt_[a-z_]*"\|(text, "urt_[a-z_]*"' \
		"$top/app/urt/exporter/metrics.c" | grep -o 'urt_[a-z_]*' | sort -u)
	# A rule makes each name with a colon before it.
	used=$(grep -ohP '(?<![a-z:])urt_[a-z_]*' \
		"$top"/packaging/prometheus/*.{yml,json} | sort -u)
	diff <(comm -13 <(echo "$known") <(echo "$used")) /dev/null &&
		diff <(echo "$known") <(grep -oh 'urt_[a-z_]*' \
			"$top/man/urt-exporter.8" | sort -u)
}

dashboard() {
	python3 - "$top/packaging/prometheus/dashboard.json" <<-'END'
	import json, sys
	board = json.load(open(sys.argv[1]))
	panels = [p for p in board["panels"] if p["type"] != "row"]
	assert board["uid"] and len({p["id"] for p in panels}) == len(panels)
	for panel in panels:
	    for target in panel["targets"]:
	        print(target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1h")
	              .replace("$comm", ".+").replace("$instance", ".+"))
	END
}

# Losses of the counters raise an alert, and are in the panel.
tells_of_losses() {
	local family status=0

	for family in lost_processes_total dropped_records_total \
		exporter_missed_refreshes_total exporter_unseen_processes; do
		grep -q "expr: .*urt_${family}" \
			"$top/packaging/prometheus/urt.rules.yml" &&
			dashboard | grep "urt_$family" ||
			{ echo "nothing tells of $family"; status=1; }
	done
	return $status
}

# Tests that Prometheus understands all expressions of the dashboard.
dashboard_parses() {
	dashboard >"$build/expressions" || return 1
	{
		echo 'groups: [{name: dashboard, rules: ['
		sed "s/'/''/g; s/.*/{record: x:y, expr: '&'},/" "$build/expressions"
		echo ']}]'
	} >"$build/dashboard.yml"
	"$promtool" check rules --lint=none "$build/dashboard.yml"
}

unit() {
	local file=$build/urt-exporter.service

	# verify looks for the program, which has another path here.
	sed "s|/usr/bin/urt|$urt|" "$top/packaging/systemd/urt-exporter.service" >"$file"
	systemd-analyze verify --man=no "$file" &&
		systemd-analyze security --offline=yes --threshold=20 "$file" \
			>"$build/security" || { cat "$build/security"; return 1; }
	grep 'Overall exposure' "$build/security"
}

# setting NAME [DEFAULT]: prints the value of the unit.
setting() {
	local value

	value=$(sed -n "s/^$1=//p" "$top/packaging/systemd/urt-exporter.service")
	echo "${value:-${2-}}"
}

# systemd gives up on a service that starts five times within ten seconds. Wrong
# usage stays wrong.
tries_again() {
	[ "$(setting Restart no)" = on-failure ] &&
		[ "$(setting RestartSec 0)" -gt 2 ] &&
		[ "$(setting RestartPreventExitStatus)" = 2 ]
}

host_claims() {
	claim 'wrong usage is said, with status 2' wrong_usage
	start_here --listen "127.0.0.1:$port"
	until_true 10 answers
	claim 'it speaks HTTP' speaks_http
	claim 'long requests are answered, too long ones refused' takes_long_requests
	claim 'without the module it waits, and says so' says_no_module
	claim 'urt exporter names what it cannot begin with, and exits with 1' cannot_begin
	claim '80 idle connections do not keep it from answering' survives_idlers
	claim '64 that stall together give way together' survives_stalled
	claim 'who has left is not waited for' survives_leavers
	claim 'a request in small pieces has an end' ends_dribblers
	claim '100 clients at once are all answered' crowd
	claim 'SIGTERM ends it, with status 0' end_here
	claim 'a file for the node exporter is replaced whole, and removed' text_file
	claim 'SIGHUP ends urt exporter and removes the file, but not under nohup' hangs_up
	claim 'who can read the directory cannot lock it out' locked_by_others
	claim 'a directory that was made again is written to again' remade
	claim 'no room leaves nothing half written' no_room
	claim 'the rules are valid, and fire when they should' rules
	claim 'rules, dashboard and manual know the same names' families
	claim 'metrics tell of CPU time that may be missing' tells_of_losses
	claim 'the dashboard is one that Prometheus understands' dashboard_parses
	claim 'the systemd unit is good, and hardened' unit
	claim 'the unit starts again, but not after an error that stays' tries_again
}
