#!/bin/sh
# SPDX-License-Identifier: MIT
# cpu_step.sh NAME COMMAND [ARGUMENT...]: runs one step of a job and appends its
# CPU time to a table, with one line for each step:
#
#	step,status,real_s,user_s,sys_s,processes,lost,missed
#
# The table is the file that CPU_STEPS names (cpu_steps.csv). If the module is
# loaded, a line covers every process that the step started, whichever process
# waited for it. It does not cover processes that the step leaves running (a build
# server). The script waits two seconds for processes that are about to end.
# Without the module, the step runs as well. The line then has the shell's values,
# which cover only processes that were waited for, and not their number.
# Exit status: that of the command; 2 wrong usage.
set -u

[ $# -gt 1 ] || { echo "Usage: cpu_step.sh NAME COMMAND..." >&2; exit 2; }
step=$1 table=${CPU_STEPS:-cpu_steps.csv}
shift
[ -s "$table" ] ||
	echo step,status,real_s,user_s,sys_s,processes,lost,missed >"$table"
records=$(mktemp)
trap 'rm -f "$records"' EXIT
reader=

uptime_s() { cut -d' ' -f1 /proc/uptime; }

# A limit of two seconds for a wait that takes milliseconds.
wait_for_reader() {
	left=20
	while kill -0 $reader 2>/dev/null && [ $left -gt 0 ]; do
		sleep 0.1
		left=$((left - 1))
	done
	kill $reader 2>/dev/null
	wait $reader 2>/dev/null
}

# Prints user_s,sys_s,processes,lost,missed.
from_records() {
	awk '	$1 == "exit" { n++; user += $5; sys += $6 }
		$1 == "lost" { lost += $2; user += $3; sys += $4 }
		$1 == "missed" { missed += $2 }
		END { printf "%.3f,%.3f,%d,%d,%d\n", user / 1e9, sys / 1e9,
			n + lost, lost, missed }' "$records"
}

# Prints user_s and sys_s from the second line of times, which is about children:
# 0m1.20s 0m0.1s
from_times() {
	awk 'function s(text, part) {
			split(text, part, /[ms]/)
			return part[1] * 60 + part[2]
		}
		NR == 2 { printf "%.3f,%.3f,,,\n", s($1), s($2) }' "$records"
}

if [ -w /proc/urt/session ] && exec 3<>/proc/urt/session; then
	cat <&3 >"$records" &
	reader=$!
fi
begin=$(uptime_s)
# Registers this shell, and so all processes that it starts from here on. The
# reader is unregistered. At the end the shell unregisters itself.
if [ -n "$reader" ] && ! echo "tree $$ -$reader" >&3; then
	kill $reader
	reader=
fi
if [ -n "$reader" ]; then
	"$@" 3<&-
	status=$?
	echo "-$$" >&3
	end=$(uptime_s)
	wait_for_reader
	sums=$(from_records)
else
	"$@"
	status=$?
	times >"$records"
	end=$(uptime_s)
	sums=$(from_times)
fi
real=$(echo "$begin $end" | awk '{ printf "%.2f", $2 - $1 }')
echo "$step,$status,$real,$sums" >>"$table"
exit $status
