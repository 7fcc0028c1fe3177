# SPDX-License-Identifier: MIT
# Turns lines TABLE,ROW,COLUMN,VALUE,UNIT into a gnuplot script. For each state
# of the processes, it plots cost against their number, both axes logarithmic,
# into DIR/STATE.svg. Ours are thick and solid with filled points, peers thin
# and dashed with open ones. Variables: dir, kernel.

BEGIN {
	FS = ","
	nr_ours = split("refresh + status first read|refresh|status first read|" \
			"status further reader|mapped read", ours, "|")
	for (i = 1; i <= nr_ours; i++)
		is_ours[ours[i]]
	# Readers who cannot tell red from green can tell these colours apart.
	split("#0072b2 #d55e00 #009e73 #cc79a7 #000000 #e69f00 #56b4e9", colour,
	      " ")
	split("7 5 9 11 13", filled, " ")
	split("6 4 8 10 12 1 2 3 14 15 16", open, " ")
}

/^#/ || NF != 5 || $3 !~ /^[0-9]+$/ || ($1 != "idle" && $1 != "running") {
	next
}

# Our other figures are only in the table.
!($2 in is_ours) && ($2 ~ /^(refresh|status|stat|parsing|mapped) / || $2 ~ /;/) {
	next
}

{
	if (!(($1, $2) in data))
		rows[$1, ++nr_rows[$1]] = $2
	data[$1, $2] = data[$1, $2] $3 " " $4 "\n"
}

function style(row, nr) {
	if (row in is_ours)
		return sprintf("lw 2.5 dt 1 pt %d ps 0.9 lc rgb \"%s\"",
			       filled[(nr - 1) % 5 + 1], colour[(nr - 1) % 7 + 1])
	return sprintf("lw 1.2 dt %d pt %d ps 0.9 lc rgb \"%s\"",
		       2 + (nr - 1) % 3, open[(nr - 1) % 11 + 1],
		       colour[(nr - 1) % 7 + 1])
}

# Prints the lines of one kind, in the words of plot.
function lines(state, mine,	i, row, nr, text) {
	for (i = 1; i <= nr_rows[state]; i++) {
		row = rows[state, i]
		if (row in is_ours != mine)
			continue
		text = text ", \\\n\t" \
			sprintf("$%s%d with linespoints %s title \"%s\"",
				state, i, style(row, ++nr), row)
	}
	return text
}

function plot_state(state,	i, text) {
	for (i = 1; i <= nr_rows[state]; i++)
		printf "$%s%d << EOD\n%sEOD\n", state, i,
			data[state, rows[state, i]]
	printf "set output \"%s/%s.svg\"\n", dir, state
	printf "set title \"Cost of one sample, processes %s (Linux %s)\"\n",
		state == "idle" ? "idle" : "having run since the last", kernel
	text = lines(state, 1) lines(state, 0)
	print "plot" substr(text, 2)
}

END {
	print "set terminal svg size 1000,600 font \"sans-serif,13\""
	print "set termoption noenhanced"
	print "set logscale xy"
	print "set format xy \"%.0f\""
	print "set grid"
	print "set key outside right top spacing 1.2"
	print "set xlabel \"processes\""
	print "set ylabel \"instructions per process\""
	if (nr_rows["idle"])
		plot_state("idle")
	if (nr_rows["running"])
		plot_state("running")
}
