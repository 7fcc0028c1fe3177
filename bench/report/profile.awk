# SPDX-License-Identifier: MIT
# Makes tables of instructions per process, and judges the bars. It reads the
# phases (lines "# phase NAME,PROCESSES[,WHAT COUNTS]") and, twice, the plugin's
# counts among the names of functions, sorted by address ("ADDRESS = NAME").
# Exit status 1 if a bar is missed. If the variable lines names a file, the
# counts of the module go there, for lines.awk.

# The part of all instructions that a table by function shows.
BEGIN {
	SHOWN = 0.99
	nr_phases = 0
	MODULES = "ffffffffc0000000"
}

FNR == 1 {
	file++
}

/^# phase / {
	sub(/^# phase /, "")
	split($0, f, ",")
	names[nr_phases] = f[1]
	processes[nr_phases] = f[2]
	# A process that is a member of a tree, from fork to record.
	counted[nr_phases++] = f[1] == "tree member" ? "*" : f[3]
	next
}

$2 == "=" {
	name = $3
	start = $1
	shown = name (start >= MODULES ? " [usertime]" : "")
}

file == 2 && $2 == "root" {
	calls[$3, name] += $4
	name_of[$1] = name
	roots[name]
}

# Address, "in", phase, root, self, times, instructions.
file == 3 && $2 == "in" {
	root = name_of[$4]
	if ($4 != 0) {
		all[$3, root] += $7
		if ($1 >= MODULES)
			own[$3, root] += $7
	} else if (name ~ /^(kernel_clone|do_exit|delayed_put_task_struct|__traceiter_sched_process_.*)$/) {
		# The functions that contain the tracepoints.
		site[$3, name] += $7
		sites[name]
	}
	if (counts($3, root, $5))
		count()
}

function counts(p, root, self) {
	if (counted[p] == "self")
		return self
	return root != "" && (counted[p] == "*" || counted[p] == root)
}

function count() {
	sum[$3] += $7
	flat[$3, shown] += $7
	if ($1 == start)
		entered[$3, shown] += $6
	functions[shown]
	if (lines && $1 >= MODULES)
		executed[$3 " " $1] += $6
}

function row(what, times, mine, total) {
	printf "%-38s%8.2f%10.1f%10.1f\n", what, times, mine, total
}

# The cost of function FN for a process in phase P, called or called into.
function print_root(p, fn) {
	if (!((p, fn) in all))
		return
	row(fn, calls[p, fn] / processes[p], own[p, fn] / processes[p],
	    all[p, fn] / processes[p])
	if (fn == "on_fork")
		entering[p] += all[p, fn] / processes[p]
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
	if (fn == "kernel_clone")
		entering[p] += cost
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

# Prints functions, most first, until the part SHOWN is reached.
function print_flat(p,		fn, best, left, n) {
	printf "%-46s%10s%14s\n", names[p] ":", "calls", "instructions"
	for (left = sum[p]; left > (1 - SHOWN) * sum[p]; n++) {
		best = ""
		for (fn in functions)
			if (flat[p, fn] > flat[p, best])
				best = fn
		printf "%-46s%10.3f%14.2f\n", best,
		       entered[p, best] / processes[p],
		       flat[p, best] / processes[p]
		left -= flat[p, best]
		delete flat[p, best]
	}
	printf "%-46s%24.2f\n", "others", left / processes[p]
	printf "%-46s%24.2f\n\n", "together", sum[p] / processes[p]
}

function bar(name, seen, most) {
	printf "%-6s %-40s %8.1f, at most %d\n",
		seen <= most ? "ok" : "MISSED", name, seen, most
	bars++
	missed += seen > most
}

# A probe that was not called must not count as a cheap one.
function check(p, fn) {
	if (calls[p, fn] < processes[p] || calls[p, fn] > processes[p] * 1.01) {
		printf "%s: %s was called %d times for %d processes\n",
			names[p], fn, calls[p, fn], processes[p]
		failed = 1
	}
}

# Nor may a refresh that did not come, or came twice.
function check_flat(p) {
	if (counted[p] == "update_cputimes" && calls[p, counted[p]] != 1) {
		printf "%s: %d refreshes\n", names[p], calls[p, counted[p]]
		failed = 1
	}
	if (!sum[p]) {
		printf "%s: nothing was counted\n", names[p]
		failed = 1
	}
}

END {
	if (nr_phases < 7) {
		print "nothing was counted"
		exit 1
	}
	for (p = 1; p < 5; p++) {
		check(p, "on_exit")
		check(p, "on_free")
		if (p > 1)
			check(p, "on_fork")
	}
	for (p = 6; p < nr_phases; p++)
		check_flat(p)
	if (failed)
		exit 1
	if (lines)
		for (where in executed)
			print where, executed[where] >lines
	print "Instructions per process, by function\n"
	for (p = 0; p < nr_phases; p++)
		if (counted[p] != "")
			print_flat(p)
	print "Instructions per process, from fork to wait and beyond\n"
	for (p = 1; p < 6; p++)
		print_phase(p)
	bar(names[1], making[1], 40)
	bar(names[2], making[2], 150)
	bar(names[3], making[3], 2000)
	bar("exit told, its record written and read",
	    making[3] + reading[3] - entering[3], 1500)
	printf "%d of %d bars hold\n", bars - missed, bars
	exit missed > 0
}
