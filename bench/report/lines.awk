# SPDX-License-Identifier: MIT
# Makes tables by line of the module's sources, which are in the directory of
# the variable sources. It reads the phases ("# phase NAME,PROCESSES..."), the
# source lines of addresses (the address, then addr2line's frames, the innermost
# first, two lines each), and the counts ("PHASE ADDRESS TIMES"). Code of the
# kernel's headers counts for the line that it is inlined into.

BEGIN {
	SHOWN = 0.9		# so much of all
	WIDTH = 60		# of a line's text
}

FNR == 1 {
	file++
}

/^# phase / {
	sub(/^# phase /, "")
	split($0, f, ",")
	names[nr_phases] = f[1]
	processes[nr_phases++] = f[2]
	next
}

file == 2 && /^[0-9a-f]+$/ {
	address = $1
	next
}

# A function, then file:line. The first frame in the module is used.
file == 2 && /:[0-9?]+( \(discriminator [0-9]+\))?$/ {
	sub(/ \(discriminator.*/, "")
	if (!(address in line_of) && $0 ~ /\/usertime\/[a-z]+\.[ch]:/) {
		sub(/.*\//, "")
		line_of[address] = $0
		function_of[$0] = fn
	}
	next
}

file == 2 {
	fn = $0
	next
}

{
	line = $2 in line_of ? line_of[$2] : "?"
	sum[$1] += $3
	executed[$1, line] += $3
	lines[line]
}

# The text of FILE:LINE.
function text(where,	f, path, n, s) {
	split(where, f, ":")
	path = sources "/" f[1]
	if (!(path in loaded)) {
		loaded[path]
		while ((getline s <path) > 0)
			texts[f[1] ":" ++n] = s
		close(path)
	}
	s = texts[where]
	gsub(/[ \t]+/, " ", s)
	sub(/^ /, "", s)
	return substr(s, 1, WIDTH)
}

function print_lines(p,		left, best, line) {
	printf "%s: the module's own instructions by line\n", names[p]
	for (left = sum[p]; left > (1 - SHOWN) * sum[p];
	     left -= executed[p, best]) {
		if (best != "")
			delete executed[p, best]
		best = ""
		for (line in lines)
			if (executed[p, line] > executed[p, best])
				best = line
		printf "%9.2f  %-17s %-25s %s\n",
		       executed[p, best] / processes[p], best,
		       function_of[best], text(best)
	}
	printf "%9.2f  others\n%9.2f  together\n\n", left / processes[p],
	       sum[p] / processes[p]
}

END {
	for (p = 0; p < nr_phases; p++)
		if (p in sum)
			print_lines(p)
}
