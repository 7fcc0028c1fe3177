# SPDX-License-Identifier: MIT
# The phases (lines "# phase NAME,PROCESSES") and the plugin's counts among the
# names of functions, sorted by address ("ADDRESS = NAME"), to tables of
# instructions per process, and the bars. Exit status 1 if one is missed.

/^# phase / {
	sub(/^# phase /, "")
	split($0, f, ",")
	names[nr_phases] = f[1]
	processes[nr_phases++] = f[2]
	next
}

$2 == "=" {
	name = $3
}

$2 == "root" {
	calls[$3, name] += $4
	own[$3, name] += $5
	all[$3, name] += $6
	roots[name]
}

# The functions that the tracepoints are in.
$2 == "rest" && name ~ /^(kernel_clone|do_exit|delayed_put_task_struct|__traceiter_sched_process_.*)$/ {
	site[$3, name] += $4
	sites[name]
}

function row(what, times, mine, total) {
	printf "%-38s%8.2f%10.1f%10.1f\n", what, times, mine, total
}

# What function FN costs a process in phase P, called or called into.
function print_root(p, fn) {
	if (!((p, fn) in all))
		return
	row(fn, calls[p, fn] / processes[p], own[p, fn] / processes[p],
	    all[p, fn] / processes[p])
	if (fn ~ /^(session_read|free_all_after_grace)$/)
		reading[p] += all[p, fn] / processes[p]
	else
		making[p] += all[p, fn] / processes[p]
}

function print_site(p, fn,	cost) {
	cost = site[p, fn] / processes[p] - site[0, fn] / processes[0]
	if (cost > -0.01 && cost < 0.01)
		return
	row("tracepoint in " fn, 1, cost, cost)
	making[p] += cost
}

function print_phase(p,		fn) {
	printf "%-38s%8s%10s%10s\n", names[p] ":", "calls", "own", "all"
	for (fn in roots)
		print_root(p, fn)
	for (fn in sites)
		if (names[p] !~ /^records/)
			print_site(p, fn)
	if (making[p])
		printf "%-38s%28.1f\n", "together", making[p]
	if (reading[p])
		printf "%-38s%28.1f\n", "reading the record, together", reading[p]
	print ""
}

function bar(p, most) {
	printf "%-6s %-40s %8.1f, at most %d\n",
		making[p] <= most ? "ok" : "MISSED", names[p], making[p], most
	missed += making[p] > most
}

# A probe that was not called must not pass for a cheap one.
function check(p, fn) {
	if (calls[p, fn] < processes[p] || calls[p, fn] > processes[p] * 1.01) {
		printf "%s: %s was called %d times for %d processes\n",
			names[p], fn, calls[p, fn], processes[p]
		failed = 1
	}
}

END {
	if (nr_phases != 6) {
		print "nothing was counted"
		exit 1
	}
	for (p = 1; p < 5; p++) {
		check(p, "on_exit")
		check(p, "on_free")
		if (p > 1)
			check(p, "on_fork")
	}
	if (failed)
		exit 1
	print "Instructions per process, from fork to wait and beyond\n"
	for (p = 1; p < nr_phases; p++)
		print_phase(p)
	bar(1, 40)
	bar(2, 150)
	bar(3, 2000)
	printf "%d of 3 bars hold\n", 3 - missed
	exit missed > 0
}
