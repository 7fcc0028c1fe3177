# SPDX-License-Identifier: MIT
# Judges lines TABLE,ROW,COLUMN,VALUE,UNIT. Prints each bar with the value and
# the limit. Exit status 1 if a bar is missed.

BEGIN {
	FS = ","
}

NF == 5 && !/^#/ {
	value[$1, $2, $3] = $4
	tables[$1]
}

# A missing figure must not count as a low one.
function at(table, row, column) {
	if ((table, row, column) in value)
		return value[table, row, column]
	missing = missing ? missing : table ": " row ", " column
	return 0
}

function bar(text, seen, most, unit) {
	if (missing) {
		printf "%-6s %-52s no figure: %s\n", "-", text, missing
		missing = ""
		left_out++
		return
	}
	printf "%-6s %-52s %8.1f%s, at most %.1f%s\n",
		seen <= most ? "ok" : "MISSED", text, seen, unit, most, unit
	bars++
	missed += seen > most
}

# A bar that is not reached yet. It says so, and the present state must be held.
function bar_ahead(text, seen, most, held) {
	if (!missing && seen > most && seen <= held) {
		printf "%-6s %-52s %8.1f, at most %.1f: not reached; held at %.1f\n",
			"ahead", text, seen, most, held
		ahead++
		return
	}
	bar(text, seen, most)
}

function smaller(a, b) {
	return a < b ? a : b
}

function percent_more(a, b) {
	return b ? (a / b - 1) * 100 : 0
}

function percent_off(a, b) {
	return a > b ? percent_more(a, b) : percent_more(b, a)
}

# The best form on this kernel.
function iterator(state, others,	least, walk) {
	least = at(state, "BPF task iterator: all" others, 1000)
	least = smaller(least, at(state, "BPF task iterator: chosen" others, 1000))
	walk = "BPF walk of all threads" others
	if ((state, walk, 1000) in value)
		least = smaller(least, at(state, walk, 1000))
	return least
}

# The arguments of a bar look up its figures.
function bars_reading(state,	first) {
	first = "status first read"
	bar(state ": " first, at(state, first, 1000), 150)
	bar(state ": " first ", 1/130 of /proc/PID/stat",
	    at(state, first, 1000),
	    at(state, "/proc/PID/stat open-read-close", 1000) / 130)
	bar(state ": " first ", 1/4 of clock_gettime", at(state, first, 1000),
	    at(state, "clock_gettime", 1000) / 4)
	bar(state ": status further reader",
	    at(state, "status further reader", 1000), 30)
}

# With as many others, the iterator has twice as much to do.
function bars_refresh(state, most,	both, others) {
	both = "refresh + status first read"
	others = "; as many others"
	bar(state ": refresh", at(state, "refresh", 1000), most)
	bar(state ": refresh, each further thread",
	    at("threads " state, "refresh", "each further"), 40)
	bar(state ": " both ", BPF", at(state, both, 1000),
	    iterator(state, ""))
	bar(state ": with as many others, 1/2 of BPF",
	    at(state, both others, 1000), iterator(state, others) / 2)
}

function bars_mapped(state) {
	bar(state ": mapped read", at(state, "mapped read", 1000), 6)
	bar(state ": refresh mapped, by 10 more",
	    percent_more(at(state, "refresh mapped by 10 more", 1000),
			 at(state, "refresh mapped", 1000)), 1, "%")
}

function bar_same(table, row, a, b, most) {
	bar(table ": " row ", " a " against " b,
	    percent_off(at(table, row, a), at(table, row, b)), most, "%")
}

function bars_registering(	row) {
	row = "median of the last tenth"
	bar("register: one of 10", at("register", row, 10), 2500)
	bar("register: one of 1000", at("register", row, 1000), 2500)
	bar("register: one of 10000", at("register", row, 10000), 2500)
	bar_same("register", row, 10000, 10, 10)
}

function bars_of(state, refresh) {
	bars_reading(state)
	bars_refresh(state, refresh)
	bars_mapped(state)
	bar_same(state, "refresh", 10000, 1000, 25)
	bar_same(state, "status first read", 10000, 1000, 25)
}

END {
	if (!("idle" in tables)) {
		print "no bars: nothing was sampled"
		exit 1
	}
	print "bars (instructions per process; 1,000 processes unless it says otherwise)"
	bars_of("idle", 70)
	bars_of("running", 120)
	bars_registering()
	if ("exits" in tables)
		bars_of_tables()
	printf "%d of %d bars hold", bars - missed, bars
	if (left_out)
		printf "; %d not judged", left_out
	if (ahead)
		printf "; %d not reached yet", ahead
	print ""
	exit missed > 0
}
