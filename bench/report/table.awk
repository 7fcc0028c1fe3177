# SPDX-License-Identifier: MIT
# Turns lines TABLE,ROW,COLUMN,VALUE,UNIT into an aligned table for each TABLE.
# Tables, rows and columns come in the order of their first figure.

BEGIN {
	FS = ","
}

/^#/ || NF != 5 {
	next
}

!($1 in units) {
	tables[++nr_tables] = $1
	units[$1] = $5
}

units[$1] != $5 {
	mixed[$1]
}

!(($1, $2) in row_seen) {
	row_seen[$1, $2]
	rows[$1, ++nr_rows[$1]] = $2
	widen($1, 0, $2)
}

!(($1, $3) in column_seen) {
	column_seen[$1, $3]
	columns[$1, ++nr_columns[$1]] = $3
}

{
	value[$1, $2, $3] = $4
	unit[$1, $2, $3] = $5
}

# Makes a column as wide as its text.
function widen(table, column, text) {
	if (length(text) > width[table, column])
		width[table, column] = length(text)
}

function cell(t, row, column,	v) {
	if (!((t, row, column) in value))
		return "-"
	v = value[t, row, column]
	v = sprintf(v && v < 1 && v > -1 ? "%.3f" : "%.1f", v)
	return t in mixed ? v " " unit[t, row, column] : v
}

function print_table(t,		r, c) {
	for (c = 1; c <= nr_columns[t]; c++) {
		widen(t, c, columns[t, c])
		for (r = 1; r <= nr_rows[t]; r++)
			widen(t, c, cell(t, rows[t, r], columns[t, c]))
	}
	print t (t in mixed ? "" : " (" units[t] ")")
	printf "  %-*s", width[t, 0], ""
	for (c = 1; c <= nr_columns[t]; c++)
		printf "  %*s", width[t, c], columns[t, c]
	print ""
	for (r = 1; r <= nr_rows[t]; r++) {
		printf "  %-*s", width[t, 0], rows[t, r]
		for (c = 1; c <= nr_columns[t]; c++)
			printf "  %*s", width[t, c],
				cell(t, rows[t, r], columns[t, c])
		print ""
	}
	print ""
}

END {
	if (!nr_tables) {
		print "nothing was measured"
		exit 1
	}
	for (i = 1; i <= nr_tables; i++)
		print_table(tables[i])
}
