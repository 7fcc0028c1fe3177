// SPDX-License-Identifier: MIT
/* --all: every process that is visible here. */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "common.h"

#define PIDS_MAX 1000

static unsigned int list_pids(pid_t *pids)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;

	must(proc);
	while ((entry = readdir(proc))) {
		if (atoi(entry->d_name) > 0 && n < PIDS_MAX)
			pids[n++] = atoi(entry->d_name);
	}
	closedir(proc);
	return n;
}

TEST(urt_all, "--all has each process of the machine, kernel threads included")
{
	pid_t pids[PIDS_MAX];
	unsigned int i, n = list_pids(pids);
	struct said said = shell("urt stat --all --json");
	json_t *report = parse_json(said.out);
	char path[40];

	expect(!said.status, "%d, %s", said.status, said.err);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/%d", pids[i]);
		expect(row_of_pid(report, pids[i]) || access(path, F_OK),
		       "%s is not in %s", path, said.out);
	}
	expect(row_with(report, "name", "kthreadd") && row_of_pid(report, 1) &&
	       row_of_pid(report, getpid()), "%s", said.out);
	said_free(&said);
}

static void ask_as_user(void *arg)
{
	struct said said = shell("urt stat --all");

	(void)arg;
	expect(said.status == 1 && strstr(said.err, "CAP_SYS_PTRACE"),
	       "%d, %s", said.status, said.err);
	said_free(&said);
}

TEST(urt_all_user, "--all says which right it needs")
{
	in_user(1000, ask_as_user, NULL);
}

/* --- in a container --- */

struct container {
	volatile int asked, entered;	/* processes from outside */
	volatile int done;
};

static unsigned int named(const char *path, const char *name)
{
	struct said said = shell("grep -c %s %s", name, path);
	unsigned int n = (unsigned int)atoi(said.out);

	said_free(&said);
	return n;
}

static void mount_own_proc(void)
{
	must(getpid() == 1 && !unshare(CLONE_NEWNS));
	must(!mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	must(!mount("proc", "/proc", "proc", 0, NULL));
}

/*
 * The container's PID 1. One process comes in before it looks, one while it
 * looks.
 */
static void look_around(void *arg)
{
	struct container *c = arg;
	struct said said;
	json_t *report;

	mount_own_proc();
	c->asked = 1;
	wait_until(c->entered == 1, 10000, "nobody comes in");
	said = shell("urt stat --all --json");
	report = parse_json(said.out);
	expect(!said.status && row_with(report, "name", "entered") &&
	       row_of_pid(report, 1) && !row_with(report, "name", "kthreadd"),
	       "%s%s", said.out, said.err);
	said_free(&said);
	said = shell("mkdir -p /tmp/all; "
		     "urt stat --all 1 >/tmp/all/stat 2>&1 & "
		     "urt exporter --all --interval 1 --textfile /tmp/all "
		     ">/dev/null 2>&1 &");
	said_free(&said);
	wait_until(named("/tmp/all/stat", "entered") &&
		   named("/tmp/all/urt.prom", "entered"), 20000,
		   "stat says:\n%s\nexporter:\n%s", slurp("/tmp/all/stat"),
		   slurp("/tmp/all/urt.prom"));
	c->asked = 2;
	wait_until(named("/tmp/all/stat", "latecomer") &&
		   named("/tmp/all/urt.prom", "latecomer"), 20000, "%s",
		   slurp("/tmp/all/stat"));
	c->done = 1;
}

/* A child of an outside process, which is not visible inside. */
static void come_in(void *arg)
{
	struct container *c = arg;

	prctl(PR_SET_NAME, c->asked == 1 ? "entered" : "latecomer");
	c->entered = c->asked;
	sleep_forever();
}

/* The init of the namespace ends after the processes that we must reap. */
static void expect_success(pid_t pid)
{
	int status, init_status = -1;
	pid_t ended;

	while ((ended = wait(&status)) > 0) {
		if (ended == pid)
			init_status = status;
	}
	expect(WIFEXITED(init_status) && !WEXITSTATUS(init_status),
	       "status %#x", init_status);
}

TEST(urt_all_inside, "in a container, --all includes processes that come in from outside",
     .limit = 300)
{
	struct container *c = share(sizeof(*c));
	pid_t pid;
	int i;

	must(!unshare(CLONE_NEWPID));
	pid = child(look_around, c);
	for (i = 1; i <= 2; i++) {
		wait_until(c->asked == i || c->done, 60000, "it does not ask");
		if (!c->done)
			child(come_in, c);
	}
	expect_success(pid);
}

#define GUEST "/tmp/guest/urt.prom"

static bool told(const char *line)
{
	char *text = slurp(GUEST);
	bool is = strstr(text, line);

	free(text);
	return is;
}

/*
 * PID 1, an ordinary user. Processes that come in may be followed, but not as
 * trees.
 */
static void follow_guest(void *arg)
{
	struct container *c = arg;
	struct said said;
	uint64_t seen;

	mount_own_proc();
	said = shell("mkdir -p /tmp/guest; chmod 777 /tmp/guest");
	said_free(&said);
	must(!setresgid(1000, 1000, 1000) && !setresuid(1000, 1000, 1000));
	said = shell("urt exporter -C guest --all --interval 0.2 "
		     "--textfile /tmp/guest >/dev/null 2>&1 &");
	said_free(&said);
	wait_until(!access(GUEST, R_OK), 20000, "no exporter");
	c->asked = 1;
	wait_until(told("\nurt_processes{comm=\"guest\"} 1\n"), 20000, "%s",
		   slurp(GUEST));
	/* Some looks later, it is still not followed as a tree. */
	seen = now_ns();
	wait_until(now_ns() > seen + 2 * SEC, 20000, "no time passes");
	expect(told("\nurt_exporter_unseen_processes 1\n") &&
	       told("\nurt_up 0\n"), "%s", slurp(GUEST));
	c->asked = 2;
	wait_until(told("\nurt_processes{comm=\"offspring\"} 1\n") &&
		   told("\nurt_exporter_unseen_processes 0\n") &&
		   told("\nurt_up 1\n"), 20000, "%s", slurp(GUEST));
	c->done = 1;
}

static void be_offspring(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "offspring");
	sleep_forever();
}

static void be_guest(void *arg)
{
	struct container *c = arg;

	prctl(PR_SET_NAME, "guest");
	wait_until(c->asked == 2, 60000, "nobody asks");
	must(!setresgid(1000, 1000, 1000) && !setresuid(1000, 1000, 1000));
	child(be_offspring, NULL);
	sleep_forever();
}

TEST(urt_all_upgrade, "in a container, --all makes a tree of a process registered by its name",
     .limit = 300)
{
	struct container *c = share(sizeof(*c));
	pid_t pid;

	must(!unshare(CLONE_NEWPID));
	pid = child(follow_guest, c);
	wait_until(c->asked, 60000, "it does not ask");
	child(be_guest, c);
	expect_success(pid);
}
