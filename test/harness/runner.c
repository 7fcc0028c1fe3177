// SPDX-License-Identifier: MIT
/*
 * Runs the tests in the guest and prints TAP.
 *
 *	tests --list		a line each: name, boot, claim
 *	tests BOOT [short | all | full] [NAME,NAME...]
 *	tests BOOT mutants	as /mutants/plan says
 *
 * In the environment: URT_TEST_SHARE=I/N runs every Nth of these tests from the
 * Ith on.
 */
#define _GNU_SOURCE
#include <fnmatch.h>

#include "lib.h"
#include "runner.h"
#include "tap.h"

static struct test *tests;

void test_add(struct test *test)
{
	struct test **at = &tests;

	while (*at && strcmp((*at)->name, test->name) < 0)
		at = &(*at)->next;
	test->next = *at;
	*at = test;
}

/* Return: the exit status of the test's process, which may have been killed. */
static int run_process(const struct test *test)
{
	unsigned int limit = (test->limit ? test->limit : 60) * patience;
	uint64_t until = now_ns() + limit * SEC;
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		test->run();
		exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		if (now_ns() > until) {
			printf("# no end within %u s\n", limit);
			break;
		}
		nap();
	}
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	/* Settings of the system that tests change. */
	spit("/proc/sys/kernel/pid_max", "32768");
	return status;
}

static bool unload_soon(void)
{
	uint64_t until = now_ns() + limit_ns(5000);
	int err;

	while ((err = unload()) && err != ENOENT) {
		if (now_ns() > until) {
			printf("# rmmod: %s\n", strerror(err));
			return false;
		}
		nap();
	}
	return true;
}

static bool run_test(const struct test *test)
{
	const char *params = test->params ? test->params : "interval_ms=200";
	int status, err = load(params);
	uint64_t begin = now_ns();
	const char *end = "";
	char claim[256];
	bool ok;

	log_expect_faults(test->faults);
	if (err) {
		printf("# insmod %s: %s\n", params, strerror(err));
		status = -1;
	} else {
		status = run_process(test);
	}
	ok = status == 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
		end = " # SKIP";
		ok = true;
	} else if (WIFSIGNALED(status)) {
		printf("# killed by signal %d\n", WTERMSIG(status));
	}
	ok &= unload_soon();
	ok &= !debug_leaks();
	ok &= !log_read(true);
	snprintf(claim, sizeof(claim), "%s: %s%s", test->name, test->claim, end);
	tap(ok, claim, NULL);
	note("%.1f s", (now_ns() - begin) / 1e9);
	fflush(stdout);
	return ok;
}

/* The guest "counted" has all tests that one CPU can run. */
static bool belongs(const struct test *test, const char *boot)
{
	if (strcmp(boot, "counted"))
		return test->boot && !strcmp(test->boot, boot);
	return !test->boot || strcmp(test->boot, "nohz");
}

static bool how_has(const struct test *test, const char *how)
{
	return (!test->slow || strcmp(how, "short")) &&
	       (!test->full || !strcmp(how, "full"));
}

/*
 * Commas separate the names. Without names, all tests are wanted. A pattern of
 * the shell names only tests that would run without names.
 */
static bool wanted(const struct test *test, const char *boot, const char *how,
		   const char *names)
{
	char name[64];
	size_t len;

	if (!belongs(test, boot))
		return false;
	if (!names)
		return how_has(test, how);
	for (; *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		if (!strcmp(test->name, name) ||
		    (how_has(test, how) && !fnmatch(name, test->name, 0)))
			return true;
	}
	return false;
}

/*
 * Marks the tests that this guest runs, because several guests may share them.
 * Return: how many.
 */
static int choose(const char *boot, const char *how, const char *names)
{
	const char *share = getenv("URT_TEST_SHARE");
	int first = 1, of = 1, all = 0, ours = 0;

	must(!share || sscanf(share, "%d/%d", &first, &of) == 2);
	for (struct test *t = tests; t; t = t->next) {
		t->chosen = wanted(t, boot, how, names) &&
			    all++ % of == first - 1;
		ours += t->chosen;
	}
	return ours;
}

static int list(void)
{
	for (struct test *t = tests; t; t = t->next)
		printf("%-24s %-7s %s\n", t->name, t->boot ? t->boot : "counted",
		       t->claim);
	return 0;
}

/* Return: how many have failed. */
static int run(const char *boot, const char *how, const char *names)
{
	int bad = 0;

	tap_plan(choose(boot, how, names));
	for (struct test *t = tests; t; t = t->next) {
		if (t->chosen)
			bad += !run_test(t);
	}
	return bad + debug_last_leaks();
}

static int run_with(const char *module, const char *boot, const char *how,
		    const char *names)
{
	unlink("/usertime.ko");
	must(!symlink(module, "/usertime.ko"));
	return run(boot, how, names);
}

/*
 * Tries one broken module after the other. A line of the plan has a mutant's
 * name, how many tests run, and their names, if only these run. Its module is
 * /mutants/NAME.ko. Tests that have names run with the whole module first. If
 * they fail without the mutant, then their failing with it proves nothing, and
 * this guest is of no more use.
 */
static int run_mutants(const char *boot)
{
	char *line, *save, name[64], how[16], names[4096], module[128];
	int fields, bad;

	must(!rename("/usertime.ko", "/whole.ko"));
	for (line = strtok_r(slurp("/mutants/plan"), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		fields = sscanf(line, "%63s %15s %4095s", name, how, names);
		must(fields >= 2);
		printf("# mutant: %s whole\n", name);
		if (fields == 3 && run_with("/whole.ko", boot, how, names))
			return 1;
		printf("# mutant: %s broken\n", name);
		fflush(stdout);
		snprintf(module, sizeof(module), "/mutants/%s.ko", name);
		bad = run_with(module, boot, how, fields == 3 ? names : NULL);
		printf("# mutant: %s status %d\n", name, bad);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int bad;
	const char *how, *names;

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "--list"))
		return list();
	how = argc > 2 ? argv[2] : "all";
	names = argc > 3 ? argv[3] : NULL;

	log_open();
	log_read(false);

	if (strcmp(argv[1], "counted")) {
		patience = 10;
		hold_tracepoints();
	}
	if (!strcmp(how, "mutants"))
		return run_mutants(argv[1]);
	bad = run(argv[1], how, names);
	debug_save_coverage();
	if (log_others())
		printf("# KCSAN: %u reports without a function of ours\n",
		       log_others());
	return bad != 0;
}
