// SPDX-License-Identifier: MIT
/* urt add, remove, list and wait; and urt itself. */
#include "common.h"

TEST(urt_list, "urt list shows what stat says of the same generation",
     .params = "interval_ms=3600000")
{
	pid_t a = sleeper(), b = sleeper();
	struct said said, text;
	json_t *report, *row;
	struct row r;
	size_t i;

	said = shell("urt add %d %d", a, b);
	expect(!said.status && !*said.out && !*said.err, "%d: %s", said.status,
	       said.err);
	said = shell("urt list --json");
	report = parse_json(said.out);
	expect(number(report, "generation") == generation() &&
	       number(report, "interval_ms") == 3600000 &&
	       json_array_size(json_object_get(report, "processes")) == 2, "%s",
	       said.out);
	json_array_foreach(json_object_get(report, "processes"), i, row) {
		must(stat_row(i ? b : a, &r));
		expect(number(row, "pid") == (uint64_t)r.pid &&
		       number(row, "user_ns") == r.utime &&
		       number(row, "sys_ns") == r.stime &&
		       number(row, "start_ns") == r.start &&
		       number(row, "ppid") == (uint64_t)r.ppid &&
		       !strcmp(string(row, "name"), r.comm), "%s, %s", said.out,
		       slurp(STAT));
	}
	said = shell("urt list --csv");
	text = shell("urt list");
	expect(strstr(said.out, ",tests\n") && strstr(text.out, "  tests\n") &&
	       strstr(text.out, "PID"), "%s%s", said.out, text.out);
}

TEST(urt_add, "urt add registers processes and trees, and urt remove unregisters them")
{
	pid_t a = sleeper();
	struct said said;

	/* A child is a shell until it has become sleep. */
	said = shell("sleeps() { urt list --csv | grep -c ,sleep$; }; n=0; "
		     "sleep 1000 & urt add --tree $$; sleep 1000 & "
		     "until [ $(sleeps) = 2 ] || [ $n = 200 ]; do "
		     "n=$((n + 1)); done; sleeps");
	expect(atoi(said.out) == 2, "%s %s", said.out, said.err);
	said = shell("urt add %d 99999 && echo yes", a);
	expect(said.status == 1 && strstr(said.err, "process 99999") &&
	       listed(a, NULL), "%d: %s", said.status, said.err);
	said = shell("urt remove %d 99999", a);
	expect(said.status == 1 && strstr(said.err, "99999 is not registered") &&
	       !listed(a, NULL), "%d: %s", said.status, said.err);
	said = shell("urt remove --all && urt list");
	expect(!said.status && !*slurp(STATUS) && !*said.out &&
	       strstr(said.err, "nothing is registered"), "%s", slurp(STATUS));
}

static void remove_foreign(void *pid)
{
	struct said said = shell("urt remove %d", *(pid_t *)pid);

	expect(said.status == 1 && strstr(said.err, "yours"), "%d: %s",
	       said.status, said.err);
	said = shell("urt remove --all");
	expect(!said.status && listed(*(pid_t *)pid, NULL), "%d: %s",
	       said.status, said.err);
}

TEST(urt_remove_foreign, "urt remove leaves other users' registrations")
{
	pid_t pid = sleeper();

	registers("%d", pid);
	in_user(1000, remove_foreign, &pid);
}

/* --- wait --- */

TEST(urt_wait, "urt wait waits for processes that are no children, and says how they end")
{
	struct said said = shell("sleep 1000 & p=$!; (sleep 0.3; kill -KILL $p) & "
				 "sh -c 'sleep 0.2; exit 5' & q=$!; "
				 "sh -c 'exec urt wait '$p' '$q; "
				 "echo status $?");

	expect(strstr(said.out, "SIGKILL") && strstr(said.out, "status 0") &&
	       strstr(said.out, "        5 "), "%s %s", said.out, said.err);
	expect(strstr(said.out, "  sleep\n") && strstr(said.out, "  sh\n"), "%s",
	       said.out);
}

TEST(urt_wait_gone, "urt wait names a process that does not exist, and waits for the others")
{
	struct said said = shell("sleep 0.3 & urt wait 99999 $!");

	expect(said.status == 1 && strstr(said.err, "process 99999") &&
	       strstr(said.out, "  sleep\n"), "%d: %s %s", said.status, said.out,
	       said.err);
	said = shell("urt wait 99999");
	expect(said.status == 1 && !*said.out, "%d: %s", said.status, said.out);
}

TEST(urt_wait_limit, "urt wait --any ends with the first process, --timeout with status 3")
{
	struct said said = shell("sleep 1000 & sleep 5 & "
				 "urt wait --any $! $(pidof sleep)");

	expect(!said.status && strstr(said.out, "  sleep\n"), "%d: %s",
	       said.status, said.err);
	said = shell("sleep 1000 & urt wait -t 0.2 $!");
	expect(said.status == 3, "%d: %s", said.status, said.err);
	said = shell("sleep 1000 & urt wait -t 0 $!");
	expect(said.status == 3, "%d: %s", said.status, said.err);
}

/* --- all subcommands --- */

TEST(urt_usage, "every command names wrong usage, and exits with 2")
{
	static const struct ending endings[] = {
		{ "", 2, "which command?" },
		{ "fly", 2, "no command 'fly'" },
		{ "add", 2, "which processes?" },
		{ "add -1", 2, "invalid option" },
		{ "add 12a", 2, "'12a' is not a process's number" },
		{ "add 0", 2, "'0' is not a process's number" },
		{ "remove", 2, "which processes?" },
		{ "remove --all 1", 2, "either" },
		{ "list all", 2, "'all' is not an option" },
		{ "wait", 2, "for which" },
		{ "wait -t 0.0001 1", 2, "'0.0001' is not a number of seconds" },
		{ "wait x", 2, "'x' is not a process's number" },
		{ NULL }
	};

	expect_endings("urt", endings);
}

static const char *const commands[] = {
	"run true", "stat -p 1", "stat", "wait 1", "add 1", "remove 1", "list",
};

TEST(urt_help, "every command explains itself, with examples and exit status")
{
	struct said said;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		said = shell("urt %.*s --help",
			     (int)strcspn(commands[i], " "), commands[i]);
		expect(!said.status && strstr(said.out, "Examples:") &&
		       strstr(said.out, "Exit status:"), "%s", said.out);
		said_free(&said);
	}
	said = shell("urt --version");
	expect(!said.status && !strncmp(said.out, "urt ", 4), "%s", said.out);
}

TEST(urt_not_loaded, "without the module every command says how to load it")
{
	struct said said;
	size_t i;

	must(!unload());
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		said = shell("urt %s", commands[i]);
		expect(said.status == (i ? 1 : 125) && !*said.out &&
		       strstr(said.err, "not loaded: sudo modprobe usertime"),
		       "%s: %d, %s", commands[i], said.status, said.err);
		said_free(&said);
	}
}

TEST(urt_quota, "every command says that the quota is used up",
     .params = "max_processes=1")
{
	static const char *const full[] = {
		"add 1", "wait 1", "stat -p 1", "stat -C init",
	};
	struct said said;
	size_t i;

	registers("%d", getpid());
	for (i = 0; i < sizeof(full) / sizeof(*full); i++) {
		said = shell("urt %s", full[i]);
		expect(said.status == 1 && strstr(said.err, "max_processes"),
		       "%s: %d, %s", full[i], said.status, said.err);
		said_free(&said);
	}
}

/* Seen elsewhere: one limit that is reached fills a screen with the same line. */
#define SEVEN 7

static void seven_are_one(void *unused)
{
	static const char *const asked[] = {
		"urt stat -p %s 0.1 1", "urt stat -C tests 0.1 1",
		"urt add $(echo %s | tr , ' ')", "urt add -C tests",
	};
	char numbers[SEVEN * 12] = "", command[128];
	struct said said;
	size_t i;

	for (i = 0; i < SEVEN; i++)
		sprintf(numbers + strlen(numbers), "%s%d", i ? "," : "",
			sleeper());
	for (i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		snprintf(command, sizeof(command), asked[i], numbers);
		said = shell("%s", command);
		expect(said.status == 1 && strstr(said.err, "max_per_user") &&
		       strstr(said.err, " more: ") &&
		       lines_of(strdup(said.err)) == 1, "%s: %d, %s", command,
		       said.status, said.err);
		said_free(&said);
	}
}

TEST(urt_quota_once, "a full quota is one message of a command, not one for each process",
     .params = "max_per_user=3")
{
	in_user(1000, seven_are_one, NULL);
}
