#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the pictures of doc/tour.md again, each from what a command prints now.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/pictures
. "$top/tools/vm/vm.sh"

usage() {
	cat <<END
Usage: tools/pictures.sh [--draw]
Runs the steps of doc/tour.md in virtual machines, and draws doc/pictures/ from
what they print. It needs some minutes, and installs what is missing.

  --draw  draw only, from what the steps printed the last time
  --help  print this

Exit status: 0 all were drawn, 1 a step failed, 2 wrong usage.
END
}

draw=''
case ${1-} in
'') ;;
--draw) draw=y ;;
--help) usage; exit ;;
*) echo "tools/pictures.sh: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { echo "tools/pictures.sh: one argument at most" >&2; exit 2; }

# --- what the steps print ---

add_tmux() {
	vm_borrow "$1" tmux
	mkdir -p "$1/usr/lib/locale" "$1/lib/terminfo"
	cp -r /usr/lib/locale/C.utf8 "$1/usr/lib/locale/"
	cp -r /lib/terminfo/. "$1/lib/terminfo/"
}

run_demo() { "$top/demo.sh" >"$build/demo.ansi" 2>"$build/demo.log"; }

# The guest's files come after lines "== FILE".
run_tour() {
	vm_kernel
	vm_module
	vm_library
	vm_root "$build/root"
	add_tmux "$build/root"
	cp "$top/tools/pictures/guest" "$build/root/bin/tour"
	vm_pack "$build/root" "$build/root.cpio.gz"
	vm_boot "$build/root.cpio.gz" "$build/kernel.log" "$vm_hang" quiet \
		-smp 1 -icount "shift=$vm_shift,sleep=off" -- \
		port /bin/sh /bin/tour >"$build/tour.log" 2>&1 || {
		cat "$build/tour.log" >&2
		vm_die "the tour failed in the guest: $build/kernel.log"
	}
	awk -v dir="$build" '/^== / { file = dir "/" $2; printf "" >file; next }
		file { print >file }' "$build/kernel.log.data"
}

# --- pictures ---

# shoot URL FILE WIDTH HEIGHT: what Chromium shows of it.
shoot() {
	local home

	home=$(mktemp -d "$build/chromium.XXXXXX")
	chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
		--user-data-dir="$home" --window-size="$3,$4" \
		--virtual-time-budget=5000 --screenshot="$2" "file://$1" \
		>"$build/chromium.log" 2>&1 || {
		cat "$build/chromium.log" >&2
		vm_die "chromium made no $2"
	}
	rm -rf "$home"
}

# strip_end: without the empty lines at the end.
strip_end() { awk 'NF { printf "%s", rest; rest = ""; print; next } { rest = rest "\n" }'; }

terminal_style='body { margin: 14px; background: #16191d !important; }
pre { margin: 0; font: 14px/18px "DejaVu Sans Mono"; color: #d8dee6; }'
terminal_style=${terminal_style//$'\n'/ }

# terminal NAME [FIRST,LASTp]: the lines of NAME.ansi, as a terminal shows them.
terminal() {
	local lines width

	sed -n "${2:-1,\$p}" "$build/$1.ansi" | tr -d '\r' | strip_end >"$build/$1.part"
	lines=$(wc -l <"$build/$1.part")
	width=$(sed 's/\x1b\[[0-9;]*m//g; s/\x1b(B//g' "$build/$1.part" | wc -L)
	# aha takes black for dark grey.
	aha --black --title "$1" <"$build/$1.part" | sed "s/color:dimgray/color:black/g; s|</head>|<style>$terminal_style</style></head>|" >"$build/$1.screen.html"
	shoot "$build/$1.screen.html" "$top/doc/pictures/$1.png" \
		$((width * 85 / 10 + 32)) $((lines * 18 + 32))
}

# panel: CPU time a second by name, as Prometheus answers it. The metrics are put
# into its database with the times that the guest gave them.
panel() {
	local begin end server prometheus query

	rm -rf "$build/data"
	awk '/^# at / { at = $3; next }
		/^# (HELP|TYPE)/ { if (!said[$0]++) print; next }
		/^urt_process_cpu_(user|system)_seconds_total/ { print $0, at }' \
		"$build/metrics.txt" | grep urt_process_cpu | sort -s -t_ -k4,4 >"$build/samples"
	# OpenMetrics names the family without _total.
	{
		sed '/^#/ s/_total / /' "$build/samples"
		echo '# EOF'
	} >"$build/openmetrics"
	promtool tsdb create-blocks-from openmetrics "$build/openmetrics" \
		"$build/data" >"$build/promtool.log" 2>&1 ||
		{ cat "$build/promtool.log" >&2; vm_die "promtool takes no samples"; }
	# The first window is not full yet.
	begin=$(awk '!/^#/ { print int($NF) + 11; exit }' "$build/samples")
	end=$(awk '!/^#/ { end = $NF } END { print end }' "$build/samples")
	server=127.0.0.1:$((20000 + $$ % 20000))
	echo 'global: {}' >"$build/prometheus.yml"
	prometheus --config.file "$build/prometheus.yml" \
		--storage.tsdb.path "$build/data" --storage.tsdb.retention.time 100y \
		--web.listen-address "$server" 2>"$build/prometheus.log" &
	prometheus=$!
	# shellcheck disable=SC2064 # now
	trap "kill $prometheus" EXIT
	for _ in {1..100}; do
		! promtool query instant "http://$server" 1 >/dev/null 2>&1 || break
		sleep 0.2
	done
	query='sum by (comm) (rate(urt_process_cpu_user_seconds_total[10s]))
		+ sum by (comm) (rate(urt_process_cpu_system_seconds_total[10s]))'
	promtool query range --start "$begin" --end "$end" --step 1s \
		"http://$server" "$query" >"$build/panel.txt"
	kill "$prometheus"
	trap - EXIT
	draw_panel
}

# A column for each name, the busiest first: the upper edge of its band.
draw_panel() {
	awk '
		/^{/ { split($0, part, "\""); name = part[2]; names[++count] = name; next }
		NF == 2 { at = substr($2, 3) + 0; value[name, at] = $1; sum[name] += $1
			if (!first || at < first) first = at
			if (at > last) last = at }
		END {
			for (i = 2; i <= count; i++)
				for (j = i; j > 1 && sum[names[j]] > sum[names[j - 1]]; j--) {
					name = names[j]
					names[j] = names[j - 1]
					names[j - 1] = name
				}
			# What used next to nothing is left out.
			while (count > 8) count--
			printf "time 0"
			for (i = 1; i <= count; i++)
				printf " %s", names[i]
			print ""
			for (at = first; at <= last; at++) {
				printf "%d 0", at - first
				edge = 0
				for (j = 1; j <= count; j++)
					printf " %s", edge += value[names[j], at]
				print ""
			}
		}' "$build/panel.txt" >"$build/panel.data"
	gnuplot -e "data='$build/panel.data'; out='$top/doc/pictures/panel.svg'" \
		"$top/tools/pictures/panel.gnuplot"
}

# --- all ---

mkdir -p "$build" "$top/doc/pictures"
# shellcheck disable=SC2046 # package names
vm_install aha chromium fonts-dejavu-core gnuplot-nox prometheus tmux ncurses-base \
	$(vm_packages)
if [ -z "$draw" ]; then
	run_demo || { cat "$build/demo.log" >&2; vm_die "the demo failed"; }
	run_tour
fi
[ -s "$build/metrics.txt" ] || vm_die "--draw needs what an earlier run printed"
terminal demo 2,38p
terminal status
terminal run
terminal top
shoot "$build/run.html" "$top/doc/pictures/page.png" 1200 900
cp "$build/run.svg" "$top/doc/pictures/run.svg"
panel
