# SPDX-License-Identifier: MIT
# Reads the phases ("# phase CALLS NAME"), then the kernel's functions and the
# counts, sorted by address ("ADDRESS = FUNCTION" and the lines of
# bench/plugin/profile.c). Prints what one call executes of each function. A block
# of code that runs on into another function counts for the function that it
# begins in.

BEGIN {
	nr = 0
}

/^# phase / {
	calls[nr] = $3
	sub(/^# phase [0-9]+ /, "")
	names[nr++] = $0
	next
}

$2 == "=" {
	fn = $3
	next
}

# Counts only work of the caller itself, without interrupts and other tasks.
$2 == "in" && $5 == 1 {
	sum[$3, fn] += $7
	functions[fn]
}

function print_phase(p,		fn, count, all, sort) {
	printf "system call, %s: instructions in the kernel\n", names[p]
	sort = "sort -rn"
	for (fn in functions) {
		count = sum[p, fn] / calls[p]
		all += count
		# Code that is executed once in the phase is not part of a call.
		if (count >= 0.5)
			printf "%8.0f  %s\n", count, fn | sort
	}
	close(sort)
	printf "%8.0f  together\n\n", all
	return all
}

END {
	for (p = 0; p < nr; p++)
		if (names[p] != "-" && print_phase(p) < 20)
			failed = 1
	if (nr < 2 || failed) {
		print "impossible: a call that executes nothing"
		exit 1
	}
}
