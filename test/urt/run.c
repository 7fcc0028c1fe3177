// SPDX-License-Identifier: MIT
/* urt run. */
#define _GNU_SOURCE
#include "common.h"

TEST(urt_run_status, "urt run ends with the command's status, as env(1) does")
{
	static const struct ending endings[] = {
		{ "true", 0, "real" },
		{ "-- false", 1, "status" },
		{ "sh -c 'exit 77'", 77, "status" },
		{ "sh -c 'kill -KILL $$'", 128 + SIGKILL, "SIGKILL" },
		{ "sh -c 'kill -TERM $$'", 128 + SIGTERM, "SIGTERM" },
		{ "/nonexistent", 127, "cannot run '/nonexistent'" },
		{ "/etc/passwd", 126, "cannot run '/etc/passwd'" },
		{ "", 125, "which command?" },
		{ "--top 0 true", 125, "'0' is not a whole number" },
		{ "--top 1x true", 125, "'1x' is not a whole number" },
		{ "--nonsense true", 125, "--nonsense" },
		{ "-o /nonexistent/report true", 125, "/nonexistent/report" },
		{ "-o /dev/full true", 125, "cannot write /dev/full" },
		{ "-o /dev/full sh -c 'exit 3'", 3, "cannot write /dev/full" },
		{ NULL }
	};

	expect_endings("urt run", endings);
}

TEST(urt_run_streams, "standard input and output are the command's alone")
{
	struct said said = shell("echo in | urt run -o /tmp/report -- "
				 "sh -c 'cat; echo err >&2'");

	expect(!said.status && !strcmp(said.out, "in\n") &&
	       !strcmp(said.err, "err\n"), "%d, '%s', '%s'", said.status,
	       said.out, said.err);
	expect(strstr(slurp("/tmp/report"), "real"), "%s",
	       slurp("/tmp/report"));
	said_free(&said);
	said = shell("urt run --json -o - -- true 2>/dev/null");
	expect(number(parse_json(said.out), "processes") == 1, "%s", said.out);
}

#define BUSY "sh -c 'for i in 1 2 3 4 5 6 7; do ls -lR /bin >/dev/null; " \
	     "sleep 0.01; cat /bin/seq | md5sum >/dev/null; done'"

TEST(urt_run_sum, "the rows of every kind of report sum up to its total",
     .slow = true)
{
	static const char *const options[] = {
		"", "--top 1", "--top 2", "--each", "--each --top 3",
	};
	struct said said;
	json_t *report;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		said = shell("urt run --json %s -- " BUSY, options[i]);
		report = parse_json(said.err);
		expect_sum(report);
		expect(number(report, "processes") == 1 + 7 * 4 &&
		       number(report, "missed") == 0 &&
		       number(report, "user_ns") + number(report, "sys_ns") > 0,
		       "%s", said.err);
		said_free(&said);
	}
}

/* Field nr of a line of CSV without quotes, as a number. */
static uint64_t field(const char *line, int nr)
{
	while (nr--)
		line = strchr(line, ',') + 1;
	return strtoull(line, NULL, 10);
}

TEST(urt_run_csv, "the rows of CSV sum up to the row total")
{
	static const char heading[] = "kind,count,running,user_ns,sys_ns,"
				      "longest_ns,share_percent,name,unreaped\n";
	struct said said = shell("urt run --csv --top 2 -- " BUSY);
	uint64_t sums[3] = { 0 };
	char *line, *save;
	int i;

	expect(!strncmp(said.err, heading, strlen(heading)), "%s", said.err);
	strtok_r(said.err, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save)) &&
	       strncmp(line, "total,", 6)) {
		sums[0] += field(line, 1);
		sums[1] += field(line, 3);
		sums[2] += field(line, 4);
	}
	expect(line && sums[0] == 29 && sums[0] == field(line, 1) &&
	       sums[1] == field(line, 3) && sums[2] == field(line, 4),
	       "%" PRIu64 " %" PRIu64 " %" PRIu64 ", %s", sums[0], sums[1], sums[2], line);
	for (i = 0; i < 3; i++)
		expect(sums[i], "column %d is empty", i);
}

/*
 * Runs urt by itself. *us is the CPU time of its children by the kernel: its
 * time with them minus its own time.
 */
static json_t *run_measured(const char *command, uint64_t *us)
{
	char *argv[] = { "urt", "run", "--json", "-o", "/tmp/measured", "--",
			 "sh", "-c", (char *)command, NULL };
	uint64_t own, before;
	siginfo_t info;
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(99);
	}
	must(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	/* We may have preempted it before its last moment. */
	own = cpu_ns(pid);
	do {
		before = own;
		nap();
		own = cpu_ns(pid);
	} while (own != before);
	*us = reap(pid, &status) - own / 1000;
	expect(status == 0, "status %#x", status);
	return parse_json(slurp("/tmp/measured"));
}

#define MANY 300

TEST(urt_run_exact, "if all are waited for, the total is RUSAGE_CHILDREN's to 1 us a process", .limit = 120)
{
	uint64_t us, total;
	long long diff;
	json_t *report = run_measured("i=0; while [ $i -lt 300 ]; do "
				      "/bin/true; i=$((i+1)); done", &us);

	total = (number(report, "user_ns") + number(report, "sys_ns")) / 1000;
	note("%" PRIu64 " processes: %" PRIu64 " us, the kernel says %" PRIu64 " us",
	     number(report, "processes"), total, us);
	diff = total - us;
	expect(number(report, "processes") == MANY + 1 && diff >= -(MANY + 1) &&
	       diff <= (MANY + 1) * waiter_misses(),
	       "%" PRIu64 " us, not %" PRIu64 " us", total, us);
}

static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

#define STEPS scaled(1000)

static struct said said_of_make(void)
{
	char text[120];

	snprintf(text, sizeof(text), "STEPS = $(shell seq %d)\n"
				     "all: $(STEPS)\n"
				     "$(STEPS): ; @/bin/true\n"
				     ".PHONY: all $(STEPS)\n", STEPS);
	make_file("/tmp/makefile", text);
	return shell("urt run --json -- make -s -j4 -f /tmp/makefile");
}

static void run_make(void *unused)
{
	struct said said = said_of_make();
	json_t *report = parse_json(said.err), *row;

	expect(!said.status, "%d: %s", said.status, said.err);
	/* make, its $(shell), and the steps. */
	row = row_with(report, "name", "true");
	expect(row && number(row, "count") == (uint64_t)STEPS &&
	       number(report, "processes") >= (uint64_t)STEPS + 2, "%s", said.err);
	expect(number(json_object_get(report, "lost"), "count") == 0 &&
	       number(report, "missed") == 0 &&
	       number(report, "running") == 0, "%s", said.err);
	expect_sum(report);
}

TEST(urt_run_make, "urt run counts every process of a build by make -j4 with 1,000 steps, for any user",
     .params = "", .limit = 240, .boot = "two")
{
	in_user(1000, run_make, NULL);
}

TEST(urt_run_many, "urt reads while the command runs, so the queue of records never fills",
     .params = "max_records=64", .limit = 240)
{
	struct said said = said_of_make();

	expect(number(json_object_get(parse_json(said.err), "lost"), "count") ==
	       0, "%s", said.err);
}

TEST(urt_run_each, "--each has a row for each process, with parent and status")
{
	struct said said = shell("urt run --json --each -o /tmp/each -- sh -c '"
				 "sh -c \"kill -USR1 \\$\\$\"; "
				 "sh -c \"exit 5\"; cat /dev/null; exit 6'");
	json_t *report = parse_json(slurp("/tmp/each")), *row, *root = NULL;
	uint64_t start = 0;
	int signals = 0, fives = 0;
	size_t i;

	expect(said.status == 6 && number(report, "exit") == 6 &&
	       number(report, "processes") == 4, "%s", slurp("/tmp/each"));
	json_array_foreach(rows(report), i, row) {
		json_t *signal = json_object_get(row, "signal");

		expect(number(row, "start_ns") >= start, "%s", slurp("/tmp/each"));
		start = number(row, "start_ns");
		if (!root)
			root = row;
		else
			expect(number(row, "ppid") == number(root, "pid"), "%s",
			       slurp("/tmp/each"));
		signals += json_is_string(signal) &&
			   !strcmp(json_string_value(signal), "SIGUSR1");
		fives += json_integer_value(json_object_get(row, "exit")) == 5;
	}
	expect(number(root, "exit") == 6 && signals == 1 && fives == 1, "%s",
	       slurp("/tmp/each"));
}

/* --- what the command leaves behind --- */

TEST(urt_run_left, "processes that the command left running are marked")
{
	struct said said = shell("urt run --json --each -- sh -c '"
				 "sleep 1000 & echo $!; exit 3'");
	json_t *report = parse_json(said.err), *row;

	row = row_of_pid(report, atoi(said.out));
	expect(said.status == 3 && row && number(row, "running") == 1 &&
	       number(report, "running") == 1 &&
	       number(report, "processes") == 2, "%s", said.err);
	expect_sum(report);
}

/* One child sleeps, one burns, and one ends soon afterwards. */
TEST(urt_run_late, "no process is older than the run, and no picture goes past it")
{
	static const char *const commands[] = {
		"setsid sleep 9 & sleep 0.1",
		"setsid sh -c 'while :; do :; done' & sleep 0.1",
		"setsid sleep 0.05 & sleep 0.03",
		"--wait",
	};
	uint64_t begin, real, cpu, drawn;
	struct said said;
	json_t *report, *row;
	size_t i, j;
	char *page;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		bool wait = *commands[i] == '-';

		said = shell("urt run --each --json --html /tmp/late %s -- "
			     "sh -c \"%s\"", wait ? "--wait" : "",
			     wait ? "setsid sleep 0.3 & :" : commands[i]);
		report = parse_json(said.err);
		begin = number(report, "start_ns");
		real = number(report, "real_ns");
		cpu = number(report, "user_ns") + number(report, "sys_ns");
		json_array_foreach(rows(report), j, row)
			expect(number(row, "start_ns") + number(row, "real_ns") <=
			       begin + real &&
			       number(row, "user_ns") + number(row, "sys_ns") <=
			       real, "%s: %s", commands[i], said.err);
		expect(number(report, "command_real_ns") <= real &&
		       cpu <= real * number(report, "cpus") &&
		       (!wait || real >= 300 * MS), "%s: %s", commands[i],
		       said.err);
		page = slurp("/tmp/late");
		must(strstr(page, "\"end_ns\":"));
		drawn = strtoull(strstr(page, "\"end_ns\":") + 9, NULL, 10);
		expect(drawn == real, "the picture ends at %ju, not %ju",
		       (uintmax_t)drawn, (uintmax_t)real);
		free(page);
		said_free(&said);
	}
	said = shell("urt run -- sh -c 'setsid sleep 9 & :'");
	expect(strstr(said.err, "\ncommand "), "%s", said.err);
}

TEST(urt_run_orphan, "a process that exits before the command is in the report")
{
	struct said said;
	json_t *report;
	int i;

	/* Its parent ends before it, so that init reaps it. */
	for (i = 0; i < 10; i++) {
		said = shell("urt run --json -- sh -c '"
			     "p=$(sh -c \"cat /dev/null >/dev/null & echo \\$!\"); "
			     "while kill -0 $p 2>/dev/null; do :; done; exit 0'");
		report = parse_json(said.err);
		expect(row_with(report, "name", "cat") &&
		       number(report, "running") == 0, "%s", said.err);
		expect_sum(report);
		said_free(&said);
	}
}

TEST(urt_run_wait, "--wait waits for all processes that the command has left behind")
{
	struct said said = shell("urt run --json --wait -- sh -c '"
				 "(sleep 0.5; cat /dev/null; exec sleep 0.3) & exit 3'");
	json_t *report = parse_json(said.err);

	expect(said.status == 3 && number(report, "running") == 0 &&
	       number(report, "processes") == 4 &&
	       number(row_with(report, "name", "sleep"), "count") == 2,
	       "%d, %s", said.status, said.err);
	expect_sum(report);
}

TEST(urt_run_zombie, "a member that is never reaped delays the report by 2 s only")
{
	uint64_t begin = now_ns();
	struct said said;
	json_t *report;

	/* The sleep is now the parent of a child that it does not know. */
	said = shell("urt run --json -- sh -c '"
		     "sh -c \"sh -c : & exec sleep 1000\" & exec sleep 0.3'");
	report = parse_json(said.err);
	expect(!said.status && now_ns() - begin < 8 * SEC &&
	       number(report, "running") == 1 &&
	       number(report, "unreaped") == 1 &&
	       number(report, "processes") == 3, "%llu ms, %s",
	       (now_ns() - begin) / MS, said.err);
	expect_sum(report);
}

/*
 * In the least memory that it starts in, there is no room for the session's
 * map.
 */
static struct said run_without_map(const char *options, unsigned int *least_kb)
{
	struct said said = { .status = -1 };
	unsigned int kb;

	for (kb = 256; kb < 65536; kb += 256) {
		said = shell("ulimit -v %u; exec urt run %s -- sh -c '"
			     "setsid sleep 1000 >/dev/null 2>&1 & exit 3'",
			     kb, options);
		if (said.status == 3)
			break;
		said_free(&said);
	}
	expect(said.status == 3 && strstr(said.err, "cannot see what is running"),
	       "%u KiB: %d, %s", kb, said.status, said.err);
	note("with %u KiB", kb);
	*least_kb = kb;
	return said;
}

TEST(urt_run_blind, "urt run without a map says in every report that it cannot see what runs on",
     .params = "max_per_user=65536", .limit = 300)
{
	unsigned int kb;
	struct said said = run_without_map("-o /tmp/blind", &kb);

	expect(strstr(slurp("/tmp/blind"), "more may be running"), "%s",
	       slurp("/tmp/blind"));
	said_free(&said);
	said = run_without_map("--json --each -o /tmp/blind "
			       "--html /tmp/blind.html", &kb);
	expect(json_is_null(json_object_get(parse_json(slurp("/tmp/blind")),
					    "unseen")) &&
	       strstr(slurp("/tmp/blind.html"), "More may be running"), "%s",
	       slurp("/tmp/blind"));
	said_free(&said);
	/* The picture must say what the report says. */
	said = shell("urt report --svg /tmp/blind.svg /tmp/blind");
	expect(!said.status &&
	       strstr(slurp("/tmp/blind.svg"), "More may be running"), "%s",
	       said.err);
	said_free(&said);
	said = run_without_map("--csv -o /tmp/blind", &kb);
	expect(strstr(slurp("/tmp/blind"), "\nunseen,,,"), "%s",
	       slurp("/tmp/blind"));
	said_free(&said);
	/* If no process runs on, nothing is missing. */
	said = shell("ulimit -v %u; exec urt run --json -o /tmp/blind -- true", kb);
	expect(!said.status &&
	       number(parse_json(slurp("/tmp/blind")), "processes") == 1 &&
	       !number(parse_json(slurp("/tmp/blind")), "unseen"), "%s",
	       slurp("/tmp/blind"));
}

/* --- signals --- */

/* Starts urt with that command. Returns once the command runs. */
static pid_t start_urt(const char *command)
{
	char *argv[] = { "urt", "run", "-o", "/tmp/report", "--", "sh", "-c",
			 NULL, NULL };
	pid_t pid;

	unlink("/tmp/started");
	must(asprintf(&argv[7], "%s", command) > 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		execvp(argv[0], argv);
		_exit(99);
	}
	wait_until(!access("/tmp/started", F_OK), 10000, "it does not start");
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

TEST(urt_run_signals, "the command, not urt, decides on signals")
{
	static const int passed[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
	int status;
	size_t i;
	pid_t pid;

	for (i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
		pid = start_urt("echo $$ >/tmp/started; exec sleep 1000");
		kill(pid, passed[i]);
		status = status_of(pid);
		expect(status == 128 + passed[i], "%d: %d", passed[i], status);
		expect(strstr(slurp("/tmp/report"), "real"), "no report");
	}
	/* On a terminal, signals reach both. */
	pid = start_urt("trap 'exit 9' TERM; echo $$ >/tmp/started; "
			"while :; do sleep 0.01; done");
	kill(pid, SIGINT);
	kill(pid, SIGQUIT);
	kill(pid, SIGTERM);
	status = status_of(pid);
	expect(status == 9, "%d", status);
}

TEST(urt_run_nohup, "under nohup, hanging up ends neither urt nor the command")
{
	pid_t pid;
	int status;

	signal(SIGHUP, SIG_IGN);
	pid = start_urt("touch /tmp/started; "
			"until [ -e /tmp/go ]; do sleep 0.01; done; exit 4");
	kill(pid, SIGHUP);
	must(close(creat("/tmp/go", 0600)) == 0);
	status = status_of(pid);
	unlink("/tmp/go");
	expect(status == 4, "%d", status);
}

TEST(urt_run_terminal, "Ctrl-C reaches the command, and urt still reports")
{
	int status;
	char *text = on_terminal("urt run -- sh -c 'kill -INT 0; sleep 1000'; "
				 "echo status $?", &status);

	/* The signal hits the shell around as well. Only the report counts. */
	expect(strstr(text, "SIGINT") && strstr(text, "real"), "%s", text);
}

TEST(urt_run_killed, "urt killed by SIGKILL leaves nothing behind")
{
	pid_t pid = start_urt("sleep 1000 & sleep 1000 & echo $$ >/tmp/started; "
			      "sleep 1000");
	pid_t command = atoi(slurp("/tmp/started"));

	expect(!stat_header().processes, "%s", slurp(STAT));
	expect(unload() != 0, "the module is not in use");
	kill(pid, SIGKILL);
	expect(status_of(pid) == 1000 + SIGKILL, "it did not die");
	wait_until(!unload(), 5000, "the module is still in use");
	expect(!kill(command, 0), "the command has died with it");
}

/* --- a terminal --- */

static int count_of(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

#define CLEAR "\r\033[K"

TEST(urt_run_progress, "--progress draws at most 5 times a second, and cleans up")
{
	uint64_t begin = now_ns();
	int status, drawn, most;
	char *text = on_terminal("urt run --progress -- sh -c '"
				 "for i in 1 2 3 4 5; do sleep 0.4; done'",
				 &status);
	char *last = strstr(text, "real");

	most = (now_ns() - begin) / (200 * MS) + 1;
	drawn = count_of(text, "processes ended");
	expect(!status && drawn >= 3 && drawn <= most, "%d times of %d: %s",
	       drawn, most, text);
	expect(last && !strncmp(last - strlen(CLEAR), CLEAR, strlen(CLEAR)),
	       "not cleared: %s", text);
	text = on_terminal("urt run --progress -- sleep 1 2>/tmp/err", &status);
	expect(!*text && !strstr(slurp("/tmp/err"), "ended"), "%s",
	       slurp("/tmp/err"));
}

TEST(urt_run_colours, "urt run uses colours on a terminal, but not with NO_COLOR")
{
	static const struct {
		const char *command;
		bool coloured;
	} runs[] = {
		{ "urt run true", true },
		{ "NO_COLOR=1 urt run true", false },
		{ "NO_COLOR= urt run true", true },
		{ "TERM=dumb urt run true", false },
		{ "urt run true 2>&1 | cat", false },
		{ "urt run -o /tmp/r true; cat /tmp/r", false },
	};
	char *text;
	int status;
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		text = on_terminal(runs[i].command, &status);
		expect(strstr(text, "real") &&
		       !!strchr(text, '\033') == runs[i].coloured, "%s: %s",
		       runs[i].command, text);
		free(text);
	}
}

/* Seen elsewhere: rows that wrap cannot be told from each other. */
/* Checks the output on a terminal: each row of its table is one line. */
static void expect_narrow(char *text, size_t columns)
{
	char *line, *save;
	int rows = 0;

	for (line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		if (!strstr(line, "name") && !strstr(line, "a-nam"))
			continue;
		rows++;
		expect(strlen(line) <= columns + strlen("…") - 1, "%s", line);
	}
	expect(rows >= 2, "%d rows", rows);
}

#define IN_BACKGROUND "/tmp/a-name-that-is 9 & " \
		      "until grep -q a-name /proc/$!/comm; do :; done; "

TEST(urt_run_narrow, "on a narrow terminal each row is a line, and in a pipe names are whole")
{
	static const char *const commands[] = {
		"urt run -- /tmp/a-name-that-is",
		"urt run --each -- /tmp/a-name-that-is",
		IN_BACKGROUND "urt stat -p $! 0.2 2; kill $!",
		IN_BACKGROUND "urt runtime $!; kill $!",
		IN_BACKGROUND "urt add $!; urt list; kill $!",
	};
	char command[192];
	struct said said;
	int status;
	size_t i;

	make_file("/tmp/a-name-that-is", "#!/bin/sh\nsleep ${1-0}\n");
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		snprintf(command, sizeof(command),
			 "export NO_COLOR=1; stty cols 30; %s", commands[i]);
		expect_narrow(on_terminal(command, &status), 30);
		said = shell("%s", commands[i]);
		expect(strstr(said.out, " a-name-that-is") ||
		       strstr(said.err, " a-name-that-is"), "%s: %s%s",
		       commands[i], said.out, said.err);
		said_free(&said);
	}
}

TEST(urt_run_names, "a name cannot control the terminal, nor break a format")
{
	struct said said;
	json_t *report;

	make_file("/tmp/a\033[2J\",\n\\b", "#!/bin/sh\n:\n");
	said = shell("urt run -- /tmp/a*");
	expect(!strchr(said.err, '\033') &&
	       strstr(said.err, "a\\033[2J\",\\012\\134b"), "%s", said.err);
	said = shell("urt run --csv -- /tmp/a*");
	expect(strstr(said.err, ",\"a\\033[2J\"\",\\012\\134b\",0\n"), "%s",
	       said.err);
	said = shell("urt run --json -- /tmp/a*");
	report = parse_json(said.err);
	expect(row_with(report, "name", "a\\033[2J\",\\012\\134b"), "%s",
	       said.err);
	unlink("/tmp/a\033[2J\",\n\\b");
}

/* --- failures --- */

TEST(urt_run_unregistered, "a command that cannot be registered does not run",
     .params = "max_processes=1")
{
	struct said said;

	registers("%d", getpid());
	said = shell("urt run -- touch /tmp/it-ran");
	expect(said.status == 125 && strstr(said.err, "max_processes"),
	       "%d: %s", said.status, said.err);
	expect(access("/tmp/it-ran", F_OK), "it ran");
}

static void run_over_quota(void *unused)
{
	struct said said = shell("urt run --json -- sh -c '"
				 "sleep 0.5 & sleep 0.5 & sleep 0.5 & wait'");
	json_t *report = parse_json(said.err);

	expect(!said.status && number(report, "processes") == 2 &&
	       number(report, "missed") == 2, "%s", said.err);
	said = shell("urt run -- sh -c 'sleep 0.5 & sleep 0.5 & sleep 0.5 & wait'");
	expect(strstr(said.err, "missed") && strstr(said.err, "quota"), "%s",
	       said.err);
}

TEST(urt_run_missed, "urt run reports processes beyond the quota",
     .params = "max_per_user=2")
{
	in_user(1000, run_over_quota, NULL);
}

static void run_over_sessions(void *unused)
{
	struct said said = shell("urt run -- urt run -- touch /tmp/it-ran");

	expect(said.status == 125 && strstr(said.err, "max_sessions"), "%d: %s",
	       said.status, said.err);
}

TEST(urt_run_sessions, "more sessions than the quota allows are a clear error",
     .params = "max_sessions=1")
{
	in_user(1000, run_over_sessions, NULL);
}
