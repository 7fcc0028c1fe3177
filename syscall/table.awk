# SPDX-License-Identifier: MIT
# Merges the programs' tables into one, with the ratio to a function call. Then
# checks whether the figures can be true. A line is "MINIMUM MEDIAN PER_CALL
# NAME".

function row(name) {
	printf "%-45s %8d %8d %10.2f %9.1f\n", name, least[name], median[name],
	       each[name], each[name] / each["function call"]
}

function bad(text) {
	print "impossible: " text
	failed = 1
}

# below(A, B): a call of A takes less than one of B.
function below(a, b) {
	if (!(a in each) || !(b in each))
		bad("no figure of " (a in each ? b : a))
	else if (each[a] >= each[b])
		bad(a " (" each[a] ") costs no less than " b " (" each[b] ")")
}

/^#/ {
	remarks[nr_remarks++] = $0
	next
}

/^ *[0-9]+ +[0-9]+ +[0-9]+\.[0-9]+  / {
	least[name = substr($0, index($0, "  " $4) + 2)] = $1
	names[nr++] = name
	median[name] = $2
	each[name] = $3
}

END {
	if (!("function call" in each) || each["function call"] <= 0) {
		print "impossible: no figure of a function call"
		exit 1
	}
	printf "%-45s %8s %8s %10s %9s\n", "instructions", "minimum",
	       "median", "per call", "ratio"
	for (i = 0; i < nr; i++)
		row(names[i])
	print ""
	for (i = 0; i < nr_remarks; i++)
		print remarks[i]

	for (i = 0; i < nr; i++) {
		name = names[i]
		if (least[name] <= 0 || each[name] <= 0)
			bad(name " costs nothing")
		if (least[name] > median[name])
			bad("the minimum of " name " is above its median")
	}
	if (nr != 17)
		bad(nr " rows instead of 17")
	time = "vDSO call, time()"
	clock = "vDSO call, clock_gettime()"
	quiet = "system call, hello_quiet()"
	self = "get_process_runtime(0)"
	other = "get_process_runtime(PID)"
	below("function call", time)
	below(time, clock)
	below("function call", "mapped snapshot, one value")
	below("mapped snapshot, one value", quiet)
	below("mapped snapshot, one value", "mapped snapshot, urt_snapshot_one()")
	below(clock, quiet)
	below("in-kernel call, hello_quiet()", quiet)
	below("in-kernel call, " self, "system call, " self)
	below("in-kernel call, " other, "system call, " other)
	below("in-kernel call, hello(), beyond its ten lines",
	      "system call, hello(), beyond its ten lines")
	below("in-kernel call, hello_quiet()", "in-kernel call, " self)
	below(quiet, "system call, getppid()")
	below("system call, getppid()", "system call, getppid() through syscall(2)")
	below(quiet, "system call, " self)
	below("system call, " self, "system call, " other)
	below("system call, getppid()", "procfs, read of our status")
	below("procfs, read of our status", "procfs, registering a PID by write()")
	exit failed
}
