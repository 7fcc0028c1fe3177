# SPDX-License-Identifier: MIT
# The panel of doc/tour.md: CPU time a second, a band for each name. Called by
# pictures.sh with data (time, 0, the upper edge of the band of each name) and out.
set terminal svg size 960,360 dynamic font "DejaVu Sans,13" background "#181b1f"
set output out
set title "CPU time by name, as Prometheus has it" textcolor "#d8d9da"
set border 0
set grid ytics linecolor "#2c3235"
set tics nomirror scale 0 textcolor "#9fa7b3"
set xlabel "seconds" textcolor "#9fa7b3"
set ylabel "CPUs" textcolor "#9fa7b3"
set key outside right textcolor "#d8d9da" reverse Left samplen 1.5 spacing 1.2
set yrange [0:*]
set style fill solid 0.75 noborder
array colours[8] = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#8ab8ff"]
stats data skip 1 using 1 nooutput
set xrange [0:STATS_max]
stats data skip 1 nooutput
plot for [n = STATS_columns:3:-1] data skip 1 using 1:n-1:n \
	with filledcurves linecolor rgb colours[(n - 3) % 8 + 1] \
	title word(system("head -n 1 " . data), n)
