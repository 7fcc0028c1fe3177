// SPDX-License-Identifier: MIT
/* liburt with hand-made input: what it accepts, skips and refuses. */
#define _GNU_SOURCE
#include <limits.h>

#include "internal.h"
#include "lib.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define EXIT_LINE "exit 12 1 1000 5 6 7 8 256 a\\040b\\134"
#define U64_MAX "18446744073709551615"

static enum urt_parsed parse(const char *line, struct urt_record *record)
{
	return urt_parse_record(line, strlen(line), record);
}

TEST(lib_parse_exit, "an exit line becomes a record with its values")
{
	struct urt_record r;

	expect(parse(EXIT_LINE, &r) == URT_PARSED, "refused");
	expect(r.type == URT_EXIT && r.count == 1 && r.pid == 12 &&
	       r.ppid == 1 && r.uid == 1000 && r.utime_ns == 5 &&
	       r.stime_ns == 6 && r.start_ns == 7 && r.runtime_ns == 8 &&
	       WIFEXITED(r.status) && WEXITSTATUS(r.status) == 1,
	       "pid %d, status %d", r.pid, r.status);
	expect(!strcmp(r.comm, "a b\\"), "name \"%s\"", r.comm);
	expect(parse("exit 1 0 0 0 0 0 0 - ", &r) == URT_PARSED &&
	       r.status == -1 && !*r.comm, "hidden status, empty name");
}

TEST(lib_parse_sums, "lost and missed lines become their counts and sums")
{
	struct urt_record r;

	expect(parse("lost 3 4 5", &r) == URT_PARSED && r.type == URT_LOST &&
	       r.count == 3 && r.utime_ns == 4 && r.stime_ns == 5, "lost");
	expect(parse("missed 7", &r) == URT_PARSED && r.type == URT_MISSED &&
	       r.count == 7 && !r.utime_ns && !r.stime_ns, "missed");
}

TEST(lib_parse_newer, "words and columns of later kernels are skipped")
{
	struct urt_record r;

	expect(parse("born 1 2 3", &r) == URT_UNKNOWN, "a new word");
	expect(parse("exits", &r) == URT_UNKNOWN, "a longer word");
	expect(parse("exit 12 1 0 5 6 7 8 9 new 1 sh", &r) == URT_PARSED &&
	       r.status == 9 && !strcmp(r.comm, "sh"), "\"%s\"", r.comm);
	expect(parse("lost 1 2 3 4", &r) == URT_PARSED, "lost");
	expect(parse("missed 1 2", &r) == URT_PARSED, "missed");
}

TEST(lib_parse_limits, "numbers are parsed up to the maximum of their type")
{
	struct urt_record r;

	expect(parse("exit 2147483647 2147483647 4294967295 " U64_MAX " "
		     U64_MAX " " U64_MAX " " U64_MAX " 2147483647 x", &r) ==
	       URT_PARSED && r.pid == INT_MAX && r.uid == UINT32_MAX &&
	       r.utime_ns == UINT64_MAX && r.runtime_ns == UINT64_MAX &&
	       r.status == INT_MAX, "refused, or %d %u", r.pid, r.uid);
	expect(parse("missed " U64_MAX, &r) == URT_PARSED &&
	       r.count == UINT64_MAX, "%ju", (uintmax_t)r.count);
}

TEST(lib_parse_refuses, "a known line with an error in it is refused")
{
	static const char *const lines[] = {
		"", " ", "exit", "exit ", "lost", "lost 1", "lost 1 2",
		"lost 1 2 ", "lost 1 2 x", "missed", "missed ", "missed -1",
		"missed +1", "missed 0x1", "missed 1x", "missed  1",
		"missed 18446744073709551616", "missed 99999999999999999999",
		" exit 12 1 0 5 6 7 8 9 a",
		"exit 0 1 0 5 6 7 8 9 a",		/* no PID */
		"exit -12 1 0 5 6 7 8 9 a",
		"exit 12  1 0 5 6 7 8 9 a",		/* an empty column */
		"exit 2147483648 1 0 5 6 7 8 9 a",
		"exit 12 2147483648 0 5 6 7 8 9 a",
		"exit 12 1 4294967296 5 6 7 8 9 a",
		"exit 12 1 0 18446744073709551616 6 7 8 9 a",
		"exit 12 1 0 5 6 7 8 2147483648 a",
		"exit 12 1 0 5 6 7 8 -- a",
		"exit 12 1 0 5 6 7 8  a",
		"exit 12 1 0 5 6 7 8 9",		/* no name */
		"exit 12 1 0 5 6 7 8",
		"exit 12 1 0 5 6 7 8 9 a\\",
		"exit 12 1 0 5 6 7 8 9 a\\04",
		"exit 12 1 0 5 6 7 8 9 a\\048",
		"exit 12 1 0 5 6 7 8 9 a\\000b",
		"exit 12 1 0 5 6 7 8 9 a\\777",
		"exit 12 1 0 5 6 7 8 9 a\tb",
	};
	struct urt_record r;
	size_t i;

	for (i = 0; i < COUNT(lines); i++)
		expect(parse(lines[i], &r) == URT_MALFORMED, "\"%s\" is %d",
		       lines[i], parse(lines[i], &r));
}

TEST(lib_parse_prefixes, "no cut line is parsed as a shorter one")
{
	struct urt_record r;
	const char *comm = strrchr(EXIT_LINE, ' ') + 1;
	size_t len;

	for (len = 0; len < (size_t)(comm - EXIT_LINE); len++)
		expect(urt_parse_record(EXIT_LINE, len, &r) != URT_PARSED,
		       "\"%.*s\"", (int)len, EXIT_LINE);
}

TEST(lib_parse_comm, "a name longer than its room loses its end only")
{
	char line[200] = "exit 12 1 0 5 6 7 8 9 ";
	struct urt_record r;

	memset(line + strlen(line), 'x', 100);
	expect(parse(line, &r) == URT_PARSED, "refused");
	expect(strlen(r.comm) == sizeof(r.comm) - 1, "%zu", strlen(r.comm));
}

/* A session whose other end is ours. */
static struct urt *piped(int *writer)
{
	struct urt *u = calloc(1, sizeof(*u));
	int ends[2];

	must(u && !pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	u->fd = ends[0];
	u->status_fd = -1;
	u->aside_end = &u->aside;
	*writer = ends[1];
	return u;
}

static const char stream[] =
	EXIT_LINE "\nborn 1 2\nlost 1 2 3\nmissed 4\n" EXIT_LINE "\n";

/* Reads the records that are there. Return: their types, a letter each. */
static const char *types(struct urt *u)
{
	static char seen[16];
	struct urt_record r;
	size_t n = 0;

	while (n < sizeof(seen) - 1 && urt_next(u, &r, 0) == 1)
		seen[n++] = "elm"[r.type];
	seen[n] = '\0';
	return seen;
}

TEST(lib_read_cut, "lines cut by short reads anywhere give the same records")
{
	size_t at, len = strlen(stream);
	char seen[32];
	int writer, n;

	for (at = 0; at <= len; at++) {
		struct urt *u = piped(&writer);

		must(write(writer, stream, at) == (ssize_t)at);
		n = snprintf(seen, sizeof(seen), "%s", types(u));
		expect(errno == ETIMEDOUT, "%s", strerror(errno));
		must(write(writer, stream + at, len - at) ==
		     (ssize_t)(len - at));
		snprintf(seen + n, sizeof(seen) - n, "%s", types(u));
		expect(!strcmp(seen, "elme"), "cut at %zu: %s", at, seen);
		close(writer);
		urt_close(u);
	}
}

TEST(lib_read_many, "a thousand records come in order, read by read")
{
	struct urt_record r;
	int writer, i, next = 1;
	struct urt *u = piped(&writer);

	for (i = 1; i <= 1000; i++) {
		must(put(writer, "exit %d 1 0 5 6 7 8 9 name\n", i) > 0);
		if (i % 400 && i < 1000)
			continue;
		for (; urt_next(u, &r, 0) == 1; next++)
			expect(r.pid == next, "%d, not %d", r.pid, next);
	}
	expect(next == 1001, "%d records", next - 1);
	urt_close(u);
}

TEST(lib_read_bad, "a bad line is EPROTO once, and the next line is read")
{
	struct urt_record r;
	int writer;
	struct urt *u = piped(&writer);

	must(put(writer, "missed 1\nmissed x\nmissed 2\n") > 0);
	expect(urt_next(u, &r, 0) == 1 && r.count == 1, "before");
	expect(urt_next(u, &r, 0) == -1 && errno == EPROTO, "%s",
	       strerror(errno));
	expect(urt_next(u, &r, 0) == 1 && r.count == 2, "behind it");
	urt_close(u);
}

TEST(lib_read_overlong, "a line longer than any buffer is EPROTO once")
{
	struct urt_record r;
	int writer, i;
	struct urt *u = piped(&writer);
	char text[URT_READ_SIZE / 4];

	memset(text, 'x', sizeof(text));
	for (i = 0; i < 9; i++)
		must(write(writer, text, sizeof(text)) == sizeof(text));
	must(put(writer, "\nmissed 2\n") > 0);
	expect(urt_next(u, &r, 0) == -1 && errno == EPROTO, "%s",
	       strerror(errno));
	expect(urt_next(u, &r, 0) == 1 && r.count == 2, "behind it");
	urt_close(u);
}

TEST(lib_read_end, "the end of file is 0, and in the middle of a line EPROTO")
{
	struct urt_record r;
	int writer;
	struct urt *u = piped(&writer);

	must(put(writer, "missed 1\nmissed 2") > 0);
	close(writer);
	expect(urt_next(u, &r, -1) == 1, "%s", strerror(errno));
	expect(urt_next(u, &r, -1) == -1 && errno == EPROTO, "cut line");
	expect(urt_next(u, &r, -1) == 0, "end");
	expect(urt_next(u, &r, 0) == 0, "still the end");
	urt_close(u);
}

#define STAT_TEXT							\
	"# generation=5 time_ns=6 interval_ms=7 processes=2 lost=8\n"	\
	"pid ppid uid state threads utime_ns stime_ns start_ns runtime_ms comm\n" \
	"12 1 1000 S 3 4 5 6 7 a\\040b\n"				\
	"13 12 0 X 0 40 50 60 70 \n"

static int parse_stat(const char *text, struct urt_snapshot *s)
{
	return urt_parse_stat(text, strlen(text), s);
}

static void check_stat(const char *text)
{
	struct urt_snapshot s = { 0 };

	expect(!parse_stat(text, &s), "%s: %s", strerror(errno), text);
	expect(s.generation == 5 && s.time_ns == 6 && s.interval_ms == 7 &&
	       s.lost == 8 && s.count == 2 && s.registered == 2, "%s", text);
	expect(s.processes[0].pid == 12 && s.processes[0].ppid == 1 &&
	       s.processes[0].uid == 1000 && s.processes[0].state == 'S' &&
	       s.processes[0].threads == 3 && s.processes[0].utime_ns == 4 &&
	       s.processes[0].stime_ns == 5 && s.processes[0].start_ns == 6 &&
	       !strcmp(s.processes[0].comm, "a b"), "%s", text);
	expect(s.processes[1].pid == 13 && s.processes[1].state == 'X' &&
	       s.processes[1].start_ns == 60 && !*s.processes[1].comm, "%s",
	       text);
	urt_snapshot_free(&s);
}

TEST(lib_stat, "stat is read by the names of its columns, also beside unknown ones")
{
	check_stat(STAT_TEXT);
	check_stat("# more=x lost=8 generation=5 time_ns=6 interval_ms=7 "
		   "processes=2 even=1\n"
		   "new start_ns uid pid state threads utime_ns stime_ns ppid "
		   "newer comm\n"
		   "n 6 1000 12 S 3 4 5 1 x a\\040b\n"
		   " 60 0 13 X 0 40 50 12  \n");
}

TEST(lib_stat_refuses, "a stat with something missing or unreadable is EPROTO")
{
	/* Replacements for parts of the good text. */
	static const char *const edits[][2] = {
		{ "# ", "" }, { "# ", "#" }, { "generation=5 ", "" },
		{ "time_ns=6", "time_ns=" }, { "time_ns=6", "time_ns" },
		{ "interval_ms=7", "interval_ms=4294967296" },
		{ "processes=2", "processes=1" },
		{ "processes=2", "processes=3" },
		{ "processes=2", "processes=18446744073709551615" },
		{ "lost=8", "lost=-8" }, { " lost=8", "" },
		{ "pid ppid", "pid pp" }, { "uid ", "" }, { " comm", "" },
		{ "12 1 ", "0 1 " }, { "12 1 ", "1x2 1 " }, { "12 1 ", "12 " },
		{ "12 1 ", "12  1 " }, { "1000", "4294967296" },
		{ "S 3", "SS 3" }, { "S 3", " 3" }, { "S 3", "S -3" },
		{ "S 3", "S 4294967296" },
		{ " 4 5 6", " 18446744073709551616 5 6" },
		{ "a\\040b", "a\\40b" }, { "a\\040b", "a b" },
		{ "70 \n", "70\n" }, { "70 \n", "70 " }, { "70 \n", "70 \n\n" },
	};
	char text[512];
	size_t i;

	for (i = 0; i < COUNT(edits); i++) {
		struct urt_snapshot s = { 0 };
		const char *at = strstr(STAT_TEXT, edits[i][0]);

		must(at);
		snprintf(text, sizeof(text), "%.*s%s%s",
			 (int)(at - STAT_TEXT), STAT_TEXT, edits[i][1],
			 at + strlen(edits[i][0]));
		expect(parse_stat(text, &s) == -1 && errno == EPROTO,
		       "'%s' for '%s' is taken", edits[i][1], edits[i][0]);
		urt_snapshot_free(&s);
	}
}

TEST(lib_stat_cut, "no cut stat is parsed as a whole one")
{
	struct urt_snapshot s = { 0 };
	size_t len;

	for (len = 0; len < strlen(STAT_TEXT); len++)
		expect(urt_parse_stat(STAT_TEXT, len, &s) == -1 &&
		       errno == EPROTO, "%zu bytes", len);
	urt_snapshot_free(&s);
}

TEST(lib_snapshot_room, "a snapshot keeps its memory as it shrinks and grows")
{
	struct urt_snapshot s = { 0 };
	struct urt_process *at;

	must(!urt_snapshot_room(&s, 100));
	at = s.processes;
	memset(at, 1, 100 * sizeof(*at));
	must(!urt_snapshot_room(&s, 3) && !urt_snapshot_room(&s, 100));
	expect(s.processes == at, "it moved");
	must(!urt_snapshot_room(&s, 100000));
	memset(s.processes, 1, 100000 * sizeof(*at));
	expect(urt_snapshot_room(&s, SIZE_MAX / 2) == -1 && errno == ENOMEM,
	       "%s", strerror(errno));
	urt_snapshot_free(&s);
	expect(!s.processes && !s.count, "freed");
}
