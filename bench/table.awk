# SPDX-License-Identifier: MIT
# Lines STATE,N,WHAT,INSTRUCTIONS (of N processes together) to a table of
# instructions per process, and the bars. Exit status 1 if one is missed.

BEGIN {
	FS = ","
}

/^#/ || NF != 4 || $4 !~ /^[0-9]+$/ {
	next
}

# Of one process, whatever else is looked at.
$1 == "fork" {
	fork[$3] = $4 / $2
	if ($3 !~ / (lowest|highest)$/)
		forks[++nr_forks] = $3
	next
}

{
	state = $1; n = $2; what = $3
	if (!(state in states_seen)) {
		states_seen[state]
		states[++nr_states] = state
	}
	if (!(n in n_seen)) {
		n_seen[n]
		ns[++nr_ns] = n
	}
	if (!((state, what) in what_seen)) {
		what_seen[state, what]
		whats[state, ++nr_whats[state]] = what
	}
	cost[state, n, what] = what == "register one" ? $4 : $4 / n
}

# A figure that is not there must not pass for a cheap one.
function at(state, n, what) {
	if (!((state, n, what) in cost)) {
		print "no figure: " state ", " n " processes, " what
		missing = 1
		exit 1
	}
	return cost[state, n, what]
}

function print_row(state, what,		i) {
	printf "%-32s", what
	for (i = 1; i <= nr_ns; i++)
		printf "%10.1f", at(state, ns[i], what)
	print ""
}

function print_table(state,		i) {
	printf "%-32s", state ", processes:"
	for (i = 1; i <= nr_ns; i++)
		printf "%10d", ns[i]
	print ""
	for (i = 1; i <= nr_whats[state]; i++)
		print_row(state, whats[state, i])
	print ""
}

function print_forks(	i, what) {
	printf "%-32s%10s%10s%10s\n", "fork, exit and wait:", "median",
		"lowest", "highest"
	for (i = 1; i <= nr_forks; i++) {
		what = forks[i]
		printf "%-32s%10.1f%10.1f%10.1f\n", what, fork[what],
			fork[what " lowest"], fork[what " highest"]
	}
	print ""
}

function bar(text, seen, most, unit) {
	printf "%-6s %-48s %6.1f%s, at most %.1f%s\n",
		seen <= most ? "ok" : "MISSED", text, seen, unit, most, unit
	bars++
	missed += seen > most
}

function percent_off(a, b) {
	return a > b ? (a / b - 1) * 100 : (1 - a / b) * 100
}

# Reading is judged by its dearest form: the text rendered, the file opened.
function bars_at_1000(state,		read) {
	read = at(state, 1000, "status open-read-close")
	bar(state ": status, 1/45 of stat open-read-close", read,
	    at(state, 1000, "/proc/PID/stat open-read-close") / 45)
	bar(state ": status, less than clock_gettime", read,
	    at(state, 1000, "clock_gettime"))
	bar(state ": refresh", at(state, 1000, "refresh"), 120)
}

function bars_linear(state, what) {
	bar(state ": " what ", 10000 against 1000",
	    percent_off(at(state, 10000, what), at(state, 1000, what)),
	    25, "%")
}

END {
	if (missing)
		exit 1
	if (!nr_states) {
		print "nothing was measured"
		exit 1
	}
	print "Instructions per process and sample\n"
	for (s = 1; s <= nr_states; s++)
		print_table(states[s])
	if (!nr_forks) {
		print "no figure: fork"
		exit 1
	}
	print_forks()

	if (!(1000 in n_seen))
		print "(no bars without 1000 processes)"
	for (s = 1; s <= nr_states && 1000 in n_seen; s++) {
		bars_at_1000(states[s])
		if (states[s] == "idle")
			bar("idle: mapped read", at("idle", 1000, "mapped read"), 8)
		if (!(10000 in n_seen))
			continue
		bars_linear(states[s], "refresh")
		bars_linear(states[s], "status first read")
		if (states[s] == "idle")
			bars_linear(states[s], "register one")
	}
	if (bars)
		printf "%d of %d bars hold\n", bars - missed, bars
	exit missed > 0
}
