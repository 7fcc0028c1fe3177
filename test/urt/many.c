// SPDX-License-Identifier: MIT
/* More processes than max_per_user, which root may register. */
#define _GNU_SOURCE
#include <sys/prctl.h>

#include "crowd.h"
#include "common.h"

#define NAME "crowd"

static void make_crowd(unsigned int n)
{
	prctl(PR_SET_NAME, NAME);
	crowd(calloc(n, sizeof(pid_t)), n);
}

/* urt run starts this program as a command, with this in its environment. */
__attribute__((constructor)) static void be_crowd(void)
{
	const char *n = getenv("URT_TEST_CROWD");

	if (!n)
		return;
	make_crowd((unsigned int)atoi(n));
	_exit(0);
}

static volatile unsigned int *made;

static void hold_crowd(void *arg)
{
	make_crowd(*(unsigned int *)arg);
	*made = 1;
	sleep_forever();
}

static void expect_stat(const char *options, uint64_t n)
{
	struct said said = shell("urt stat --json %s", options);
	json_t *report = parse_json(said.out);

	expect(number(report, "count") == n && !number(report, "unseen") &&
	       json_array_size(rows(report)) == n,
	       "urt stat %s: %ju and %ju unseen, %zu rows", options,
	       (uintmax_t)number(report, "count"),
	       (uintmax_t)number(report, "unseen"),
	       json_array_size(rows(report)));
	json_decref(report);
	said_free(&said);
}

static void expect_list(uint64_t n)
{
	struct said said = shell("urt list --csv | wc -l");

	expect(strtoull(said.out, NULL, 10) == n + 1, "urt list: %s", said.out);
	said_free(&said);
}

static void expect_top(const char *options, uint64_t n)
{
	char command[80], want[40], *text;
	int status;

	snprintf(command, sizeof(command), "timeout -s TERM %d urt top %s",
		 10 * slowness(), options);
	snprintf(want, sizeof(want), "%ju processes", (uintmax_t)n);
	text = on_terminal(command, &status);
	expect(strstr(text, want) && !strstr(text, "not listed"),
	       "urt top %s: no '%s' in %s", options, want, text);
	free(text);
}

static uint64_t metric(const char *name)
{
	struct said said = shell("awk '/^%s[{ ]/ { n += $NF } END { print n + 0 }' "
				 "/tmp/many/urt.prom", name);
	uint64_t value = strtoull(said.out, NULL, 10);

	said_free(&said);
	return value;
}

static void expect_exporter(const char *options, uint64_t n)
{
	struct said said = shell("mkdir -p /tmp/many; urt exporter %s "
				 "--textfile /tmp/many >/dev/null 2>&1 &",
				 options);

	said_free(&said);
	wait_until(!access("/tmp/many/urt.prom", R_OK), 120000, "no file");
	expect(metric("urt_processes") == n &&
	       !metric("urt_exporter_unseen_processes"),
	       "urt exporter %s: %ju and %ju unseen", options,
	       (uintmax_t)metric("urt_processes"),
	       (uintmax_t)metric("urt_exporter_unseen_processes"));
	said = shell("killall -TERM urt");
	said_free(&said);
	wait_until(access("/tmp/many/urt.prom", F_OK), 60000, "it stays");
}

/* The command leaves these processes running. */
static void expect_run(const char *options, unsigned int n)
{
	struct said said = shell("urt run --json %s -o /tmp/run -- "
				 "env URT_TEST_CROWD=%u /bin/tests", options, n);
	json_t *report = parse_json(slurp("/tmp/run"));
	size_t names = *options ? n + 1 : 1;

	expect(!said.status && !number(report, "unseen") &&
	       !number(report, "missed") && number(report, "running") == n &&
	       number(report, "processes") == n + 1ULL &&
	       json_array_size(rows(report)) == names, "urt run %s: %s",
	       options, json_dumps(report, 0));
	expect_sum(report);
	json_decref(report);
	said_free(&said);
	said = shell("killall -KILL " NAME);
	said_free(&said);
}

/* The CPU time of the progress never goes back. All processes are in it. */
static void expect_progress(unsigned int n)
{
	char command[120], want[40], *text, *at;
	double before = 0, seconds;
	int status;

	snprintf(command, sizeof(command),
		 "urt run --progress -o /dev/null -- "
		 "sh -c 'URT_TEST_CROWD=%u /bin/tests; sleep 1'", n);
	/* The shell counts as well. It becomes its last command. */
	snprintf(want, sizeof(want), " %u running, ", n + 1);
	text = on_terminal(command, &status);
	expect(!status && strstr(text, want), "%d, no '%s' in %s", status, want,
	       text);
	for (at = strstr(text, " running, "); at;
	     at = strstr(at + 1, " running, ")) {
		seconds = strtod(at + strlen(" running, "), NULL);
		expect(seconds > 0 && seconds >= before, "%f after %f in %s",
		       seconds, before, text);
		before = seconds;
	}
	free(text);
}

static void all_agree(unsigned int n)
{
	char options[32];
	struct said said;
	pid_t pid;

	crowd_fits(n);
	expect_run("", n);
	made = share(sizeof(*made));
	pid = child(hold_crowd, &n);
	wait_until(*made, 120000, "it takes too long");
	snprintf(options, sizeof(options), "--tree %d", pid);
	expect_stat(options, n + 1ULL);
	expect_top(options, n + 1ULL);
	expect_exporter(options, n + 1ULL);
	said = shell("urt add %s", options);
	expect(!said.status, "%s", said.err);
	expect_list(n + 1ULL);
	expect_stat("", n + 1ULL);
	expect_top("", n + 1ULL);
	expect_exporter("", n + 1ULL);
	said_free(&said);
	said = shell("killall -KILL " NAME);
	said_free(&said);
}

TEST(urt_more, "of 1,501 processes every command shows root all",
     .params = "interval_ms=1000", .limit = 300)
{
	struct said said;

	expect_run("--each", 1500);
	expect_progress(1500);
	said = shell("killall -KILL " NAME);
	said_free(&said);
	all_agree(1500);
}

TEST(urt_many, "of 20,001 processes every command shows root all",
     .params = "interval_ms=1000", .slow = true, .limit = 1200)
{
	all_agree(20000);
}
