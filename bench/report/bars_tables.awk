# SPDX-License-Identifier: MIT
# The bars of the tables beyond the samples. bars.awk reads the figures, and has
# at() and bar(). It calls bars_of_tables() if those tables were made.

# These figures are differences of rounds, which vary. profile.sh judges
# exactly, to the instruction, and also the cost for processes that are not
# watched.
function bars_of_exits() {
	bar_ahead("exit told by a record, above one unregistered",
		  at("exits", "session 50 at once; registered before",
		     "median"), 1500, 1800)
}

function bars_of_memory() {
	bar("memory of a registration",
	    at("memory", "registration", "all pages"), 256, " bytes")
}

function bar_lost(life) {
	bar("CPU time lost by records, " life,
	    at("lost by being told", "our session of a tree", life), 0, "%")
}

function bars_of_tables() {
	bars_of_exits()
	bars_of_memory()
	bar_lost("0.2 s life")
	bar_lost("1 s life")
	bar_lost("7 s life")
}
