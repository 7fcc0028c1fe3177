# SPDX-License-Identifier: MIT
# Takes the examples out of manual pages: awk -v out=DIR -f examples.awk PAGE...
# Every literal display in a section EXAMPLES is an example, and every .Dl.
# These lines stand before it:
#
#	.\" example: sh|c|...	a script, or a program, in a language that sources
#				has; or the test that has it: test/urt/top.sh
#	.\" before: COMMANDS	what a shell does first
#	.\" arguments: WORDS	of a program
#	.\" as: root|terminal	not as an ordinary user; with a terminal
#	.\" status: N		how it ends, if not with 0
#	.\" prints: REGEX	a line of its output; may be repeated
#
# An example whose test is elsewhere is skipped. Each other one becomes a
# directory DIR/PAGE-N with the files run (for a shell), the program's source,
# as, status and prints. Call it from the top of the checkout. It fails if an
# example could not become one.

function fail(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
}

BEGIN {
	sources["c"] = "program.c"
	sources["c++"] = "program.cc"
	sources["rust"] = "program.rs"
	sources["go"] = "program.go"
	sources["python"] = "program.py"
}

# The line as the reader sees it.
function plain(line)
{
	gsub(/\\&/, "", line)
	gsub(/\\e/, "\\", line)
	return line
}

function begin_example()
{
	dir = sprintf("%s/%s-%d", out, page, ++count)
	if (kind ~ /^test\// && (getline line <kind) > 0)
		return	# run there
	if (!(kind == "sh" || kind in sources))
		fail("an example without a line \".\\\" example: sh\", or c, or a test")
	if (!prints)
		fail("an example without a line \".\\\" prints:\"")
	system("mkdir -p " dir)
	printf "%s", prints >(dir "/prints")
	print status >(dir "/status")
	print as >(dir "/as")
	printf "%s", before >(dir "/run")
	if (kind in sources)
		print (kind == "python" ? "python3 program.py " : "./program ") \
			arguments >(dir "/run")
	body = dir "/" (kind in sources ? sources[kind] : "run")
}

function end_example()
{
	if (body)
		close(body)
	body = ""
	forget()
}

function forget()
{
	kind = before = arguments = prints = ""
	as = "user"
	status = 0
}

FNR == 1 {
	page = FILENAME
	sub(/.*\//, "", page)
	count = inside = 0
	forget()
}

/^\.Sh / { inside = $0 == ".Sh EXAMPLES" }
!inside { next }

/^\.\\" [a-z]+: / {
	key = $2
	value = $0
	sub(/^\.\\" [a-z]+: */, "", value)
	if (key == "example:")
		kind = value
	else if (key == "before:")
		before = before value "\n"
	else if (key == "arguments:")
		arguments = value
	else if (key == "as:")
		as = value
	else if (key == "status:")
		status = value
	else if (key == "prints:")
		prints = prints value "\n"
	else
		fail("what does " key " mean?")
	next
}

/^\.Bd .*-literal/ {
	begin_example()
	next
}

/^\.Dl / {
	begin_example()
	line = plain(substr($0, 5))
	gsub(/\\\(dq/, "\"", line)
	if (body)
		print line >body
	end_example()
	next
}

/^\.Ed/ {
	end_example()
	next
}

body { print plain($0) >body }

END { exit failed }
